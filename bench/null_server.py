"""Answers every chat request at once with one fixed JSON answer; prints its URL when ready."""

from __future__ import annotations

import asyncio
import json

ANSWER = json.dumps(
    {
        "id": "a",
        "model": "null",
        "contract": "rag-chat/1",
        "answer": "x" * 400,
        "citations": [{"passage_id": f"p{k}"} for k in range(6)],
        "usage": {"input_tokens": 800, "output_tokens": 100},
        "timings": {"generation_ms": 0.1},
    }
).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Instance-Id: i\r\nX-Instance-Requests: 2\r\n"
WHOLE = HEAD + b"X-Instance-Age-Ms: 9999999\r\nContent-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER


class Null(asyncio.Protocol):
    """One request is one head and its body; both come in one or two segments."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n")[0]) if at >= 0 else 0
            if len(self.held) < end + 4 + length:
                return
            self.held = self.held[end + 4 + length :]
            self.transport.write(WHOLE)  # type: ignore[attr-defined]


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Null, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
