"""``uvicorn tests.guarded.app:app``: GUARD says how its front door checks credentials."""

from __future__ import annotations

import json
import os

from ragchat.asgi import app as service

from tests.guarded import API_KEY, KEYS, sigv4


def _refusal(scope, body: bytes) -> str | None:
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    if os.environ["GUARD"] == "header":
        return None if headers.get("x-api-key") == API_KEY else "wrong key"
    path, query = scope["raw_path"].decode(), scope["query_string"].decode()
    return sigv4.refuses(KEYS, "eu-west-1", "lambda", scope["method"], path, query, headers, body)


async def app(scope, receive, send):
    """403 as a function URL answers it, else the service."""
    if scope["type"] != "http":
        await service(scope, receive, send)
        return
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"".join(parts)
    if why := _refusal(scope, body):
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps({"Message": f"Forbidden: {why}"}).encode()})
        return
    given = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replayed():
        return next(given, None) or await receive()

    await service(scope, replayed, send)
