"""The routes of ``rag-jobs/1``, beside those of chat where a deployment declares jobs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ragchat.contract import ContractError
from ragchat.instance import CURRENT, ORDINAL
from ragchat.jobs.contract import CONTRACT, MAX_BODY_BYTES, Submission, key_of, parse
from ragchat.jobs.database import open_database
from ragchat.jobs.queues import QueueDown, Sender, open_sender
from ragchat.jobs.settings import JobSettings
from ragchat.jobs.store import Made, Store

if TYPE_CHECKING:
    from starlette.requests import Request

log = logging.getLogger("ragchat.jobs")
Reader = Callable[["Request", int], Awaitable[bytes]]


class JobApi:
    """Everything that touches the disk or the network happens in a thread: chat's streams go on meanwhile."""

    def __init__(self, settings: JobSettings, read_body: Reader) -> None:
        database = open_database(settings)
        self._settings = settings
        self._read_body = read_body
        self._store = Store(database, settings.most_receives, settings.most_queued)
        self._queue: Sender = open_sender(settings, database)

    def routes(self) -> list[Route]:
        return [
            Route("/v1/jobs", self.submit, methods=["POST"]),
            Route("/v1/jobs/{id}", self.status, methods=["GET"]),
            Route("/v1/jobs/{id}", self.cancel, methods=["DELETE"]),
            Route("/v1/jobs/{id}/result", self.result, methods=["GET"]),
        ]

    def meta(self) -> dict[str, Any]:
        """What ``/v1/meta`` says of jobs."""
        s = self._settings
        return {
            "contract": CONTRACT,
            "queue": s.queue,
            "visibility_s": s.visibility_s,
            "most_receives": s.most_receives,
            "most_queued": s.most_queued,
        }

    async def submit(self, request: Request) -> Response:
        request.scope[ORDINAL] = CURRENT.count()
        key = key_of(request.headers.get("idempotency-key"))
        submission = parse(await self._read_body(request, MAX_BODY_BYTES), self._settings.callback_hosts)
        made = await asyncio.to_thread(self._accept, submission, key)
        body = {"id": made.id, "kind": made.kind, "status": made.status}
        return JSONResponse(body, 202, {"Location": f"/v1/jobs/{made.id}"})

    def _accept(self, submission: Submission, key: str | None) -> Made:
        made = self._store.submit(submission, key)
        if not made.new:
            return made
        try:
            self._queue.send(made.id)
        except QueueDown:
            log.exception("%s was not accepted", made.id)
            self._store.withdraw(made.id)
            raise ContractError(503, "queue_unavailable", "the queue did not take the job", 1) from None
        self._store.sent(made.id)
        return made

    async def status(self, request: Request) -> Response:
        return _found(await asyncio.to_thread(self._store.status, request.path_params["id"]))

    async def result(self, request: Request) -> Response:
        return _found(await asyncio.to_thread(self._store.result, request.path_params["id"]))

    async def cancel(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        await asyncio.to_thread(self._store.cancel, job_id)
        return _found(await asyncio.to_thread(self._store.status, job_id), 202)


def _found(body: dict[str, Any] | None, status: int = 200) -> Response:
    if body is None:
        raise ContractError(404, "not_found", "no such job")
    return JSONResponse(body, status)
