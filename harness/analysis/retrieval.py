"""Retrieval as a workload of its own: is the known passage found, how fast, and what the store sustains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis import slo
from harness.analysis.capacity import Capacity, capacity, search_of
from harness.analysis.columns import Array
from harness.analysis.dataset import RunData
from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import percentile
from harness.analysis.shares import share_of
from harness.domain.estimate import Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons.absence import NoKnownPassages, RerankUntold, RetrievalUntold
from harness.domain.verdict import Slo, SloVerdict

AT = (1, 3)  # ranks at which the hit rate is told beside that of all passages asked for
SHARE_OF_P95 = 0.95


@dataclass(frozen=True)
class Hits:
    """Share of answers to questions with known passages that hold one of them among the first ``k``; None: all asked for."""

    k: int | None
    share: Known


@dataclass(frozen=True)
class Retrieval:
    """One target under one profile of requests for passages; the hit rate is of answers, failures are told apart."""

    target: str
    profile: str
    asked: int
    answered: int
    hits: tuple[Hits, ...]
    p95_s: Known
    error_share: Known
    search_p95_ms: Known  # the service's own time in the store
    rerank_p95_ms: Known
    promise: SloVerdict | None  # of the profile's own p95, where it has one


@dataclass(frozen=True)
class StoreLimit:
    """What the capacity search of requests for passages found; ``in_flight``: most at once in the highest kept step."""

    found: Capacity
    in_flight: int | None


def retrieval(
    target: str, profile: str, runs: Sequence[RunData], limit_s: float | None, confidence: float = 0.95
) -> Retrieval:
    """``limit_s`` is the p95 that this profile is held to, None for no promise."""
    answers = [r.measured & r.ok for r in runs]
    return Retrieval(
        target,
        profile,
        asked=sum(int(r.measured.sum()) for r in runs),
        answered=sum(int(a.sum()) for a in answers),
        hits=tuple(Hits(k, _hit_rate(runs, answers, k)) for k in (*AT, None)),
        p95_s=slo.measured("p95_s", runs, confidence=confidence),
        error_share=slo.measured("error_rate", runs, confidence=confidence),
        search_p95_ms=_told(runs, answers, "retrieval_ms", RetrievalUntold()),
        rerank_p95_ms=_told(runs, answers, "rerank_ms", RerankUntold()),
        promise=None
        if limit_s is None
        else slo.verdict(target, profile, Slo("p95 of retrieval", "p95_s", limit_s, "s"), runs, confidence=confidence),
    )


def store_limit(target: str, runs: Sequence[RunData]) -> StoreLimit:
    """Every search of one target together."""
    found = capacity(target, runs)
    most = [n for run in runs if (n := _most_at_once(run)) is not None]
    return StoreLimit(found, max(most, default=None))


def _hit_rate(runs: Sequence[RunData], answers: Sequence[Array], k: int | None) -> Known:
    told = [a & ~np.isnan(r.columns["hits"]) for r, a in zip(runs, answers, strict=True)]
    n = np.array([float(t.sum()) for t in told])
    if not n.sum():
        return Unknown(NoKnownPassages(), 0, len(runs))
    ranks = [r.columns["hit_rank"] for r in runs]  # nan where none came: never within any k
    hits = [t & (rank <= (np.inf if k is None else k)) for rank, t in zip(ranks, told, strict=True)]
    return share_of(np.array([float(h.sum()) for h in hits]), n).estimate(0.95)


def _told(runs: Sequence[RunData], answers: Sequence[Array], name: str, lack: Reason) -> Known:
    """The p95 of a time that answers tell; of those that do."""
    told = [np.asarray(r.columns[name], dtype=float)[a] for r, a in zip(runs, answers, strict=True)]
    told = [values[~np.isnan(values)] for values in told]
    if not sum(len(values) for values in told):
        return Unknown(lack, 0, len(runs))
    return percentile(Pooled(told), SHARE_OF_P95, 0.95)


def _most_at_once(run: RunData) -> int | None:
    """In the highest kept step; None where none was kept."""
    kept = [s for s in search_of(run) if s["kept"]]
    if not kept:
        return None
    phase = max(kept, key=lambda s: float(s["rate"]))["phase"]
    here = (run.columns["phase"] == phase) & ~np.isnan(run.columns["sent_s"]) & ~np.isnan(run.columns["finished_s"])
    began, ended = np.sort(run.columns["sent_s"][here]), np.sort(run.columns["finished_s"][here])
    at_once = np.arange(1, len(began) + 1) - np.searchsorted(ended, began, side="right")
    return int(at_once.max()) if len(at_once) else None
