"""The Lambda Runtime API, version 2018-06-01, one listening port per environment.

Spoken by any runtime client unchanged: the official awslambdaric (buffered) and
streaming custom runtimes (chunked POST with the integration prelude, errors
after the head as trailers).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from harness.local.asgi import HOP_BY_HOP, Disconnected, Headers, Receive, Scope, Send, chunks, read_body, reply
from harness.local.environment import Environment, Head, Invocation, InvocationFailed

PREFIX = "/2018-06-01/runtime"
PRELUDE_END = b"\0" * 8
MAX_PRELUDE = 64 * 1024
MAX_BUFFERED = 6 * 1024 * 1024 + 64 * 1024
FUNCTION_ARN = "arn:aws:lambda:local:000000000000:function:"


class RuntimeApi:
    """ASGI app; the port a call arrives on says which environment it is."""

    def __init__(self, function: str, environment_at: Callable[[int], Environment | None]) -> None:
        self._arn = FUNCTION_ARN + function
        self._environment_at = environment_at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        environment = self._environment_at(scope["server"][1])
        path: str = scope["path"].removeprefix(PREFIX)
        if environment is None or environment.dead:
            await reply(send, 403, {"errorMessage": "no such environment", "errorType": "InvalidState"})
            return
        try:
            await self._route(environment, scope, path, receive, send)
        except Disconnected:
            if environment.current:
                environment.current.fail(InvocationFailed("Runtime.ExitError", "the runtime went away midway"))

    async def _route(self, environment: Environment, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        parts = path.strip("/").split("/")
        match (scope["method"], *parts):
            case ("GET", "invocation", "next"):
                await self._next(environment, send)
            case ("POST", "invocation", request_id, "response"):
                await self._response(_current(environment, request_id), scope, receive, send)
            case ("POST", "invocation", request_id, "error"):
                detail = await _detail(receive)
                if invocation := _current(environment, request_id):
                    invocation.fail(_function_error(detail))
                await reply(send, 202, {"status": "OK"})
            case ("POST", "init", "error"):
                detail = await _detail(receive)
                kind = _header(scope["headers"], b"lambda-runtime-function-error-type") or "Runtime.InitError"
                environment.fail_init(InvocationFailed(kind, str(detail.get("errorMessage", "init failed"))))
                await reply(send, 202, {"status": "OK"})
            case _:
                await reply(send, 404, {"errorMessage": f"unknown path {path}", "errorType": "NotFound"})

    async def _next(self, environment: Environment, send: Send) -> None:
        environment.polled()
        invocation = await environment.next_work()
        headers: Headers = [
            (b"lambda-runtime-aws-request-id", invocation.request_id.encode()),
            (b"lambda-runtime-deadline-ms", b"%d" % invocation.deadline_unix_ms),
            (b"lambda-runtime-invoked-function-arn", self._arn.encode()),
            (b"lambda-runtime-trace-id", b"Root=1-00000000-000000000000000000000000;Sampled=0"),
        ]
        await reply(send, 200, invocation.event, headers)

    async def _response(self, invocation: Invocation | None, scope: Scope, receive: Receive, send: Send) -> None:
        if invocation is None:
            await reply(send, 400, {"errorMessage": "invalid request id", "errorType": "InvalidRequestID"})
            return
        mode = _header(scope["headers"], b"lambda-runtime-function-response-mode")
        if mode == "streaming":
            await _stream(invocation, scope, receive)
        else:
            _buffered(invocation, await read_body(receive, MAX_BUFFERED))
        await reply(send, 202, {"status": "OK"})


async def _stream(invocation: Invocation, scope: Scope, receive: Receive) -> None:
    held: bytes | None = b""
    async for chunk in chunks(receive):
        if held is None:
            invocation.body.put_nowait(chunk)
            continue
        held += chunk
        if PRELUDE_END in held:
            prelude, _, rest = held.partition(PRELUDE_END)
            held = None
            invocation.head.set_result(_head(json.loads(prelude)))
            if rest:
                invocation.body.put_nowait(rest)
        elif len(held) > MAX_PRELUDE:
            invocation.fail(InvocationFailed("Runtime.InvalidResponse", "no prelude in the first 64 KiB"))
            return
    # Trailers are appended to the request's headers by the parser once the body has ended.
    if kind := _header(scope["headers"], b"lambda-runtime-function-error-type"):
        invocation.fail(InvocationFailed(kind, "the function failed midway"))
    elif held is not None:
        invocation.fail(InvocationFailed("Runtime.InvalidResponse", "the response ended before its prelude"))
    else:
        invocation.finish()


def _buffered(invocation: Invocation, raw: bytes) -> None:
    """A whole answer, as function URLs read it: payload format 2.0, or any JSON as the body of a 200."""
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = raw.decode("utf-8", "replace")
    if isinstance(answer, dict) and "statusCode" in answer:
        body = answer.get("body") or ""
        data = base64.b64decode(body) if answer.get("isBase64Encoded") else str(body).encode()
        head = _head(answer)
    else:
        data = raw
        head = Head(200, [(b"content-type", b"application/json")])
    if not any(name == b"content-length" for name, _ in head.headers):
        head.headers.append((b"content-length", b"%d" % len(data)))
    invocation.head.set_result(head)
    invocation.body.put_nowait(data)
    invocation.finish()


def _head(prelude: dict[str, Any]) -> Head:
    headers = [
        (str(name).lower().encode("latin-1"), str(value).encode("latin-1"))
        for name, value in (prelude.get("headers") or {}).items()
    ]
    headers += [(b"set-cookie", str(cookie).encode("latin-1")) for cookie in prelude.get("cookies") or ()]
    return Head(int(prelude.get("statusCode", 200)), [h for h in headers if h[0] not in HOP_BY_HOP])


def _current(environment: Environment, request_id: str) -> Invocation | None:
    current = environment.current
    return current if current and current.request_id == request_id and not current.ended else None


def _function_error(detail: dict[str, Any]) -> InvocationFailed:
    return InvocationFailed(str(detail.get("errorType", "Error")), str(detail.get("errorMessage", "")))


async def _detail(receive: Receive) -> dict[str, Any]:
    try:
        value = json.loads(await read_body(receive, MAX_BUFFERED))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _header(headers: Headers, name: bytes) -> str | None:
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None
