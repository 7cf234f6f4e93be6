"""Single requests to look up: the slowest answers and the first failures, with where their time went and their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from harness.analysis.dataset import RunData
from harness.decision.findings import Findings
from harness.report import words
from harness.report.blocks import Table, table
from harness.report.columns import milliseconds, plain, profile, seconds, target, text, word

SLOWEST, FAILED = 3, 2  # of each target under each profile
PARTS = ("queue_ms", "retrieval_ms", "model_ttft_ms", "generation_ms")


def slowest(findings: Findings, names: Mapping[str, str]) -> Table:
    """A row a request; empty without an answer or a failure."""
    data = findings.data
    rows = [
        row for name in data.profiles for folder in dict.fromkeys(data.targets) for row in _worst(data.of(folder, name))
    ]
    shown = (
        profile(),
        target(names),
        plain("block", "block"),
        plain("seq", "seq"),
        word("outcome", write=words.outcome),
        seconds("response time", "response_s", lack="no answer"),
        milliseconds("sent late (ms)", "lag_s", lack="not sent"),
        milliseconds("connecting (ms)", "connect_s", lack="connection reused"),
        *(milliseconds(head, f"{part.removesuffix('_ms')}_s", lack="not reported") for head, part in _HEADS),
        text("cold", lack="not reported"),
        text("request id", lack="none"),
    )
    note = (
        f"Of each target under each profile the {SLOWEST} slowest answers and the first {FAILED} failures. Each is a row of its "
        "run's samples.parquet; the id finds it in the platform's logs and traces."
    )
    return table("slowest", "Slowest answers and first failures", shown, rows, note)


_HEADS = (
    ("in a queue (ms)", "queue_ms"),
    ("retrieval (ms)", "retrieval_ms"),
    ("model to first token (ms)", "model_ttft_ms"),
    ("generation (ms)", "generation_ms"),
)


def _worst(runs: list[RunData]) -> Iterator[tuple[Any, ...]]:
    """Of all runs of one target under one profile."""
    good = [(float(r.response_s[k]), n, int(k)) for n, r in enumerate(runs) for k in _last(r)]
    bad = [(n, int(k)) for n, r in enumerate(runs) for k in np.flatnonzero(r.measured & ~r.ok)[:FAILED]]
    picked = [(n, k) for _, n, k in sorted(good, reverse=True)[:SLOWEST]]
    for n, k in picked + bad[:FAILED]:
        yield _row(runs[n], k)


def _last(run: RunData) -> list[int]:
    """Its slowest answers."""
    answered = np.flatnonzero(run.measured & run.ok)
    order = np.argsort(run.response_s[answered], kind="stable")
    return [int(k) for k in answered[order[-SLOWEST:]]]


def _row(run: RunData, k: int) -> tuple[Any, ...]:
    def known(name: str) -> float | None:
        value = run.columns[name][k]
        return None if value is None or value != value else float(value)  # noqa: PLR0124 - nan is no number

    sent, due, cold = known("sent_s"), known("scheduled_s") or 0.0, run.columns["cold"][k]
    return (
        run.profile,
        run.target,
        run.block,
        int(run.columns["seq"][k]),
        str(run.columns["outcome"][k]),
        float(run.response_s[k]) if run.ok[k] else None,
        None if sent is None else sent - due,
        known("connect_s"),
        *(None if (ms := known(part)) is None else ms / 1000 for part in PARTS),
        None if cold is None else "yes" if cold else "no",
        run.columns["request_id"][k],
    )
