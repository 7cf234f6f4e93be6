"""Spans of one answer by OpenTelemetry, where RAG_OTLP says so: off unless it does, for importing it takes a cold start's time.

The SDK reads its own OTEL_* variables: where to send, which headers, what the service is called.
"""

from __future__ import annotations

import time
from typing import Any

REQUEST_ID = "http.request.header.x-request-id"


class Trace:
    """One request that nobody traces; ``traceparent`` is what the next service is told."""

    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent

    def step(self, name: str, started_s: float, ended_s: float | None) -> None:
        """A part of the request, by two instants of ``time.perf_counter``; one that never ended is none."""

    def end(self) -> None:
        """The request is over."""


class Tracing:
    """Traces nothing and hands the client's own context on."""

    def begin(self, traceparent: str | None, request_id: str) -> Trace:
        del request_id
        return Trace(traceparent)

    def close(self) -> None:
        """Nothing is kept back."""


class _Spans(Trace):
    def __init__(self, tracing: OtlpTracing, traceparent: str | None, request_id: str) -> None:
        self._of = tracing
        parent = tracing.carried.extract({"traceparent": traceparent} if traceparent else {})
        self._span = tracing.tracer.start_span("POST /v1/chat", context=parent)
        self._span.set_attribute(REQUEST_ID, request_id)
        self._inside = tracing.api.set_span_in_context(self._span)
        carrier: dict[str, str] = {}
        tracing.carried.inject(carrier, context=self._inside)
        super().__init__(carrier.get("traceparent"))
        self._offset_ns = time.time_ns() - time.perf_counter_ns()

    def step(self, name: str, started_s: float, ended_s: float | None) -> None:
        if ended_s is None:
            return
        span = self._of.tracer.start_span(name, context=self._inside, start_time=self._ns(started_s))
        span.end(end_time=self._ns(ended_s))

    def end(self) -> None:
        self._span.end()

    def _ns(self, instant_s: float) -> int:
        return round(instant_s * 1e9) + self._offset_ns


class OtlpTracing(Tracing):
    """Spans by the SDK, sent in batches from a thread of their own."""

    def __init__(self) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - only where it is asked for
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        self.api: Any = trace
        self.carried: Any = TraceContextTextMapPropagator()
        self._provider: Any = TracerProvider(resource=Resource.create({"service.name": "rag-chat"}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self.tracer: Any = self._provider.get_tracer("ragchat")

    def begin(self, traceparent: str | None, request_id: str) -> Trace:
        return _Spans(self, traceparent, request_id)

    def close(self) -> None:
        self._provider.shutdown()


def tracing_of(*, on: bool) -> Tracing:
    """By OpenTelemetry where it is on."""
    return OtlpTracing() if on else Tracing()
