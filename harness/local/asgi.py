"""Small ASGI pieces that both front doors use."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any

import uvicorn

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

MAX_REQUEST = 6 * 1024 * 1024
HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade", b"proxy-connection"}
)


class TooLarge(Exception):
    """A body is larger than the platform takes."""


class Disconnected(Exception):
    """The client went away before its request was whole."""


async def chunks(receive: Receive) -> AsyncIterator[bytes]:
    """Body parts of a request as they come."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def body_of(scope: Scope, receive: Receive, send: Send, refusal: Mapping[str, Any]) -> bytes | None:
    """Of a request; None where there is none, for the client has gone or its body was refused as too large."""
    if scope["type"] != "http":
        return None
    try:
        return await read_body(receive, MAX_REQUEST)
    except TooLarge:
        await reply(send, 413, refusal)
    except Disconnected:
        pass
    return None


async def read_body(receive: Receive, most: int) -> bytes:
    """The whole body; raises TooLarge or Disconnected."""
    parts, size = [], 0
    async for part in chunks(receive):
        size += len(part)
        if size > most:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)


async def reply(send: Send, status: int, body: object, headers: Headers | None = None) -> None:
    """One whole JSON answer."""
    raw = json.dumps(body).encode()
    head: Headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw)), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": raw})


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the supervisor owns the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_for(app: App) -> _Server:
    """A server for already bound sockets; it ends when ``should_exit`` is set."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a cut stream is data here, not an accident
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        http="httptools",
        timeout_keep_alive=120,
        backlog=1024,
    )
    return _Server(config)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError when the port is taken."""
    listener = socket.create_server((host, port), backlog=1024)
    # asyncio turns Nagle's algorithm off for sockets that name TCP as their protocol, and this one names none: a kept-alive
    # connection would hold each stream back for the 40 ms of a delayed acknowledgement; accepted sockets inherit it
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.settimeout(0)
    return listener
