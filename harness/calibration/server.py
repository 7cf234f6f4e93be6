"""``python -m harness.calibration.server LAW JSON PID``: answers the contract by a known law; prints its URL when ready.

It ends with its parent, the process PID.

Laws: ``null`` at once, ``stall``, ``sleep`` (exponential, independent), ``queue`` (one server, FIFO), ``stream``.
Service times come from a seeded list in the order of arrival.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from random import Random
from typing import Any

POLL_S = 0.5
CLOSING: dict[str, Any] = {"id": "a", "model": "law", "usage": {"input_tokens": 10, "output_tokens": 1}, "timings": {}}
ANSWER = json.dumps(CLOSING | {"answer": "x", "citations": []}).encode()
META = json.dumps({"contract": "rag-chat/1", "model": "law", "runtime": {}}).encode()
INSTANCE = b"X-Instance-Id: law\r\nX-Instance-Requests: 2\r\nX-Instance-Age-Ms: 99999999\r\n"


def _whole(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + INSTANCE
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _chunk(event: str, data: object) -> bytes:
    text = f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(text), text)


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + INSTANCE + b"Transfer-Encoding: chunked\r\n\r\n"
) + _chunk("citations", {"citations": []})
TOKEN = _chunk("token", {"text": " x"})
DONE = _chunk("done", CLOSING) + b"0\r\n\r\n"


class Law:
    """When an answer that is asked for now is due, on the loop's clock."""

    def __init__(self, name: str, parameters: dict[str, float]) -> None:
        self._parameters = parameters
        self._rng = Random(int(parameters.get("seed", 1)))
        self._free_at = 0.0
        self.due: Callable[[float], float] = getattr(self, f"_{name}")

    def _null(self, now: float) -> float:
        return now

    def _stream(self, now: float) -> float:
        return now + self._parameters["ttft_s"]

    def _stall(self, now: float) -> float:
        every, stall = self._parameters["every_s"], self._parameters["stall_s"]
        phase = now % every
        held = every - phase if phase >= every - stall else 0.0
        return now + held + self._parameters["service_s"]

    def _sleep(self, now: float) -> float:
        return now + self._rng.expovariate(1 / self._parameters["mean_s"])

    def _queue(self, now: float) -> float:
        self._free_at = max(now, self._free_at) + self._rng.expovariate(self._parameters["rate_mu"])
        return self._free_at


class Door(asyncio.Protocol):
    """One connection; requests come one at a time."""

    def __init__(self, law: Law, parameters: dict[str, float]) -> None:
        self._law = law
        self._gap_s = parameters.get("gap_s", 0.0)
        self._tokens = int(parameters.get("tokens", 1))
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n")[0]) if at >= 0 else 0
            if len(self._held) < end + 4 + length:
                return
            body, self._held = self._held[end + 4 : end + 4 + length], self._held[end + 4 + length :]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"get"):
            self._transport.write(_whole(META))
            return
        due = self._law.due(self._loop.time())
        streamed = b'"stream":true' in body.replace(b" ", b"")
        if streamed:
            self._transport.write(STREAM_HEAD)
            self._loop.call_at(due, self._token, 1, due)
        elif due <= self._loop.time():
            self._transport.write(_whole(ANSWER))
        else:
            self._loop.call_at(due, self._transport.write, _whole(ANSWER))

    def _token(self, number: int, due: float) -> None:
        self._transport.write(TOKEN)
        if number >= self._tokens:
            self._transport.write(DONE)
        else:
            self._loop.call_at(due + self._gap_s, self._token, number + 1, due + self._gap_s)


async def serve(name: str, parameters: dict[str, float], parent: int) -> None:
    """Until its parent is gone, on a free port of this machine alone."""
    law = Law(name, parameters)
    server = await asyncio.get_running_loop().create_server(lambda: Door(law, parameters), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        while os.getppid() == parent:
            await asyncio.sleep(POLL_S)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])))
