"""The smallest container: a health check, and an answer after as long as it is asked to take."""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

time.sleep(float(os.environ.get("START_S", "0")))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._say({"status": "ok"})

    def do_POST(self):
        ask = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        time.sleep(ask.get("sleep_s", 0))
        if "meets" in ask:  # so many processes are each asked something at the same time
            folder, processes = Path(ask["meets"][0]), ask["meets"][1]
            (folder / str(os.getpid())).touch()
            while len(list(folder.iterdir())) < processes:
                time.sleep(0.01)
        self._say({"pid": os.getpid()})

    def _say(self, body):
        raw = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
