"""The limit: the same schedule with nothing but gevent sockets and llhttp, answers parsed, nothing recorded.

Of a stream it notes when the first token came and prints the p50 and p99 over all, from the intended send.
"""

from __future__ import annotations

import sys
from time import perf_counter
from urllib.parse import urlsplit

import gevent
import httptools
from gevent import socket

url, rate, seconds, mode, slots = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4], int(sys.argv[5])
parts = urlsplit(url)
STREAM = mode == "stream"
BODY = b'{"messages":[{"role":"user","content":"ping"}],"stream":%s,"max_tokens":512,"top_k":6}' % (
    b"true" if STREAM else b"false"
)
REQUEST = (
    f"POST /v1/chat HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
).encode() + BODY
free: list[socket.socket] = []
first_tokens: list[float] = []


class Done:
    complete = False
    now = first = 0.0

    def on_message_complete(self) -> None:
        self.complete = True


class Streamed(Done):
    def on_body(self, data: bytes) -> None:
        if not self.first and data.startswith(b"event: token"):
            self.first = self.now


def slot(arrivals: list[float], began: float) -> None:
    while arrivals:
        due = began + arrivals.pop()
        gevent.sleep(max(0.0, due - perf_counter()))
        connection = free.pop() if free else socket.create_connection((parts.hostname, parts.port))
        connection.sendall(REQUEST)
        done = Streamed() if STREAM else Done()
        parser = httptools.HttpResponseParser(done)
        while not done.complete:
            data = connection.recv(65536)
            done.now = perf_counter()
            parser.feed_data(data)
        free.append(connection)
        if STREAM:
            first_tokens.append(done.first - due)


count = int(rate * seconds)
schedule = [k / rate for k in range(count)][::-1]
start = perf_counter() + 0.2
gevent.joinall([gevent.spawn(slot, schedule, start) for _ in range(slots)])
if first_tokens:
    first_tokens.sort()
    print(first_tokens[len(first_tokens) // 2], first_tokens[int(len(first_tokens) * 0.99)])
