"""A lean HTTP/1.1 client on asyncio and llhttp, for a router: heads and bodies as they come, connections kept.

A pure-Python client takes several times the processor of a router's other work for each event of a stream.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httptools

MOST_BUFFERED = 256 * 1024
CLOSED_S = 0.5  # a connection that had been closed while it was kept shows it within a round trip
Headers = list[tuple[bytes, bytes]]


class Broken(Exception):
    """The connection ended before the answer was whole; ``untouched``: before anything of it had come."""

    def __init__(self, *, untouched: bool) -> None:
        super().__init__("the connection ended before the answer was whole")
        self.untouched = untouched


class Unreachable(Exception):
    """No connection could be opened."""


class Answer(asyncio.Protocol):
    """One connection, and the answer that is read from it now."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.used = False
        self.lost = False
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._begin(head_only=False)

    def _begin(self, *, head_only: bool) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._head_only = head_only
        self._parts: deque[bytes] = deque()
        self._buffered = 0
        self._touched = False
        self.status = 0
        self.headers: Headers = []
        self.headed = False
        self.whole = False
        self.keeps = False

    # -- of asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._touched = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()
        if self._buffered > MOST_BUFFERED and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self.headed and exc is None and not self._told_length():
            self.whole = True  # the end of the connection is the end of such a body
        self._wake()

    # -- of llhttp

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers = []  # an interim answer: the final one follows
            return
        self.headed = True
        self.whole = self._head_only

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)
        self._buffered += len(body)

    def on_message_complete(self) -> None:
        if self.headed:
            self.whole = True
            self.keeps = self._parser.should_keep_alive() and not self._head_only

    # -- of the router

    async def ask(self, request: bytes, *, head_only: bool, timeout_s: float) -> None:
        """Return with the answer's head; raises Broken, or TimeoutError."""
        self._begin(head_only=head_only)
        self.used = True
        if self.lost or self._transport is None:
            raise Broken(untouched=True)
        self._transport.write(request)
        while not self.headed:
            if self.lost:
                raise Broken(untouched=not self._touched)
            await self._more(timeout_s)

    async def parts(self, timeout_s: float) -> AsyncIterator[bytes]:
        """What came since the last time, until the answer is whole; raises Broken, or TimeoutError."""
        while True:
            if self._parts:
                part = self._parts.popleft() if len(self._parts) == 1 else b"".join(self._parts)
                self._parts.clear()
                if self._buffered > MOST_BUFFERED and self._transport is not None and not self.lost:
                    self._transport.resume_reading()
                self._buffered = 0
                yield part
            elif self.whole:
                return
            elif self.lost:
                raise Broken(untouched=False)
            else:
                await self._more(timeout_s)

    async def _more(self, timeout_s: float) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(timeout_s):
            await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _told_length(self) -> bool:
        return any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers)

    @property
    def reusable(self) -> bool:
        return self.whole and self.keeps and not self.lost and not self._parts

    def close(self) -> None:
        self.lost = True
        if self._transport is not None:
            self._transport.close()


class Upstream:
    """One origin, its connections the last used first."""

    def __init__(self, url: str, ca_file: str | None, timeout_s: float, keep_s: float) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port or (443 if secure else 80)
        self._tls = ssl.create_default_context(cafile=ca_file) if secure else None
        self._timeout_s, self._keep_s = timeout_s, keep_s
        self._idle: list[Answer] = []
        self.prefix = parts.path.rstrip("/").encode("latin-1")
        self.host = parts.netloc.rpartition("@")[2].encode("latin-1")

    async def ask(self, request: bytes, *, head_only: bool) -> Answer:
        """The answer, its head read; raises Unreachable, Broken or TimeoutError.

        A kept connection that the other side had closed is not an answer: the request is sent once more on a new one.
        One that breaks later is: the work may have been done.
        """
        while (kept := self._kept()) is not None:
            sent = time.monotonic()
            try:
                await kept.ask(request, head_only=head_only, timeout_s=self._timeout_s)
            except Broken as broken:
                kept.close()
                if not broken.untouched or time.monotonic() - sent > CLOSED_S:
                    raise
            except BaseException:
                kept.close()
                raise
            else:
                return kept
        fresh = await self._opened()
        try:
            await fresh.ask(request, head_only=head_only, timeout_s=self._timeout_s)
        except BaseException:
            fresh.close()
            raise
        return fresh

    async def _opened(self) -> Answer:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                _, made = await loop.create_connection(Answer, self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            raise Unreachable(str(error)) from None
        return made

    def _kept(self) -> Answer | None:
        now = time.monotonic()
        while self._idle:
            found = self._idle.pop()
            if not found.lost and now - found.idle_since < self._keep_s:
                return found
            found.close()
        return None

    def give_back(self, answer: Answer) -> None:
        """Keep its connection, or close one that can't be used again."""
        if answer.reusable:
            answer.idle_since = time.monotonic()
            self._idle.append(answer)
        else:
            answer.close()

    def close(self) -> None:
        """Every connection that is kept."""
        while self._idle:
            self._idle.pop().close()
