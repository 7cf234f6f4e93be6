"""The limit: the same schedule with nothing but gevent sockets and llhttp, answers parsed, nothing recorded."""

from __future__ import annotations

import sys
from time import perf_counter
from urllib.parse import urlsplit

import gevent
import httptools
from gevent import socket

url, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
parts = urlsplit(url)
BODY = b'{"messages":[{"role":"user","content":"ping"}],"stream":false,"max_tokens":512,"top_k":6}'
REQUEST = (
    f"POST /v1/chat HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
).encode() + BODY
free: list[socket.socket] = []


class Done:
    complete = False

    def on_message_complete(self) -> None:
        self.complete = True


def slot(arrivals: list[float], began: float) -> None:
    while arrivals:
        due = arrivals.pop()
        gevent.sleep(max(0.0, began + due - perf_counter()))
        connection = free.pop() if free else socket.create_connection((parts.hostname, parts.port))
        connection.sendall(REQUEST)
        done = Done()
        parser = httptools.HttpResponseParser(done)
        while not done.complete:
            parser.feed_data(connection.recv(65536))
        free.append(connection)


count = int(rate * seconds)
schedule = [k / rate for k in range(count)][::-1]
start = perf_counter() + 0.2
gevent.joinall([gevent.spawn(slot, schedule, start) for _ in range(50)])
