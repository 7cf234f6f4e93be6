"""A gateway in front of a server, with one thing wrong about it."""

import gzip
import http.client
import time
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from tests.peers.serving import Quiet, serving

HOP = {"transfer-encoding", "connection", "content-length"}


class Gateway(Quiet):
    upstream, wrong, after_s = "", "", 0.0

    def answer(self):
        body = self.body() or None
        with closing(http.client.HTTPConnection(urlsplit(self.upstream).netloc)) as connection:
            self._through(connection, body)

    def _through(self, connection, body):
        began = time.monotonic()
        headers = {
            k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "accept-encoding")
        }
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        streams = answer.getheader("content-type", "").startswith("text/event-stream")
        if self.wrong == "timeout" and not streams and time.monotonic() - began > self.after_s:
            return self._whole(504, [("Content-Type", "text/plain")], b"upstream request timeout")
        kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP]
        if self.wrong == "no headers":
            kept = [(k, v) for k, v in kept if not k.lower().startswith("x-")]
        if not streams or self.wrong == "buffering":
            return self._whole(answer.status, kept, answer.read())
        return self._stream(answer, kept, began)

    def _stream(self, answer, kept, began):
        self.send_response(answer.status)
        for name, value in kept:
            self.send_header(name, value)
        if self.wrong == "compressed":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.wrong == "compressed":
            self._chunk(gzip.compress(answer.read()))
        else:
            while data := answer.read1(65536):
                if self.wrong == "timeout" and time.monotonic() - began > self.after_s:
                    self.close_connection = True
                    return
                self._chunk(data)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _whole(self, status, headers, data):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def gateway(upstream, wrong, after_s=0.1):
    """The base URL of a gateway with that one thing wrong."""
    made = type("Wrong", (Gateway,), {"upstream": upstream, "wrong": wrong, "after_s": after_s})
    with serving(made) as url:
        yield url
