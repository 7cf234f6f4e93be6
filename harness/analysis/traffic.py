"""What was sent and how it came back: how bursty the arrivals were, and whether streams really streamed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.dataset import RunData
from harness.domain.buffering import HELD_SHARE, LEAST_S, LEAST_TOKENS

HELD_BACK_SHARE = 0.5  # of the streams that can tell: above it, the target buffers


@dataclass(frozen=True)
class Burstiness:
    """Medians over the blocks' runs, as planned and as sent; None where no run could tell."""

    target: str
    profile: str
    runs: int
    planned: dict[str, float | None]
    achieved: dict[str, float | None]


@dataclass(frozen=True)
class Streams:
    """How many streams of a target could tell, and how many of them were held back."""

    target: str
    told: int
    held_back: int
    streams: int

    @property
    def buffered(self) -> bool | None:
        """None when no stream was long enough to tell."""
        return None if not self.told else self.held_back > HELD_BACK_SHARE * self.told


def burstiness(target: str, profile: str, runs: Sequence[RunData]) -> Burstiness:
    """From each run's own record."""
    said = [(run.record.run or {}).get("arrivals") or {} for run in runs]

    def median(kind: str, name: str) -> float | None:
        values = [s[kind][name] for s in said if (s.get(kind) or {}).get(name) is not None]
        return statistics.median(values) if values else None

    names = ("gap_cv", "idc_1s", "idc_10s")
    return Burstiness(
        target,
        profile,
        len(runs),
        {name: median("planned", name) for name in names},
        {name: median("achieved", name) for name in names},
    )


def streams(target: str, runs: Sequence[RunData]) -> Streams:
    """Over all answered streams of all profiles."""
    told = held = count = 0
    for run in runs:
        c = run.columns
        chosen = run.ok & c["stream"].astype(bool) & ~np.isnan(c["first_token_s"])
        first, last, sent, end, events = (
            c[name][chosen] for name in ("first_token_s", "last_token_s", "sent_s", "finished_s", "token_events")
        )
        can_tell = (np.nan_to_num(events) >= LEAST_TOKENS) & (end - sent >= LEAST_S)
        count += len(first)
        told += int(can_tell.sum())
        held += int((can_tell & (last - first < HELD_SHARE * (end - sent))).sum())
    return Streams(target, told, held, count)
