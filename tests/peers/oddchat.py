"""A chat API with names of its own, on the standard library alone: neither dialect, streams with its own event names.

python tests/peers/oddchat.py PORT [MILLISECONDS A PIECE, or a file that says so anew for each answer]
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PIECES = ("It ", "is ", "known ", "here ", "and ", "told ", "to ", "whoever ", "asks ", "for ", "it", ".")
PACE = sys.argv[2] if len(sys.argv) > 2 else "5"
SOURCES = [{"ref": "a 1"}, {"ref": "b"}]
SPENT = {"in": 12, "out": len(PIECES)}


def piece_s():
    said = Path(PACE).read_text() if Path(PACE).is_file() else PACE
    return float(said) / 1000


class Odd(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._send(200, {"up": True})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path not in ("/api/ask", "/api/ask/live"):
            return self._send(404, {"fault": {"kind": "no_such_path"}})
        if "question" not in asked:
            return self._send(400, {"fault": {"kind": "no_question"}})
        if self.path == "/api/ask":
            time.sleep(piece_s() * len(PIECES))
            return self._send(200, {"data": {"reply": "".join(PIECES), "sources": SOURCES}, "spent": SPENT})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        each_s = piece_s()
        for piece in PIECES:
            time.sleep(each_s)
            self._event("delta", {"piece": piece})
        self._event("end", {"spent": SPENT, "sources": SOURCES})
        self.wfile.write(b"0\r\n\r\n")
        return None

    def _event(self, name, data):
        text = f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
        self.wfile.flush()

    def _send(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Odd).serve_forever()
