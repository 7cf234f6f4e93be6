"""The model behind the service: any OpenAI-compatible endpoint, streamed, over plain asyncio.

No HTTP client library is imported: on a cold start each costs more than the whole
service (httpx with its certificate bundle about 300 ms).
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from ragchat.bearer import Bearer, bearer_of, stays_inside
from ragchat.cache import TtlCache
from ragchat.contract import ContractError

if TYPE_CHECKING:
    from ragchat.settings import Settings


@dataclass
class Generation:
    """What one model call yielded, filled in while it streams."""

    started: float = field(default_factory=time.perf_counter)
    first_token: float | None = None
    ended: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    traceparent: str | None = None  # W3C, for the next service
    tenant: str = ""  # whose cache answers
    model: str | None = None  # that answers; None: the configured one
    degraded: bool = False  # a fallback made it
    cached: bool = False  # the whole answer was kept from before

    @property
    def ttft_ms(self) -> float | None:
        return None if self.first_token is None else (self.first_token - self.started) * 1000

    @property
    def total_ms(self) -> float | None:
        return None if self.ended is None else (self.ended - self.started) * 1000


class Model(Protocol):
    """What an answer is made by."""

    def stream(
        self, messages: list[dict[str, str]], max_tokens: int, request_id: str, generation: Generation
    ) -> AsyncIterator[str]:
        """Texts as they arrive; raises ContractError upstream_error or upstream_throttled."""
        ...


def open_model(settings: Settings) -> Model:
    """The configured backend, with its fallback where there is one. Raises ValueError for an unknown one."""
    first = _backend(settings, settings.model)
    if settings.fallback_model is None:
        return first
    return FallbackModel(first, _backend(settings, settings.fallback_model), settings.fallback_model)


def _backend(settings: Settings, model: str) -> Model:
    """Its SDK is imported only here."""
    if settings.model_backend == "openai":
        return Provider(
            settings.provider_url,
            model,
            settings.upstream_timeout_s,
            settings.provider_path,
            settings.provider_ca,
            bearer_of(settings.provider_auth),
        )
    if settings.model_backend == "bedrock":
        from ragchat.bedrock import Bedrock  # noqa: PLC0415

        return Bedrock(model, settings.region, settings.upstream_timeout_s, settings.bedrock_endpoint)
    raise ValueError(f"RAG_MODEL_BACKEND={settings.model_backend}: want openai or bedrock")


class FallbackModel:
    """A smaller model where the first throttles before its first token; the answer says so."""

    def __init__(self, first: Model, second: Model, name: str) -> None:
        self._first, self._second, self._name = first, second, name

    async def stream(
        self, messages: list[dict[str, str]], max_tokens: int, request_id: str, generation: Generation
    ) -> AsyncIterator[str]:
        """Raises what the second raises."""
        try:
            async for text in self._first.stream(messages, max_tokens, request_id, generation):
                yield text
            return
        except ContractError as error:
            if error.code != "upstream_throttled" or generation.first_token is not None:
                raise
        generation.model, generation.degraded = self._name, True
        async for text in self._second.stream(messages, max_tokens, request_id, generation):
            yield text


class CachedModel:
    """Answers of another model, kept for a while; one tenant never gets another's."""

    def __init__(self, inner: Model, ttl_s: float) -> None:
        self._inner = inner
        self._kept: TtlCache[tuple[tuple[str, ...], Generation]] = TtlCache(ttl_s)

    async def stream(
        self, messages: list[dict[str, str]], max_tokens: int, request_id: str, generation: Generation
    ) -> AsyncIterator[str]:
        """The same texts at once where they are known; only whole answers are kept."""
        tenant, key = generation.tenant, json.dumps([messages, max_tokens])
        if found := self._kept.get(tenant, key):
            texts, before = found
            generation.first_token = generation.ended = time.perf_counter()
            generation.input_tokens, generation.output_tokens = before.input_tokens, before.output_tokens
            generation.cached_input_tokens = before.input_tokens
            generation.cached, generation.model, generation.degraded = True, before.model, before.degraded
            for text in texts:
                yield text
            return
        made: list[str] = []
        async for text in self._inner.stream(messages, max_tokens, request_id, generation):
            made.append(text)
            yield text
        self._kept.put(tenant, key, (tuple(made), generation))


class Provider:
    """One OpenAI-compatible endpoint; a connection a request, as a function has it."""

    def __init__(
        self,
        base_url: str,
        model: str,
        timeout_s: float,
        path: str = "/v1/chat/completions",
        ca: str | None = None,
        bearer: Bearer | None = None,
    ) -> None:
        """Raises ValueError for an address at which the key would cross a network in clear."""
        parts = urlsplit(base_url)
        self._host = parts.hostname or "127.0.0.1"
        self._tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._path = parts.path.rstrip("/") + path
        self._ca = ca
        self._bearer = bearer or bearer_of("key")
        if not self._tls and not stays_inside(self._host) and self._bearer.known:
            raise ValueError(f"RAG_PROVIDER_URL={base_url}: the key would cross the network in clear, want https://")
        self._model = model
        self._timeout_s = timeout_s

    async def stream(
        self, messages: list[dict[str, str]], max_tokens: int, request_id: str, generation: Generation
    ) -> AsyncIterator[str]:
        """Texts as they arrive; raises ContractError upstream_error or upstream_throttled."""
        try:
            async with asyncio.timeout(self._timeout_s):
                async for text in self._events(messages, max_tokens, request_id, generation):
                    yield text
        except TimeoutError:
            raise ContractError(502, "upstream_error", "the model did not answer in time", source="model") from None
        except (OSError, asyncio.IncompleteReadError, ValueError, KeyError, IndexError) as error:
            words = f"the model failed ({type(error).__name__})"
            raise ContractError(502, "upstream_error", words, source="model") from None
        finally:
            generation.ended = time.perf_counter()

    async def _events(
        self, messages: list[dict[str, str]], max_tokens: int, request_id: str, generation: Generation
    ) -> AsyncIterator[str]:
        key = await self._bearer.token()
        context = self._context if self._tls else None
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=context, limit=1 << 20)
        try:
            writer.write(self._head_and_body(messages, max_tokens, request_id, generation, key))
            status, headers = await _read_head(reader)
            if status != 200:
                raise _refusal(status, headers)
            async for line in _lines(_body(reader, headers)):
                if not line.startswith(b"data:"):
                    continue
                data = line[5:].strip()
                if data == b"[DONE]":
                    return
                chunk = json.loads(data)
                if usage := chunk.get("usage"):
                    _note_usage(usage, generation)
                for choice in chunk.get("choices") or []:
                    if text := (choice.get("delta") or {}).get("content"):
                        if generation.first_token is None:
                            generation.first_token = time.perf_counter()
                        yield text
            raise ContractError(502, "upstream_error", "the model's stream ended early", source="model")
        finally:
            writer.close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Made once: reading the system's authorities takes longer than a handshake."""
        return ssl.create_default_context(cadata=base64.b64decode(self._ca) if self._ca else None)

    def _head_and_body(
        self,
        messages: list[dict[str, str]],
        max_tokens: int,
        request_id: str,
        generation: Generation,
        key: str | None,
    ) -> bytes:
        body = json.dumps(
            {
                "model": self._model,
                "messages": messages,
                "max_tokens": max_tokens,
                "stream": True,
                "stream_options": {"include_usage": True},
            }
        ).encode()
        trace = f"traceparent: {generation.traceparent}\r\n" if generation.traceparent else ""
        auth = f"Authorization: Bearer {key}\r\n" if key else ""
        return (
            f"POST {self._path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Type: application/json\r\n"
            f"Accept: text/event-stream\r\nX-Request-Id: {request_id}\r\n{trace}{auth}Connection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode("latin-1") + body


def _note_usage(usage: dict[str, object], generation: Generation) -> None:
    def whole(value: object) -> int | None:
        return value if isinstance(value, int) else None

    generation.input_tokens = whole(usage.get("prompt_tokens"))
    generation.output_tokens = whole(usage.get("completion_tokens"))
    details = usage.get("prompt_tokens_details")
    generation.cached_input_tokens = whole(details.get("cached_tokens")) if isinstance(details, dict) else None


def _refusal(status: int, headers: dict[str, str]) -> ContractError:
    if status in (429, 503):
        try:
            retry = float(headers.get("retry-after", ""))
        except ValueError:
            retry = None
        return ContractError(503, "upstream_throttled", "the model throttled the request", retry, "model")
    return ContractError(502, "upstream_error", f"the model answered {status}", source="model")


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(head[0].split(" ", 2)[1]), headers


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[bytes]:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
        return
    while data := await reader.read(65536):
        yield data


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r")
    if rest:
        yield rest
