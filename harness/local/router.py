"""The embedded router: a reverse proxy in a process of its own, before two targets.

``python -m harness.local.router`` serves on two listening sockets that it is given: the door, and a control port on
which the owner of its token reads figures and changes the split. An answer is passed on as it comes, with headers that
say which side answered and how long the router itself took before the answer's head.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter

from harness.domain.header_names import Lowered
from harness.local.asgi import HOP_BY_HOP, App, Headers, Receive, Scope, Send, body_of, read_body, reply, server_for
from harness.local.routing import PRIMARY, Request, other, side_of
from harness.local.upstream import Answer, Broken, Unreachable, Upstream
from harness.platforms.local_router.config import LocalRouter, Side

TOLD = "PILOT_ROUTER"  # the variable that holds its Told
IDLE_S = 60.0  # a kept-alive connection to a side: less than the 120 s after which an embedded side closes it
DROP_S = 2.0
MOST_CONTROL = 4096
NO_SIDE = {"error": {"code": "no_side", "message": "no side of the router answered"}}
TOO_LARGE = {"error": {"code": "too_large", "message": "the body is larger than 6 MiB"}}


@dataclass(frozen=True)
class SideTold:
    """One side: its target's name and URL, headers that it wants, and variables that hold the values of others."""

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    headers_from_env: Mapping[str, str] = field(default_factory=dict)
    ca_file: str | None = None


@dataclass(frozen=True)
class Told:
    """Everything that the process is started with; ``names`` are headers in lower case."""

    rules: Mapping[str, Any]
    sides: Mapping[Side, SideTold]
    names: Mapping[str, str]
    token: str
    door: int  # file descriptors of listening sockets
    control: int

    def text(self) -> str:
        """As the environment carries it; no secret but its own token is in it."""
        return json.dumps(asdict(self))


def told_from(text: str) -> Told:
    """The inverse of ``text``."""
    made: Told = TypeAdapter(Told).validate_json(text)
    return made


@dataclass(frozen=True)
class Asked:
    """What became of one question to one side: the head of its answer, or the status of there being none."""

    status: int
    side_s: float = 0.0  # from sending it to the answer's head: the rest of a client's wait is the router's
    answer: Answer | None = None
    connected: bool = True


class Router:
    """ASGI app of the door."""

    def __init__(self, rules: LocalRouter, sides: Mapping[Side, SideTold], names: Lowered) -> None:
        self._rules = rules
        self._sides = sides
        self._names = names
        self.share = rules.canary.share if rules.canary else 0.0
        self._upstreams = {
            side: Upstream(told.url, told.ca_file, rules.timeout_s, IDLE_S) for side, told in sides.items()
        }
        self._own = {side: _headers(told) for side, told in sides.items()}
        self._in_flight = dict.fromkeys(sides, 0)
        self._counts = {f"{what}_{side}": 0 for side in sides for what in ("routed", "refused", "unreached")}
        self._counts["fell_back"] = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await body_of(scope, receive, send, TOO_LARGE)
        if body is None:
            return
        answer = asyncio.create_task(self._answer(scope, body, send))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            answer.cancel()  # a client that left takes its place at the side with it; one that is done stays done
            with suppress(asyncio.CancelledError):
                await answer

    async def _answer(self, scope: Scope, body: bytes, send: Send) -> None:
        arrived = time.perf_counter()
        headers = dict(scope["headers"])
        request = Request(body, _text(headers.get(self._names.tenant)), _text(headers.get(self._names.request_id)))
        first = self._chosen(scope["method"], request)
        for side in (first, other(first)):
            self._in_flight[side] += 1
            try:
                asked = await self._ask(side, scope, body)
                if side == first and self._falls_back(asked):
                    await self._drop(side, asked.answer)
                    continue
                if asked.answer is None:
                    await reply(send, asked.status, NO_SIDE)
                    return
                own_s = time.perf_counter() - arrived - asked.side_s
                await self._pass_on(side, asked.answer, send, self._said(side, None if side == first else first, own_s))
                return
            finally:
                self._in_flight[side] -= 1

    def _chosen(self, method: str, request: Request) -> Side:
        """What is not a POST asks for no work: health checks and the contract's own questions go to the primary."""
        if method != "POST":
            return PRIMARY
        return side_of(self._rules, request, self._in_flight[PRIMARY], self.share)

    def _falls_back(self, asked: Asked) -> bool:
        rule = self._rules.fallback
        if rule is None:
            return False
        return asked.status in rule.statuses if asked.connected else rule.connect

    async def _ask(self, side: Side, scope: Scope, body: bytes) -> Asked:
        """The answer's head, its body still to come."""
        self._counts[f"routed_{side}"] += 1
        upstream = self._upstreams[side]
        request = _request(scope, body, upstream, self._own[side])
        sent = time.perf_counter()
        try:
            answer = await upstream.ask(request, head_only=scope["method"] == "HEAD")
        except Unreachable:
            self._counts[f"unreached_{side}"] += 1
            return Asked(502, connected=False)
        except TimeoutError:
            return Asked(504)
        except Broken:
            return Asked(502)
        self._counts[f"refused_{side}"] += answer.status in (429, 503)
        return Asked(answer.status, time.perf_counter() - sent, answer)

    async def _drop(self, side: Side, answer: Answer | None) -> None:
        """A refusal that nobody reads: what is left of it is short, and its connection is worth keeping."""
        if answer is None:
            return
        try:
            async for _ in answer.parts(DROP_S):
                pass
        except (Broken, TimeoutError):
            answer.close()
        self._upstreams[side].give_back(answer)

    def _said(self, side: Side, first: Side | None, own_s: float) -> Headers:
        """Who answered, who had refused before, and how long a client waited for the head beyond that side's own time."""
        names = self._names
        said = [(names.route, self._sides[side].name.encode()), (names.router_ms, b"%.3f" % (own_s * 1000))]
        if first is not None:
            self._counts["fell_back"] += 1
            said.append((names.route_from, self._sides[first].name.encode()))
        return said

    async def _pass_on(self, side: Side, answer: Answer, send: Send, said: Headers) -> None:
        try:
            head = [pair for pair in answer.headers if pair[0] not in HOP_BY_HOP]
            await send({"type": "http.response.start", "status": answer.status, "headers": [*head, *said]})
            async for part in answer.parts(self._rules.timeout_s):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._upstreams[side].give_back(answer)

    def figures(self) -> dict[str, Any]:
        """Counts as of now."""
        now = {f"in_flight_{side}": count for side, count in self._in_flight.items()}
        return {"split_share": self.share, "in_flight": sum(self._in_flight.values()), **now, **self._counts}

    def close(self) -> None:
        """Every connection to a side that is kept."""
        for upstream in self._upstreams.values():
            upstream.close()


def control_of(router: Router, token: str) -> App:
    """The control port: figures, and the split."""

    async def control(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        given = dict(scope["headers"]).get(b"authorization", b"")
        if not secrets.compare_digest(given, b"Bearer " + token.encode()):
            await reply(send, 401, {"error": "wrong token"})
            return
        match scope["method"], scope["path"]:
            case "GET", "/figures":
                await reply(send, 200, router.figures())
            case "POST", "/split":
                share = _share(await read_body(receive, MOST_CONTROL))
                if share is None:
                    await reply(send, 400, {"error": "want share, a number from 0 to 1"})
                    return
                router.share = share
                # one clock for every process of this machine: where the change lies among a run's instants
                await reply(send, 200, {"share": share, "changed_monotonic_s": time.perf_counter()})
            case _:
                await reply(send, 404, {"error": "no such control"})

    return control


def _share(body: bytes) -> float | None:
    try:
        share = json.loads(body)["share"]
    except (ValueError, TypeError, LookupError):
        return None
    right = isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1
    return float(share) if right else None


def _request(scope: Scope, body: bytes, upstream: Upstream, own: Headers) -> bytes:
    replaced = {name for name, _ in own} | HOP_BY_HOP | {b"host", b"content-length"}
    query = b"?" + scope["query_string"] if scope.get("query_string") else b""
    line = b"%s %s%s%s HTTP/1.1" % (scope["method"].encode(), upstream.prefix, scope["raw_path"], query)
    headers = [(n, v) for n, v in scope["headers"] if n not in replaced] + own
    lines = [line, b"host: " + upstream.host, *(n + b": " + v for n, v in headers)]
    if body or scope["method"] == "POST":
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _headers(side: SideTold) -> Headers:
    values = {**side.headers, **{name: os.environ.get(of, "") for name, of in side.headers_from_env.items()}}
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in values.items()]


def _text(value: bytes | None) -> str | None:
    return value.decode("latin-1") if value else None


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def serve(told: Told) -> None:
    """Until somebody asks it to stop."""
    rules: LocalRouter = TypeAdapter(LocalRouter).validate_python(told.rules)
    router = Router(rules, told.sides, Lowered(**{n: v.encode("latin-1") for n, v in told.names.items()}))
    doors: Sequence[tuple[App, int]] = ((router, told.door), (control_of(router, told.token), told.control))
    servers = [(server_for(app), socket.socket(fileno=fd)) for app, fd in doors]
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server, _ in servers:
            server.force_exit = server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await asyncio.gather(*(server.serve(sockets=[listener]) for server, listener in servers))
    router.close()


def main() -> None:
    """What it is told is taken out of its environment, where a program of its own could read the token."""
    asyncio.run(serve(told_from(os.environ.pop(TOLD))))


if __name__ == "__main__":
    main()
