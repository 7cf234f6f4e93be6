"""The front door's wire: a request as a function URL event, payload format 2.0, and the way back."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import Any

from harness.local.asgi import HOP_BY_HOP, Scope, Send, reply
from harness.local.environment import Invocation, InvocationFailed


async def relay(invocation: Invocation, send: Send) -> None:
    """Head and body to the client; a failure after the head cuts the stream, as the platform would."""
    try:
        head = await asyncio.shield(invocation.head)
    except InvocationFailed as error:
        status = error.status
        await reply(send, status, {"Message": "Internal Server Error" if status == 502 else str(error)})
        return
    await send({"type": "http.response.start", "status": head.status, "headers": head.headers})
    while (part := await invocation.body.get()) is not None:
        if isinstance(part, InvocationFailed):
            return  # uvicorn closes the connection without the last chunk
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def event_of(scope: Scope, body: bytes, request_id: str) -> dict[str, Any]:
    """A function URL event, payload format 2.0."""
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name not in HOP_BY_HOP
    }
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    now = time.time()
    text = _text(body)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": headers.get("host", "localhost"),
            "domainPrefix": "local",
            "http": {
                "method": scope["method"],
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "body": base64.b64encode(body).decode() if text is None else text,
        "isBase64Encoded": text is None,
    }


def _text(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None
