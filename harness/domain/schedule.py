"""The Schedule: every intended request of one run, the same for both targets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.domain.arrivals import LoadProfile
    from harness.domain.questions import Question

ZIPF_EXPONENT = 0.95  # top 10 % of 250 questions draw about 60 % of requests, as in the RAGPulse trace


@dataclass(frozen=True, slots=True)
class Arrival:
    """One intended request; its question and mode belong to it, never to whoever sends it."""

    seq: int
    scheduled_s: float
    phase: str
    measured: bool
    question_id: str
    stream: bool


@dataclass(frozen=True)
class Schedule:
    """Arrivals in time order, ``seq`` counting from 0."""

    arrivals: tuple[Arrival, ...]

    def __len__(self) -> int:
        return len(self.arrivals)

    @property
    def digest(self) -> str:
        """Equal digests mean equal work for both targets."""
        text = "\n".join(
            f"{a.seq} {a.scheduled_s:.9f} {a.phase} {a.measured} {a.question_id} {a.stream}" for a in self.arrivals
        )
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def stripe(self, worker: int, workers: int) -> tuple[Arrival, ...]:
        """Every ``workers``-th arrival, so that stripes keep the profile's shape."""
        return self.arrivals[worker::workers]


def draw(profile: LoadProfile, questions: Sequence[Question], seed: int, stream_share: float) -> Schedule:
    """Instants, questions (Zipf-like popularity) and modes, each from its own seeded stream."""
    due = profile.arrivals(seed)
    weights = list(accumulate(1 / rank**ZIPF_EXPONENT for rank in range(1, len(questions) + 1)))
    asked = Random(f"questions:{seed}")
    modes = Random(f"modes:{seed}")
    chosen = asked.choices(questions, cum_weights=weights, k=len(due))
    return Schedule(
        tuple(
            Arrival(seq, d.scheduled_s, d.phase, d.measured, q.id, modes.random() < stream_share)
            for seq, (d, q) in enumerate(zip(due, chosen, strict=True))
        )
    )
