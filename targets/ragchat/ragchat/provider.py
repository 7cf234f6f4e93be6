"""The model provider: a process of its own that speaks the OpenAI wire format, on a seeded token clock.

    python -m ragchat.provider [--port 0] [--time-scale 1.0] [--requests-per-minute N] …

Prints one JSON line with its base URL when ready. Its own rate limit makes
provider throttles, which are not the runtime's. Where others can reach it,
RAG_PROVIDER_KEY is the bearer token that it wants.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import os
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ragchat import extract
from ragchat.clock import Law, plan
from ragchat.contract import HEALTH

BIG = "extractive-1"  # whatever else a request names is this one
SMALL = "extractive-mini"  # faster, and it says one sentence, not the best, where the other says several
SMALL_TIME = 0.3  # of the big one's


class Bucket:
    """A token bucket per minute; None is no limit."""

    def __init__(self, per_minute: float | None) -> None:
        self._rate = None if per_minute is None else per_minute / 60
        self._capacity = per_minute or 0.0
        self._level = self._capacity
        self._at = time.monotonic()

    def wait_s(self, amount: float) -> float:
        """0 after taking ``amount``, else the seconds until it would fit; nothing is taken then."""
        if self._rate is None:
            return 0.0
        now = time.monotonic()
        self._level = min(self._capacity, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level >= amount:
            self._level -= amount
            return 0.0
        return (amount - self._level) / self._rate


class Limits:
    """One model's quota: requests and tokens a minute, and answers at once."""

    def __init__(self, rpm: float | None, tpm: float | None, most: int | None) -> None:
        self._requests, self._tokens, self._most = Bucket(rpm), Bucket(tpm), most
        self.running = 0

    def refusal_s(self, tokens: int) -> float:
        """0 where it is admitted, else the seconds until it may be."""
        if self._most is not None and self.running >= self._most:
            return 1.0
        return self._requests.wait_s(1) or self._tokens.wait_s(tokens)


class Model:
    """Chat completions by extraction, at the pace of the clock."""

    def __init__(
        self, law: Law, rpm: float | None, tpm: float | None, max_concurrency: int | None, key: str | None = None
    ) -> None:
        self._law = law
        self._small_law = replace(law, time_scale=law.time_scale * SMALL_TIME)
        self._bearer = f"Bearer {key}".encode() if key else None
        self._limits = {kind: Limits(rpm, tpm, max_concurrency) for kind in (BIG, SMALL)}

    async def models(self, _: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"} for name in (BIG, SMALL)]})

    async def completions(self, request: Request) -> Response:
        arrived = time.perf_counter()
        said = request.headers.get("authorization", "").encode()
        if self._bearer is not None and not hmac.compare_digest(said, self._bearer):
            return _error(401, "invalid_api_key", "wrong or missing key")
        raw = await request.body()
        try:
            body = json.loads(raw)
            messages = [(str(m["role"]), str(m["content"])) for m in body["messages"]]
            max_tokens = int(body.get("max_tokens") or 512)
            model = str(body.get("model") or BIG)
        except (ValueError, KeyError, TypeError):
            return _error(400, "invalid_request_error", "want messages, each with role and content")
        small = model == SMALL
        limits = self._limits[SMALL if small else BIG]  # each model has a quota of its own, as providers have it
        prompt = sum(extract.count_tokens(content) for _, content in messages)
        if wait := limits.refusal_s(prompt + max_tokens):
            return _error(429, "rate_limit_exceeded", "rate limit reached", wait)
        question = next((c for role, c in reversed(messages) if role == "user"), "")
        system = "\n".join(content for role, content in messages if role == "system")
        seed = json.dumps([messages, max_tokens]).encode()
        times = plan(self._small_law if small else self._law, seed, prompt, max_tokens).times_s
        answer = extract.answer(system, question, small=small)
        pieces = extract.tokens(answer)[: len(times)]
        usage = {"prompt_tokens": prompt, "completion_tokens": len(pieces), "total_tokens": prompt + len(pieces)}
        head = {"id": f"chatcmpl-{abs(hash(seed)):x}", "model": model, "created": 0}
        limits.running += 1
        if body.get("stream"):
            with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
            events = self._events(head, pieces, times, arrived, usage if with_usage else None, limits)
            return StreamingResponse(events, media_type="text/event-stream")
        try:
            await asyncio.sleep(max(0.0, arrived + times[len(pieces) - 1] - time.perf_counter()))
        finally:
            limits.running -= 1
        message = {"role": "assistant", "content": "".join(pieces)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse(head | {"object": "chat.completion", "choices": [choice], "usage": usage})

    async def _events(
        self,
        head: dict[str, Any],
        pieces: list[str],
        times: tuple[float, ...],
        arrived: float,
        usage: dict[str, int] | None,
        limits: Limits,
    ) -> AsyncIterator[bytes]:
        def frame(choices: list[dict[str, Any]], **more: Any) -> bytes:  # noqa: ANN401
            data = head | {"object": "chat.completion.chunk", "choices": choices} | more
            return f"data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()

        try:
            for n, (piece, at) in enumerate(zip(pieces, times, strict=False)):
                # absolute times: a late wake-up must not push every later token back
                await asyncio.sleep(max(0.0, arrived + at - time.perf_counter()))
                delta = {"content": piece} if n else {"role": "assistant", "content": piece}
                yield frame([{"index": 0, "delta": delta, "finish_reason": None}])
            yield frame([{"index": 0, "delta": {}, "finish_reason": "stop"}])
            if usage:
                yield frame([], usage=usage)
            yield b"data: [DONE]\n\n"
        finally:
            limits.running -= 1


def _error(status: int, code: str, message: str, retry_after_s: float | None = None) -> Response:
    headers = {} if retry_after_s is None else {"Retry-After": f"{retry_after_s:.3f}"}
    return JSONResponse({"error": {"message": message, "type": code, "code": code}}, status, headers)


async def _healthy(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def create_app(
    law: Law, rpm: float | None = None, tpm: float | None = None, most: int | None = None, key: str | None = None
) -> Starlette:
    """The provider as an ASGI app; with ``key`` it answers only who sends it as a bearer token."""
    model = Model(law, rpm, tpm, most, key)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", model.completions, methods=["POST"]),
            Route("/v1/models", model.models),
            *(Route(path, _healthy) for path in HEALTH),
        ]
    )


def main(argv: list[str] | None = None) -> None:
    """Serve until stopped, on loopback."""
    parser = argparse.ArgumentParser(prog="ragchat.provider", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--time-scale", type=float, default=1.0, help="multiplies every model time")
    parser.add_argument("--requests-per-minute", type=float)
    parser.add_argument("--tokens-per-minute", type=float)
    parser.add_argument("--max-concurrency", type=int)
    o = parser.parse_args(argv)
    key = os.environ.get("RAG_PROVIDER_KEY")
    app = create_app(Law(time_scale=o.time_scale), o.requests_per_minute, o.tokens_per_minute, o.max_concurrency, key)
    with socket.create_server((o.host, o.port), backlog=512) as listener:
        # asyncio does so only for sockets that name TCP as their protocol: else tokens wait for acknowledgements
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print(json.dumps({"base_url": f"http://{o.host}:{listener.getsockname()[1]}"}), flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
        asyncio.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()
