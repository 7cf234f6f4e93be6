"""The ASGI app: under uvicorn it is the container, under ``ragchat.lambda_runtime`` the function."""

from __future__ import annotations

import json
import logging
import os
import re
import time
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

# Starlette's first stream would import this lazily and charge 30 ms to the first request.
import anyio._backends._asyncio  # noqa: F401
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ragchat import __version__, sse
from ragchat.contract import CONTRACT, HEALTH, MAX_BODY_BYTES, ChatRequest, ContractError, parse, parse_retrieval
from ragchat.finding import Finder, Found
from ragchat.instance import CURRENT, ORDINAL, init_type  # first: the instance is born before anything else is imported
from ragchat.model import CachedModel, Generation, Model, open_model
from ragchat.prompt import PROMPT_VERSION, build
from ragchat.settings import Settings
from ragchat.stores import open_store
from ragchat.tracing import Trace, tracing_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ragchat.jobs.api import JobApi

log = logging.getLogger("ragchat")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Answer:
    """One chat request being answered: retrieval at once, the model's texts as they come."""

    def __init__(self, request: ChatRequest, found: Found, model: Model, meta: dict[str, Any]) -> None:
        self.id = f"ans-{uuid.uuid4().hex[:20]}"
        self._meta = meta
        self._found = found
        self.generation = Generation(traceparent=meta["trace"].traceparent, tenant=meta["tenant"])
        self.texts = model.stream(
            build(request, found.passages), request.max_tokens, meta["request_id"], self.generation
        )

    def over(self) -> None:
        """The model has ended, well or not."""
        trace: Trace = self._meta["trace"]
        trace.step("model", self.generation.started, self.generation.ended)
        trace.end()

    def citations(self) -> list[dict[str, Any]]:
        return [passage.citation() for passage in self._found.passages]

    def closing(self) -> dict[str, Any]:
        """What ``done`` and the JSON answer have in common."""
        g = self.generation
        return {
            "id": self.id,
            "model": g.model or self._meta["model"],
            "cached": g.cached,
            "degraded": g.degraded,
            "usage": {
                "input_tokens": g.input_tokens,
                "output_tokens": g.output_tokens,
                "cached_input_tokens": g.cached_input_tokens,
            },
            "timings": {
                "init_ms": _ms(self._meta["init_ms"]),
                "queue_ms": _ms(self._meta["queue_ms"]),
                "retrieval_ms": _ms(self._found.retrieval_ms),
                "rerank_ms": _ms(self._found.rerank_ms),
                "model_ttft_ms": _ms(g.ttft_ms),
                "generation_ms": _ms(g.total_ms),
            },
        }


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


class Service:
    """Routes of the contract over one store and one provider."""

    def __init__(self, settings: Settings, jobs: JobApi | None = None) -> None:
        self._settings = settings
        self._jobs = jobs
        self._store = open_store(settings)
        self._tracing = tracing_of(on=settings.otlp)
        self._model = open_model(settings)
        self._finder = Finder(settings, self._store)
        if "answer" in settings.caches:
            self._model = CachedModel(self._model, settings.cache_ttl_s)

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def meta(self, _: Request) -> Response:
        from ragchat import artifact  # noqa: PLC0415 - never at a start

        s = self._settings
        runtime = {
            "kind": s.runtime_kind,
            "region": s.region,
            "memory_mb": s.memory_mb,
            "cpu": s.cpu,
            "init_type": init_type(),
        }
        return JSONResponse(
            {
                "contract": CONTRACT,
                "health": HEALTH[0],
                "service_version": __version__,
                "model": s.model,
                "prompt_version": PROMPT_VERSION,
                "index_digest": self._store.digest,
                "runtime": runtime,
                "caches": list(s.caches),
                **self._finder.told(),
                "artifact": artifact.sizes(s),
            }
            | ({} if self._jobs is None else {"jobs": self._jobs.meta()})
        )

    async def retrieve(self, request: Request) -> Response:
        """Passages without an answer: what the store and the reranker carry by themselves."""
        ordinal = request.scope[ORDINAL] = CURRENT.count()
        asked = parse_retrieval(await _read_body(request))
        found = await self._finder.find(request.headers.get("x-tenant-id", ""), asked.question, asked.top_k)
        timings = {
            "init_ms": _ms(CURRENT.init_ms) if ordinal == 1 else None,
            "queue_ms": _ms(_header_ms(request.headers.get("x-queue-ms"))),
            "retrieval_ms": _ms(found.retrieval_ms),
            "rerank_ms": _ms(found.rerank_ms),
        }
        passages = [{**p.citation(), "text": p.text} for p in found.passages]
        return JSONResponse({"id": f"ret-{uuid.uuid4().hex[:20]}", "passages": passages, "timings": timings})

    async def chat(self, request: Request) -> Response:
        ordinal = request.scope[ORDINAL] = CURRENT.count()
        chat = parse(await _read_body(request))
        meta = {
            "model": self._settings.model,
            "request_id": request.scope["ragchat.request_id"],
            "init_ms": CURRENT.init_ms if ordinal == 1 else None,
            "queue_ms": _header_ms(request.headers.get("x-queue-ms")),
        }
        trace = self._tracing.begin(_traceparent(request.headers.get("traceparent")), meta["request_id"])
        meta["trace"] = trace
        tenant = meta["tenant"] = request.headers.get("x-tenant-id", "")
        try:
            started = time.perf_counter()
            found = await self._finder.find(tenant, chat.question, chat.top_k)
            trace.step("retrieval", started, time.perf_counter())
            answer = Answer(chat, found, self._model, meta)
            # The model is asked before the head is written, so that its refusal is a status, not an event.
            first = await anext(answer.texts, None)
        except BaseException:
            trace.end()
            raise
        if chat.stream:
            return StreamingResponse(
                _events(answer, first),
                media_type="text/event-stream",
                headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
            )
        try:
            text = (first or "") + "".join([part async for part in answer.texts])
        finally:
            answer.over()
        body = answer.closing() | {"answer": text, "citations": answer.citations()}
        return JSONResponse(body)


async def _events(answer: Answer, first: str | None) -> AsyncIterator[bytes]:
    yield sse.event("citations", {"citations": answer.citations()})
    try:
        if first:
            yield sse.event("token", {"text": first})
        async for text in answer.texts:
            yield sse.event("token", {"text": text})
    except ContractError as error:
        yield sse.event("error", error.body())
        return
    except Exception:
        log.exception("the answer failed midway")
        yield sse.event("error", {"error": {"code": "internal", "message": "the answer failed"}})
        return
    finally:
        answer.over()
    yield sse.event("done", answer.closing())


def _traceparent(value: str | None) -> str | None:
    """What the client sent, where it is one: nothing else is handed on."""
    return value if value and _TRACEPARENT.fullmatch(value) else None


def _header_ms(value: str | None) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        return None


async def _read_body(request: Request, most: int = MAX_BODY_BYTES) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise ContractError(413, "too_large", f"the body is larger than {most} bytes")
        parts.append(part)
    return b"".join(parts)


async def _contract_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ContractError)
    headers = {} if error.retry_after_s is None else {"Retry-After": f"{error.retry_after_s:g}"}
    return JSONResponse(error.body(), error.status, headers)


async def _http_error(_: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    return JSONResponse({"error": {"code": "invalid_request", "message": "no such route or method"}}, status)


class InstanceHeaders:
    """Stamps the contract's headers on every answer, errors too, when its head is written."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if given and len(given) <= 200 and given.isprintable() else uuid.uuid4().hex
        scope["ragchat.request_id"] = request_id
        extra = [(b"x-request-id", request_id.encode("latin-1"))]
        if platform_id := scope.get("aws.request_id"):
            extra.append((b"x-platform-request-id", str(platform_id).encode()))
        begun = False

        async def stamped(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", ()), *extra, *CURRENT.headers(scope.get(ORDINAL))]
            await send(message)

        try:
            await self._app(scope, receive, stamped)
        except Exception:
            log.exception("request %s failed", request_id)
            if begun:
                raise
            body = json.dumps({"error": {"code": "internal", "message": "the request failed"}}).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
            await stamped({"type": "http.response.start", "status": 500, "headers": headers})
            await stamped({"type": "http.response.body", "body": body})


def _job_api() -> JobApi | None:
    """Where a deployment declares jobs; elsewhere nothing of them is imported: a chat's cold start stays as it was."""
    if not os.environ.get("RAG_JOBS"):
        return None
    from ragchat.jobs.api import JobApi  # noqa: PLC0415
    from ragchat.jobs.settings import JobSettings  # noqa: PLC0415

    settings = JobSettings.from_env()
    return JobApi(settings, _read_body) if settings else None


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The service as an ASGI app, its index opened; raises FileNotFoundError without one."""
    jobs = _job_api()
    service = Service(settings or Settings.from_env(), jobs)
    inner = Starlette(
        routes=[
            Route("/v1/chat", service.chat, methods=["POST"]),
            Route("/v1/retrieve", service.retrieve, methods=["POST"]),
            *(Route(path, service.health) for path in HEALTH),
            Route("/v1/meta", service.meta),
            *(jobs.routes() if jobs else ()),
        ],
        exception_handlers={ContractError: _contract_error, 404: _http_error, 405: _http_error},
    )
    CURRENT.ready()
    return InstanceHeaders(inner)
