"""Columns and versions of every evidence file; the names are fixed, others read them."""

from __future__ import annotations

from harness.domain.sample import COLUMNS

RUN_VERSION = 1
SAMPLES_VERSION = 1
GENERATOR_VERSION = 1
LEDGER_VERSION = 1
TARGET_VERSION = 1

_INTEGERS = frozenset(
    {
        "seq",
        "status",
        "token_events",
        "input_tokens",
        "output_tokens",
        "bytes",
        "instance_requests",
        "attempts",
        "worker",
        "token_reads",
        "top_k",
        "prompt_tokens",
        "session",
        "turn",
        "lane",
    }
)
_BOOLEANS = frozenset({"measured", "stream", "conn_reused", "cold", "cold_first", "held_up"})
_TEXTS = frozenset(
    {
        "phase",
        "question_id",
        "outcome",
        "instance_id",
        "init_type",
        "request_id",
        "answer_digest",
        "citations",
        "platform_request_id",
        "error_code",
        "layer",
        "detail",
        "attempt_log",
        "refused_by",
    }
)


def kind(column: str) -> str:
    """``int``, ``bool``, ``text`` or ``float``."""
    if column in _INTEGERS:
        return "int"
    if column in _BOOLEANS:
        return "bool"
    return "text" if column in _TEXTS else "float"


SAMPLE_KINDS = {column: kind(column) for column in COLUMNS}

GENERATOR_KINDS = {
    "second": "int",
    "worker": "int",
    "loop_lag_max_s": "float",
    "cpu_pct": "float",
    "in_flight": "int",
    "sockets_open": "int",
    "gc_pause_s": "float",
    "sent": "int",
    "machine_cpu_pct": "float",
}
