"""A worker that is pushed to: Pub/Sub's push subscription in front of a service that runs one job an instance.

``uvicorn ragchat.jobs.push:app``. An answer of 2xx acknowledges; any other is delivered again, after the subscription's
own backoff. The platform lets in only the subscription's service account.
"""

from __future__ import annotations

import asyncio
import base64
import os
import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ragchat.contract import HEALTH
from ragchat.jobs.queues import Message, QueueDown
from ragchat.jobs.workshop import Pushed, Workshop, workshop

if TYPE_CHECKING:
    from starlette.requests import Request


def create_app(made: Workshop, request_limit_s: float | None) -> Starlette:
    """``request_limit_s`` is what the platform gives one request."""

    async def pushed(request: Request) -> Response:
        try:
            message = (await request.json())["message"]
            job_id = base64.b64decode(message["data"]).decode()
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": {"code": "invalid_request", "message": "not a pushed message"}}, 400)
        deadline = None if request_limit_s is None else time.monotonic() + request_limit_s
        received = Message(job_id, str(message.get("messageId", "")))
        settled = await asyncio.to_thread(made.carrier.carry, received, deadline)
        await asyncio.to_thread(made.courier.send_due)
        return Response(status_code=204 if settled else 503)

    async def tick(_: Request) -> Response:
        """A scheduler's call, once a minute: what is left to send."""
        try:
            await asyncio.to_thread(made.tidy)
        except QueueDown:
            return Response(status_code=503)
        sent = await asyncio.to_thread(made.courier.send_due)
        return JSONResponse({"sent": sent})

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/push", pushed, methods=["POST"]),
            Route("/tick", tick, methods=["POST"]),
            *(Route(path, health) for path in HEALTH),
        ]
    )


def _from_env() -> Starlette:
    limit = os.environ.get("RAG_JOBS_REQUEST_LIMIT_S")
    return create_app(workshop(Pushed()), float(limit) if limit else None)


def __getattr__(name: str) -> Starlette:
    """``app`` is made when a server asks for it: importing this module opens nothing."""
    if name != "app":
        raise AttributeError(name)
    return _from_env()
