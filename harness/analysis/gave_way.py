"""Which tier gave way first: what the first requests that failed or came late have in common.

A failed request names its tier by who failed it. A late one by the part of its time that
lies furthest above that part's median among the good answers of the same run: the
service's queue, its retrieval, the model, and the rest, which is the runtime's own where
the answer came from an instance that was just born and the way's (front, network) else.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.capacity import search_of
from harness.analysis.columns import Array
from harness.analysis.dataset import RunData
from harness.domain.refusal import VECTOR_STORE
from harness.domain.sample import Layer
from harness.platforms.platform import Signal, Tier

LEAST = 5  # bad requests that are no chance
FIRST = 0.1  # of a run's bad requests, but no fewer than LEAST: what gave way before the rest followed
MAJORITY = 0.5
_BY_REFUSER: Mapping[str, Tier] = {
    "runtime": Tier.RUNTIME,
    "service": Tier.RUNTIME,
    "gateway": Tier.FRONT,
    "provider": Tier.PROVIDER,
    VECTOR_STORE: Tier.STORE,
}
_BY_LAYER: Mapping[str, Tier] = {
    Layer.GENERATOR: Tier.GENERATOR,
    Layer.NETWORK: Tier.FRONT,
    Layer.PLATFORM: Tier.RUNTIME,
    Layer.SERVICE: Tier.RUNTIME,
    Layer.PROVIDER: Tier.PROVIDER,
}
_PARTS: Mapping[str, Tier] = {
    "queue_ms": Tier.RUNTIME,
    "retrieval_ms": Tier.RETRIEVAL,
    "generation_ms": Tier.PROVIDER,
}


@dataclass(frozen=True)
class Confirmed:
    """A series that says by itself that its tier had no more to give, and how far it went."""

    signal: Signal
    value: float


@dataclass(frozen=True)
class GaveWay:
    """Of one target under one profile, or at one step of a search."""

    target: str
    profile: str
    step: str | None
    rate_per_s: float | None
    offered: int
    bad: int  # failed, or later than a promise
    tier: Tier | None  # None: nothing gave way, or it cannot be told
    first: int = 0  # of the first bad requests that were looked at,
    of_tier: int = 0  # how many point at it
    others: tuple[tuple[str, int], ...] = ()  # where the rest of them point
    block: int | None = None  # of a step
    confirmed: tuple[Confirmed, ...] = ()  # by the platform's own series of the same tier

    @property
    def told(self) -> bool:
        """Whether the bad requests name one tier, or there are none."""
        return self.tier is not None or self.bad == 0


def gave_way(
    target: str, profile: str, runs: Sequence[RunData], p95_limit_s: float, ttft_limit_s: float | None
) -> GaveWay:
    """Over the measured requests of every run."""
    return _of(target, profile, None, None, [(run, run.measured) for run in runs], (p95_limit_s, ttft_limit_s))


def at_steps(
    target: str, profile: str, run: RunData, p95_limit_s: float, ttft_limit_s: float | None
) -> Iterator[GaveWay]:
    """Step by step of one capacity search, as its record names them."""
    for step in search_of(run):
        chosen = run.columns["phase"] == step["phase"]
        if chosen.any():
            place = target, profile, str(step["phase"]), float(step["rate"])
            yield _of(*place, [(run, chosen)], (p95_limit_s, ttft_limit_s), run.block)


def _of(
    target: str,
    profile: str,
    step: str | None,
    rate: float | None,
    runs: Sequence[tuple[RunData, Array]],
    limits: tuple[float, float | None],
    block: int | None = None,
) -> GaveWay:
    found: Counter[str] = Counter()
    offered = bad_requests = 0
    for run, chosen in runs:
        bad = np.flatnonzero(chosen & ~run.good(*limits))
        offered, bad_requests = offered + int(chosen.sum()), bad_requests + len(bad)
        first = bad[np.argsort(run.columns["scheduled_s"][bad], kind="stable")]
        first = first[: max(LEAST, math.ceil(FIRST * len(bad)))]
        found.update(_tiers(run, first))
    first_bad = sum(found.values())
    place = (target, profile, step, rate, offered, bad_requests)
    if bad_requests < LEAST:
        return GaveWay(*place, None, first_bad, 0, tuple(found.most_common()), block)
    name, count = found.most_common(1)[0]
    if name == UNTOLD or count <= MAJORITY * first_bad:
        return GaveWay(*place, None, first_bad, 0, tuple(found.most_common()), block)
    rest = tuple((other, n) for other, n in found.most_common() if other != name)
    return GaveWay(*place, Tier(name), first_bad, count, rest, block)


UNTOLD = "untold"


def _tiers(run: RunData, bad: Array) -> list[str]:
    """Of each of these requests, by its index."""
    parts = _parts(run)
    usual = {name: _median(values[run.ok & run.measured]) for name, values in parts.items()}
    return [_failed(run, k) if not run.ok[k] else _late(run, k, parts, usual) for k in bad.tolist()]


def _failed(run: RunData, k: int) -> str:
    refuser, layer = run.columns["refused_by"][k], run.columns["layer"][k]
    tier = _BY_REFUSER.get(str(refuser)) if refuser else None
    return (tier or _BY_LAYER.get(str(layer)) or UNTOLD) if (refuser or layer) else UNTOLD


def _late(run: RunData, k: int, parts: Mapping[str, Array], usual: Mapping[str, float]) -> str:
    excess = {name: values[k] - usual[name] for name, values in parts.items()}
    known = {name: over for name, over in excess.items() if not math.isnan(over)}
    if "rest_ms" not in known:  # without the model's own time nothing says where the rest went
        return UNTOLD
    worst = max(known, key=lambda name: known[name])
    if worst == "lag_ms":
        return Tier.GENERATOR
    if worst == "rest_ms":
        return Tier.RUNTIME if run.columns["cold"][k] else Tier.FRONT
    return _PARTS[worst]


def _parts(run: RunData) -> dict[str, Array]:
    """Milliseconds of each part; what an answer does not tell is 0, but for the model's time, which is nan."""
    c = run.columns
    told = {name: np.asarray(c[name], dtype=float) for name in _PARTS}
    model = told["generation_ms"]
    own = {name: np.nan_to_num(values) for name, values in told.items() if name != "generation_ms"}
    service = (c["finished_s"] - c["sent_s"]) * 1000
    return {
        **own,
        "generation_ms": model,
        "rest_ms": service - model - sum(own.values()),
        "lag_ms": (c["sent_s"] - c["scheduled_s"]) * 1000,
    }


def _median(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0
