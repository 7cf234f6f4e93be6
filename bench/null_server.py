"""Answers every chat request at once: one fixed JSON answer, or a stream of 100 tokens paced by its own clock.

Prints its URL when ready.
"""

from __future__ import annotations

import asyncio
import json
import sys

TOKENS = 100
GAP_S = float(sys.argv[1]) if len(sys.argv) > 1 else 0.010
CLOSING = {
    "id": "a",
    "model": "null",
    "usage": {"input_tokens": 800, "output_tokens": TOKENS},
    "timings": {"generation_ms": 0.1},
}
ANSWER = json.dumps(
    CLOSING | {"contract": "rag-chat/1", "answer": "x" * 400, "citations": [{"passage_id": f"p{k}"} for k in range(6)]}
).encode()
INSTANCE = b"X-Instance-Id: i\r\nX-Instance-Requests: 2\r\nX-Instance-Age-Ms: 9999999\r\n"
WHOLE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + INSTANCE + b"Content-Length: %d\r\n\r\n" % len(ANSWER)
) + ANSWER


def _chunk(event: str, data: object) -> bytes:
    text = f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(text), text)


HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + INSTANCE + b"Transfer-Encoding: chunked\r\n\r\n"
) + _chunk("citations", {"citations": []})
TOKEN = _chunk("token", {"text": " word"})
DONE = _chunk("done", CLOSING) + b"0\r\n\r\n"


class Null(asyncio.Protocol):
    """One request is one head and its body; both come in one or two segments."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.write = transport.write  # type: ignore[attr-defined]
        self.loop = asyncio.get_running_loop()
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n")[0]) if at >= 0 else 0
            if len(self.held) < end + 4 + length:
                return
            body = self.held[end + 4 : end + 4 + length]
            self.held = self.held[end + 4 + length :]
            if b'"stream":true' in body or b'"stream": true' in body:
                self.write(HEAD)
                self.loop.call_later(GAP_S, self.token, 1, self.loop.time() + GAP_S)
            else:
                self.write(WHOLE)

    def token(self, number: int, due: float) -> None:
        self.write(TOKEN)
        if number == TOKENS:
            self.write(DONE)
        else:
            self.loop.call_at(due + GAP_S, self.token, number + 1, due + GAP_S)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Null, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
