"""The Sample: what happened to one arrival, exactly one per arrival, whatever went wrong."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any


class Outcome(StrEnum):
    """How one arrival ended; ``OK`` is the only success."""

    OK = "ok"
    THROTTLED = "throttled"
    UPSTREAM_THROTTLED = "upstream_throttled"
    OVERLOADED = "overloaded"
    UPSTREAM_ERROR = "upstream_error"
    UNAUTHORIZED = "unauthorized"
    REJECTED = "rejected"
    TIMEOUT = "timeout"
    SERVER_ERROR = "server_error"
    CONNECTION_ERROR = "connection_error"
    CUT_STREAM = "cut_stream"
    BAD_CONTRACT = "bad_contract"
    ABORTED = "aborted"
    NOT_SENT = "not_sent"
    LOST = "lost"


REFUSALS = frozenset({Outcome.THROTTLED, Outcome.OVERLOADED, Outcome.UPSTREAM_THROTTLED})
# Turned away at the door, or never there: no code ran. An upstream's refusal is none of them: the runtime worked and waited.
UNBILLED = frozenset(
    {Outcome.THROTTLED, Outcome.OVERLOADED, Outcome.UNAUTHORIZED, Outcome.CONNECTION_ERROR, Outcome.NOT_SENT}
)


class Layer(StrEnum):
    """Who failed the request."""

    GENERATOR = "generator"
    NETWORK = "network"
    PLATFORM = "platform"
    SERVICE = "service"
    PROVIDER = "provider"


@dataclass(slots=True)
class Sample:
    """A row of samples.parquet, filled in while its request is under way.

    ``*_s`` are seconds from the run's start on one monotonic clock, except
    ``connect_s`` and its parts ``dns_s`` and ``tls_s``, ``max_gap_s`` and
    ``retry_after_s``, which are durations. What did not happen or is not known
    is None. With retries ``sent_s`` is the first attempt's, everything else the
    last one's, and ``attempt_log`` has them all.
    """

    seq: int
    phase: str
    measured: bool
    question_id: str
    stream: bool
    scheduled_s: float
    sent_s: float | None = None
    conn_reused: bool | None = None
    connect_s: float | None = None
    headers_s: float | None = None
    first_token_s: float | None = None
    last_token_s: float | None = None
    finished_s: float | None = None
    outcome: str = Outcome.NOT_SENT
    status: int | None = None
    retry_after_s: float | None = None
    token_events: int | None = None
    max_gap_s: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    bytes: int | None = None
    cold: bool | None = None
    instance_id: str | None = None
    instance_requests: int | None = None
    instance_age_ms: float | None = None
    init_type: str | None = None
    request_id: str | None = None
    answer_digest: str | None = None
    citations: str | None = None
    cold_first: bool | None = None
    platform_request_id: str | None = None
    error_code: str | None = None
    layer: str | None = None
    attempts: int = 0
    init_ms: float | None = None
    queue_ms: float | None = None
    retrieval_ms: float | None = None
    model_ttft_ms: float | None = None
    generation_ms: float | None = None
    worker: int | None = None
    detail: str | None = None
    dns_s: float | None = None
    tls_s: float | None = None
    token_reads: int | None = None  # reads from the socket that carried generated text
    top_k: int | None = None  # as the arrival asks; None: as the question has it
    prompt_tokens: int | None = None
    session: int | None = None
    turn: int | None = None
    lane: int | None = None  # which independent copy of the target; None: the target itself
    refused_by: str | None = None  # what refused it, as far as its answer tells: runtime, gateway, provider, …
    attempt_log: str | None = None  # JSON, a list per attempt: ATTEMPT_COLUMNS; None after a single one
    held_up: bool | None = None  # sent late because requests of a hanging target held every slot; None: it was not
    first_reasoning_s: float | None = None  # of a stream: what the model thinks, which is not its answer
    reasoning_tokens: int | None = None
    answer_kind: str | None = None  # text, tool_calls, refusal; None for a failure
    resent: bool | None = None  # again at once on a new connection: the kept-alive one was closed; None: it was not
    model: str | None = None  # that answered, as the answer says
    cached_tokens: int | None = None  # of input_tokens, those that the provider had read before
    tenant: str | None = None  # that the arrival belongs to
    route: str | None = (
        None  # the side of a router that answered; None: the target is no router, or none of its sides answered
    )
    route_from: str | None = None  # the side that refused it before the other one was asked; None: it was asked of one
    router_ms: float | None = None  # of the router's own work before the head, a side that refused first included
    cached: bool | None = None  # the whole answer came from a cache; None: the answer does not say
    degraded: bool | None = None  # by another model than the target's own, or as it says itself; None: can't be told
    evaluated: bool | None = None  # asked a question of the evaluation set; None: one of the questions file
    passed: bool | None = None  # the evaluation's checks of this answer; None: nothing to check, or it can't be told
    missed: str | None = None  # the checks that it failed, as "cite 1, say 2"
    hits: int | None = None  # of the passages known to answer the question, those that came; None: none are known
    hit_rank: int | None = None  # place of the first of them, from 1; None: none came, or none are known
    rerank_ms: float | None = None
    instance_memory_mb: float | None = None  # the most that the instance had held, as its answer says

    def row(self) -> tuple[Any, ...]:
        """Values in the order of ``COLUMNS``."""
        return _row(self)


COLUMNS = tuple(field.name for field in dataclasses.fields(Sample))
ATTEMPT_COLUMNS = ("sent_s", "headers_s", "finished_s", "outcome", "status", "retry_after_s")
_row = attrgetter(*COLUMNS)
