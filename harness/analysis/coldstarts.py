"""Cold starts as a population of their own: how often, how much slower, and where the time went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis import laws
from harness.analysis.coded import is_known, is_true
from harness.analysis.dataset import RunData
from harness.analysis.reports import reports_of
from harness.analysis.shares import share_of
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons.absence import FewProbePairs

PARTS = (
    "placement and process start",
    "imports and init",
    "service and first-request work",
    "retrieval",
    "model to its first token",
    "rest of the answer",
)
DEPLOYED = "new-version"  # how a control plane makes cold that is also a first start after a deployment
KINDS = ("deploy", "forced", "idle")


@dataclass(frozen=True)
class ColdShare:
    """Cold answers among those whose instance could be told."""

    target: str
    profile: str
    cold: int
    known: int
    unknown: int
    share: Known
    preinitialised: int  # first requests of instances that were born before them: nobody waited

    @property
    def per_thousand(self) -> float | None:
        return 1000 * self.cold / self.known if self.known else None


@dataclass(frozen=True)
class Penalty:
    """What a probe took beyond its warm control, the model's own time taken off both, in seconds."""

    target: str
    kind: str  # of KINDS
    probes: int
    cold: int
    refused: int
    preinitialised: int
    penalty_s: Known
    pairs: tuple[tuple[float, float, bool], ...]  # (probe, control) overheads in seconds, and whether it was cold
    methods: tuple[str, ...]  # how cold was made, in the control plane's words


@dataclass(frozen=True)
class Breakdown:
    """Mean seconds of probes by where they went; parts follow ``PARTS``."""

    target: str
    kind: str
    n: int
    parts_s: tuple[float, ...]
    platform_init_s: float | None  # the platform's own Init Duration, where REPORT lines carry it
    joined: int  # probes whose REPORT line was found


def share(target: str, profile: str, runs: Sequence[RunData]) -> ColdShare:
    """Over all measured answers of a profile."""
    rows = []
    for run in runs:
        chosen = run.measured & run.ok
        cold = run.columns["cold"][chosen]
        first = run.columns["instance_requests"][chosen] == 1
        true, known = is_true(cold), is_known(cold)
        rows.append((true.sum(), known.sum(), (~known).sum(), (known & ~true)[first].sum()))
    counts = np.array(rows or [(0, 0, 0, 0)])
    cold_n, told, unknown, early = (int(x) for x in counts.sum(axis=0))
    found = share_of(counts[:, 0], counts[:, 1]).estimate(0.95)
    return ColdShare(target, profile, cold_n, told, unknown, found, early)


def penalties(target: str, runs: Sequence[RunData]) -> tuple[Penalty, ...]:
    """First starts after a deployment, forced and idle probes, each against the control that follows it."""
    return tuple(_penalty(target, kind, runs) for kind in KINDS)


def _colds(run: RunData) -> list[dict[str, Any]]:
    said = (run.record.run or {}).get("experiment") if run.record else None
    return list(said["colds"]) if said else []


def _kind(run: RunData, phase: str) -> str:
    if phase != "forced":
        return phase
    return "deploy" if any(cold.get("kind") == DEPLOYED for cold in _colds(run)) else "forced"


def _penalty(target: str, kind: str, runs: Sequence[RunData]) -> Penalty:
    blocks: list[list[tuple[float, float, bool]]] = []
    probes = cold = refused = early = 0
    methods: dict[str, None] = {}
    for run in runs:
        phases, overhead, c = run.columns["phase"], run.overhead_s, run.columns
        pairs = []
        for k, phase in enumerate(phases):
            if _kind(run, str(phase)) != kind:
                continue
            probes += 1
            is_cold = c["cold"][k] is True
            cold += is_cold
            refused += not run.ok[k]
            early += c["cold"][k] is False and c["instance_requests"][k] == 1
            if k + 1 < len(phases) and phases[k + 1] == "control" and run.ok[k] and run.ok[k + 1]:
                pairs.append((float(overhead[k]), float(overhead[k + 1]), is_cold))
        if kind != "idle":
            methods |= {str(said.get("method") or said.get("error")): None for said in _colds(run)}
        blocks.append(pairs)
    flat = tuple(pair for pairs in blocks for pair in pairs)
    return Penalty(target, kind, probes, cold, refused, early, _mean_difference(blocks), flat, tuple(methods))


def _mean_difference(blocks: Sequence[Sequence[tuple[float, float, bool]]]) -> Known:
    """Mean of the blocks' mean differences, t over blocks: a difference may be negative, so no log."""
    means = np.array([np.mean([probe - control for probe, control, _ in b]) for b in blocks if b])
    means = means[~np.isnan(means)]
    k = len(means)
    if k < 2:
        return Unknown(FewProbePairs(k))
    half = laws.t_quantile(0.975, k - 1) * float(means.std(ddof=1)) / math.sqrt(k)
    value = float(means.mean())
    n = sum(len(b) for b in blocks)
    return Estimate(value, value - half, value + half, 0.95, n, k, "mean paired difference of overheads, t over runs")


def breakdown(target: str, kind: str, runs: Sequence[RunData], *, cold: bool) -> Breakdown | None:
    """Where the time of probes went, from instance headers and service timings; None without any.

    The instance is born at age 0, so placement and process start is the time from
    sending to its birth; init, retrieval and the model's time are what the service says.
    What is left is the service's own work: where a cold answer has more of it than a
    warm one, that is first-request work.
    """
    rows, inits = [], []
    joined = 0
    for run in runs:
        c = run.columns
        chosen = np.array([_kind(run, str(p)) == kind for p in c["phase"]], dtype=bool)
        chosen &= run.ok & np.array([v is cold for v in c["cold"]], dtype=bool)
        reports = reports_of(run)
        for k in np.flatnonzero(chosen):
            if (parts := _parts(run, int(k), cold=cold)) is None:
                continue
            rows.append(parts)
            report = reports.get(c["platform_request_id"][k])
            joined += report is not None
            if report is not None and report.init_ms is not None:
                inits.append(report.init_ms / 1000)
    if not rows:
        return None
    means = tuple(float(x) for x in np.mean(rows, axis=0))
    return Breakdown(target, kind, len(rows), means, float(np.mean(inits)) if inits else None, joined)


def _parts(run: RunData, k: int, *, cold: bool) -> tuple[float, ...] | None:
    """Seconds of one answer in the order of ``PARTS``; None where the model's time is not known."""
    c = run.columns

    def said_s(name: str) -> float:
        value = float(c[name][k]) / 1000
        return 0.0 if math.isnan(value) else value

    if math.isnan(c["generation_ms"][k]):
        return None
    total = float(c["finished_s"][k] - c["sent_s"][k])
    to_head = float(c["headers_s"][k] - c["sent_s"][k])
    birth = max(0.0, to_head - said_s("instance_age_ms")) if cold else 0.0
    init = said_s("init_ms") if cold else 0.0
    retrieval, ttft = said_s("retrieval_ms"), said_s("model_ttft_ms")
    rest = max(0.0, said_s("generation_ms") - ttft)
    return birth, init, max(0.0, total - birth - init - retrieval - ttft - rest), retrieval, ttft, rest
