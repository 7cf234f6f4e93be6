"""What the runs of one target say of the parts of its answers, of its starts and of how far it was driven."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis.coded import is_true
from harness.analysis.columns import Array
from harness.analysis.dataset import RunData
from harness.domain.experiments.belief import StepVerdict
from harness.predict.shared_machine import Spans

CONTROL = "control"
PEAK_S = 10.0  # a rate is what this long saw
MINUTE_S, SURELY = 60.0, 3.0  # and what it sustained, less so many deviations of a count


@dataclass(frozen=True)
class Parts:
    """Warm answers of one run, seconds; arrays of one order.

    ``runtime_s`` is the answer from its send without the platform's queue and the model's own time, ``model_s`` that
    time; ``*_first_s`` the same up to the first token, nan of whole answers.
    """

    block: int
    profile: str
    runtime_s: Array
    model_s: Array
    runtime_first_s: Array
    model_first_s: Array
    told: bool  # the service says its model's time; else it is all the runtime's
    failed: int  # measured requests that failed otherwise than by a refusal: no fleet of any size would have helped
    asked: int

    def __len__(self) -> int:
        return len(self.runtime_s)


@dataclass(frozen=True)
class Starts:
    """What cold answers took beyond warm ones of the same run, by why the instance was started."""

    block: int
    profile: str
    cause: str  # deploy, forced, idle, zero, traffic or burst
    beyond_s: Array
    work_s: Array | None = None  # by itself on the machine that it shared; None: it shared none

    @property
    def alone_s(self) -> Array:
        """As if nothing else ran on its machine."""
        return self.beyond_s if self.work_s is None else self.work_s


@dataclass(frozen=True)
class Driven:
    """How far a target was driven: what lies beyond any of these, nobody has seen."""

    per_s: float  # the fullest ten seconds that were asked of it
    sustained_per_s: float  # a whole run's mean, or a minute's with what chance may have added taken off
    in_flight: int  # answered, at one instant
    instances: int | None  # that answered at one instant; None where no answer names its instance
    refused_from: int | None  # the fewest in progress at which its platform refused; None: it never did
    refused: int
    kept_per_s: float | None  # the highest step of a search that was kept
    per_active_per_s: (
        float | None
    )  # the most answers of a run for each second that one of its instances had some in hand
    n: int


def parts(run: RunData) -> Parts | None:
    """Of the measured answers that met no cold instance; None without any."""
    c = run.columns
    warm = run.ok & run.measured & ~is_true(c["cold"])
    if not warm.any():
        return None
    sent = np.asarray(c["sent_s"], dtype=float)[warm]
    queue = _seconds(c, "queue_ms")[warm]
    model, first_model = (_told(c, name)[warm] for name in ("generation_ms", "model_ttft_ms"))
    told = bool(np.isfinite(model).mean() > 0.5)
    model = np.nan_to_num(model) if told else np.zeros(len(sent))
    whole = np.asarray(c["finished_s"], dtype=float)[warm] - sent - queue
    first = np.asarray(c["first_token_s"], dtype=float)[warm] - sent - queue
    first = np.where(np.asarray(c["stream"], dtype=bool)[warm], first, math.nan)
    if told:
        first_model = np.where(np.isfinite(first_model), first_model, np.minimum(model, first))
    else:
        first_model = np.where(np.isfinite(first), 0.0, math.nan)
    return Parts(
        run.block,
        run.profile,
        np.maximum(0.0, whole - model),
        np.minimum(model, whole),
        np.maximum(0.0, first - first_model),
        np.minimum(first_model, first),
        told,
        int((run.measured & ~run.ok & ~run.refused).sum()),
        int(run.measured.sum()),
    )


def starts(run: RunData, paced: str = "traffic", work_s: Array | None = None) -> list[Starts]:
    """Probes against the warm control after them; elsewhere cold answers against the run's own warm ones.

    ``paced`` is the cause of those: starts of a burst come side by side, and may take longer. ``work_s`` of each arrival
    is what its start would have taken by itself.
    """
    c, beyond = run.columns, run.overhead_s
    if not np.isfinite(beyond[run.ok]).any():
        beyond = run.response_s  # nobody says the model's time: it is in both
    cold = run.ok & is_true(c["cold"]) & np.isfinite(beyond)
    phases = [str(p) for p in c["phase"]]
    if CONTROL in phases:
        return _probes(run, phases, cold, beyond, work_s)
    warm = beyond[run.ok & ~is_true(c["cold"]) & np.isfinite(beyond)]
    if not cold.any() or not len(warm):
        return []
    cause = "zero" if any(p.startswith("zero-") for p in phases) else paced
    took_s = np.maximum(0.0, beyond[cold] - float(np.median(warm)))
    return [Starts(run.block, run.profile, cause, took_s, None if work_s is None else work_s[cold])]


def _probes(run: RunData, phases: Sequence[str], cold: Array, beyond: Array, work_s: Array | None) -> list[Starts]:
    found: dict[str, list[int]] = {}
    for k in np.flatnonzero(cold).tolist():
        follows = k + 1 < len(phases) and phases[k + 1] == CONTROL and run.ok[k + 1] and math.isfinite(beyond[k + 1])
        if follows and phases[k] != CONTROL:
            found.setdefault(phases[k], []).append(k)
    return [
        Starts(
            *(run.block, run.profile, cause, np.array([max(0.0, float(beyond[k] - beyond[k + 1])) for k in which])),
            None if work_s is None else work_s[which],
        )
        for cause, which in found.items()
    ]


def spans(run: RunData, warm_s: float) -> tuple[Spans, Array]:
    """When starts and answers of a run were in progress; and which arrivals were cold, in the order of the starts.

    An answer takes ``warm_s`` beside the model's time; what a cold one took beyond that was its start.
    """
    c = run.columns
    cold = run.ok & is_true(c["cold"])
    sent, ended = (np.asarray(c[name], dtype=float) for name in ("sent_s", "finished_s"))
    began = np.where(cold, np.maximum(sent, ended - np.nan_to_num(_told(c, "generation_ms")) - warm_s), sent)
    return Spans(sent[cold], began[cold], began[run.ok], ended[run.ok]), cold


def own_s(run: RunData, chosen: Array) -> Array:
    """The runtime's own time of those warm answers: without the model's, where it is told, and the platform's queue."""
    c = run.columns
    warm = run.ok & chosen & ~is_true(c["cold"])
    took = np.asarray(c["finished_s"], dtype=float) - np.asarray(c["sent_s"], dtype=float) - _seconds(c, "queue_ms")
    found: Array = np.maximum(0.0, took - np.nan_to_num(_told(c, "generation_ms")))[warm]
    return found[np.isfinite(found)]


def beside_the_model_s(runs: Sequence[RunData]) -> float:
    """Median of warm answers, from the send and without the model's time where that is told; 0 without any."""
    of = [parts_.runtime_s for run in runs if (parts_ := parts(run)) is not None]
    return float(np.median(np.concatenate(of))) if of else 0.0


def warm_at_start(run: RunData) -> int:
    """Instances that answered, and whose first answer of the run was warm: they were there before it."""
    c = run.columns
    order = np.argsort(np.nan_to_num(np.asarray(c["sent_s"], dtype=float), nan=np.inf))
    first: dict[str, bool] = {}
    for k in order.tolist():
        if run.ok[k] and c["instance_id"][k] is not None:
            first.setdefault(str(c["instance_id"][k]), c["cold"][k] is False)
    return sum(first.values())


def driven(runs: Sequence[RunData]) -> Driven:
    """Over every run of one target, searches and probes too."""
    per_s, sustained, in_flight, refused_from, n = 0.0, 0.0, 0, math.inf, 0
    instances: list[int] = []
    refused = 0
    kept: list[float] = []
    dense: list[float] = []
    for run in runs:
        c = run.columns
        due = np.sort(np.asarray(c["scheduled_s"], dtype=float))
        n += len(due)
        if len(due):
            within = np.searchsorted(due, due + PEAK_S, side="left") - np.arange(len(due))
            length = max(PEAK_S, float(due[-1] - due[0]))
            per_s = max(per_s, len(due) / length if length < 2 * PEAK_S else float(within.max()) / PEAK_S)
            minute = float((np.searchsorted(due, due + MINUTE_S, side="left") - np.arange(len(due))).max())
            sure = max(0.0, minute - SURELY * math.sqrt(minute)) / MINUTE_S
            sustained = max(sustained, len(due) / length, sure if length > MINUTE_S else 0.0)
        sent, ended = (np.asarray(c[name], dtype=float) for name in ("sent_s", "finished_s"))
        in_flight = max(in_flight, _most_at_once(sent[run.ok], ended[run.ok]))
        if (spans := _spans(run)) is not None:
            instances.append(_most_at_once(*spans))
            if not steps(run) and (active_s := float((spans[1] - spans[0]).sum())) > 0:
                dense.append(int(run.ok.sum()) / active_s)
        by_platform = run.refused & (c["layer"] == "platform")
        refused += int(by_platform.sum())
        for at in sent[by_platform & ~np.isnan(sent)]:
            refused_from = min(refused_from, int(((sent < at) & (ended > at) & run.ok).sum()))
        kept += [float(s["rate"]) for s in steps(run) if s.get("verdict") == StepVerdict.KEPT.value]
    return Driven(
        per_s,
        sustained,
        in_flight,
        max(instances, default=None),
        None if math.isinf(refused_from) else int(refused_from),
        refused,
        max(kept, default=None),
        max(dense, default=None),
        n,
    )


def steps(run: RunData) -> Sequence[Mapping[str, Any]]:
    """Of a capacity search, as its record has them; none of any other run."""
    said = (run.record.run or {}).get("experiment") if run.record else None
    return said["steps"] if said and said.get("kind") == "capacity" else ()


def _most_at_once(begins: Array, ends: Array) -> int:
    known = ~np.isnan(begins) & ~np.isnan(ends)
    if not known.any():
        return 0
    up, down = np.sort(begins[known]), np.sort(ends[known])
    return int((np.arange(1, len(up) + 1) - np.searchsorted(down, up, side="right")).max())


def _spans(run: RunData) -> tuple[Array, Array] | None:
    """Beginnings and ends of the stretches in which each instance had an answer in progress; None where none is named."""
    c = run.columns
    chosen = np.flatnonzero(run.ok)
    names = [c["instance_id"][k] for k in chosen.tolist()]
    if not names or all(name is None for name in names):
        return None
    begins, ends = (np.asarray(c[name], dtype=float)[chosen] for name in ("sent_s", "finished_s"))
    spans: dict[str, list[tuple[float, float]]] = {}
    for name, begin, end in zip(names, begins, ends, strict=True):
        if name is not None:
            spans.setdefault(str(name), []).append((float(begin), float(end)))
    joined = [span for each in spans.values() for span in _joined(each)]
    return np.array([b for b, _ in joined]), np.array([e for _, e in joined])


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Overlapping stretches of one instance as one."""
    out: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if out and begin <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((begin, end))
    return out


def _told(columns: Mapping[str, Array], name: str) -> Array:
    return np.asarray(columns[name], dtype=float) / 1000


def _seconds(columns: Mapping[str, Array], name: str) -> Array:
    return np.nan_to_num(_told(columns, name))
