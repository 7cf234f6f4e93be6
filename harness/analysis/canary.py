"""What a canary showed: at each step of the split how many requests were bad, and how long until they were as few as before.

A request is bad that failed, was cut or was degraded: said so, came from another model than the target's own, or cites less
than the answers before the canary to the same question, as in every run (``usual``). It belongs to the step in which it was
due. Intervals are Clopper and Pearson's over the step's requests, which one run has taken as independent. A step has
recovered at the first instant after which its bad share is not shown to be larger than before the canary (Fisher's exact
test, one-sided, 5 %); fewer than ``LEAST_TAIL`` requests, or less than a fifth of the step, show nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from harness.analysis import laws
from harness.analysis.coded import is_known, is_true
from harness.analysis.columns import Array, Chosen, Column
from harness.analysis.dataset import RunData, read
from harness.analysis.usual import DEGRADED, FULL, Usual
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons import absence
from harness.domain.sample import Outcome
from harness.evidence.store import RunRecord, Store

ALPHA, LEAST_TAIL, LEAST_SHARE = 0.05, 20, 0.2
COLUMNS = (
    *("measured", "scheduled_s", "finished_s", "outcome", "route", "degraded"),
    *("model", "cold", "question_id", "citations", "top_k"),  # what tells an answer that is less than the target's own
)


@dataclass(frozen=True)
class Step:
    """One share of the split; ``drained_s``: of the way back, until the last answer of the side had ended."""

    share: float
    seconds: float
    requests: int
    by_side: int
    failed: Known
    cut: Known
    degraded: Known
    p95_s: float | None  # of those that were answered, at its own rate: one run has no interval
    recovered_s: Known
    drained_s: float | None = None


@dataclass(frozen=True)
class Canary:
    """One canary; ``valid``: the generator did its part. Steps that never began are not among them."""

    target: str
    side: str
    folder: str
    valid: bool
    steps: tuple[Step, ...]
    planned: int


def latest(store: Store) -> Canary | None:
    """Of the last one that was driven; None where none was."""
    driven = [one for one in store.canaries() if one.canary() is not None]
    return canary(driven[-1]) if driven else None


def canary(store: Store) -> Canary | None:
    """From its files alone; None where its run left no samples."""
    content, plan = store.canary(), store.plan()
    if content is None or plan is None:
        return None
    record = store.record(plan.runs[0], 1)
    if record is None or not (record.path / "samples.parquet").exists():
        return None
    columns = graded(content, record, read(record.path, COLUMNS))
    steps = told(content, columns, float((record.run or {}).get("elapsed_s") or math.inf))
    return Canary(
        str(content["target"]), str(content["side"]), store.root.name, record.valid, steps, len(content["steps"])
    )


def graded(content: Mapping[str, Any], record: RunRecord, columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns, ``degraded`` by the rule of every run; the answers before the canary are the usual ones."""
    begun = [float(s["changed_s"]) for s in content["steps"] if s.get("changed_s") is not None]
    end = begun[1] if len(begun) > 1 else math.inf
    run = RunData(1, str(content["target"]), "canary", record, columns)
    before = replace(run, columns=Chosen(columns, np.asarray(columns["scheduled_s"] < end, dtype=bool)))
    quality = Usual([before]).degraded(run)
    flags = np.full(len(quality), None, dtype=object)
    flags[quality == FULL], flags[quality == DEGRADED] = False, True
    return {**columns, "degraded": flags}


def told(content: Mapping[str, Any], columns: Mapping[str, Array], elapsed_s: float) -> tuple[Step, ...]:
    """Every step that began, in order; ``columns`` of the whole run."""
    begun = [(float(s["share"]), float(s["changed_s"])) for s in content["steps"] if s.get("changed_s") is not None]
    ends = [at for _, at in begun[1:]] + [max(begun[-1][1], elapsed_s)] if begun else []
    before: tuple[int, int] | None = None
    out: list[Step] = []
    for (share, start), end in zip(begun, ends, strict=True):
        rows = (columns["scheduled_s"] >= start) & (columns["scheduled_s"] < end)
        last = len(out) == len(content["steps"]) - 1
        step = _step(share, start, columns, np.asarray(rows, dtype=bool), before, str(content["side"]), last=last)
        if before is None:
            bad = _bad(columns)[rows]
            before = int(bad.sum()), len(bad)
        out.append(step)
    return tuple(out)


def _step(
    share: float,
    start: float,
    columns: Mapping[str, Array],
    rows: Array,
    before: tuple[int, int] | None,
    side: str,
    *,
    last: bool,
) -> Step:
    ok = np.asarray(columns["outcome"] == Outcome.OK.value, dtype=bool)
    cut = np.asarray(columns["outcome"] == Outcome.CUT_STREAM.value, dtype=bool)
    by_side = np.asarray(columns["route"] == side, dtype=bool)
    waited = (columns["finished_s"] - columns["scheduled_s"])[rows & ok]
    ended = columns["finished_s"][by_side & (columns["scheduled_s"] < start)]
    drained = float(np.nanmax(ended)) - start if last and len(ended) and not np.isnan(ended).all() else None
    seen = float(np.nanmax(columns["scheduled_s"][rows])) - start if rows.any() else 0.0
    return Step(
        share,
        round(seen, 3),
        int(rows.sum()),
        int((rows & by_side).sum()),
        _share(~ok[rows]),
        _share(cut[rows]),
        _share(is_true(columns["degraded"])[rows & ok & is_known(columns["degraded"])], absence.NoQuality()),
        float(np.quantile(waited, 0.95, method="inverted_cdf")) if len(waited) else None,
        recovered(columns, rows, start, before),
        None if drained is None else max(0.0, drained),
    )


def _share(hits: Array, lack: Reason | None = None) -> Known:
    n, hit = len(hits), int(hits.sum())
    if not n:
        return Unknown(lack or absence.NoRequests())
    low, high = laws.clopper_pearson(hit, n, 0.95)
    return Estimate(hit / n, low, high, 0.95, n, 1, "Clopper-Pearson over the requests of one run")


def _bad(columns: Mapping[str, Array]) -> Array:
    bad: Array = ~np.asarray(columns["outcome"] == Outcome.OK.value, dtype=bool)
    return bad | is_true(columns["degraded"])


def recovered(columns: Mapping[str, Array], rows: Array, start: float, before: tuple[int, int] | None) -> Known:
    """Seconds from the change until the last bad answer after which they are as few as before; 0: they never were more."""
    if before is None:
        return Unknown(absence.NothingBefore())
    order = np.argsort(columns["scheduled_s"][rows], kind="stable")
    bad = _bad(columns)[rows][order]
    ends = np.fmax(columns["finished_s"], columns["scheduled_s"])[rows][order]
    n, left = len(bad), int(bad.sum())
    least = max(LEAST_TAIL, math.ceil(LEAST_SHARE * n))
    if n < least or before[1] < LEAST_TAIL:
        return Unknown(absence.FewRequestsOf(min(n, before[1]), least), n)
    last_s = 0.0
    for k in range(n - least + 1):
        if k and bad[k - 1]:
            left -= 1
            last_s = max(last_s, float(ends[k - 1]) - start)
        elif k:
            continue
        if not more_than_before(left, n - k, *before):
            return Estimate(
                max(0.0, last_s), None, None, 0.95, n, 1, "the last bad answer before they are as few as before"
            )
    return Unknown(absence.NotRecovered(round(float(columns["scheduled_s"][rows].max()) - start, 1)), n)


def more_than_before(bad: int, n: int, bad_before: int, n_before: int) -> bool:
    """Fisher's exact test, one-sided: whether ``bad`` of ``n`` are shown to be a larger share."""
    whole = bad + bad_before
    if not bad or bad / n <= bad_before / n_before:
        return False
    every = math.lgamma(n + n_before + 1) - math.lgamma(whole + 1) - math.lgamma(n + n_before - whole + 1)

    def chosen(of: int, k: int) -> float:
        return math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)

    terms = (
        chosen(n, k) + chosen(n_before, whole - k) - every
        for k in range(bad, min(n, whole) + 1)
        if whole - k <= n_before
    )
    return math.fsum(math.exp(term) for term in terms) < ALPHA
