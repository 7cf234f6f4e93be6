"""Scores on fixed anchors, an additive sum, and how firm its order is.

Formulas: statistics reference §6; acceptability after SMAA (Tervonen and Lahdelma
2007). Scores never depend on which alternatives there are: normalising over them
would make every criterion 1 or 5 with two, and a third could turn the order round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.domain.criteria import Criterion
from harness.domain.reason import Reason

DRAWS = 20_000


@dataclass(frozen=True)
class Scored:
    """One criterion of one alternative; ``low`` and ``high`` are the score at the ends of what was measured.

    ``critical`` is how many standard errors the interval's half is: it depends on the look and the blocks.
    """

    value: float
    low: float
    high: float
    basis: Reason  # what was measured, or who judged
    critical: float = 1.96

    @property
    def spread(self) -> float:
        """The standard error that the interval stands for."""
        return (self.high - self.low) / (2 * self.critical)


@dataclass(frozen=True)
class Card:
    """An alternative with a score for every criterion that can be scored for all of them."""

    name: str
    scores: Mapping[Criterion, Scored]

    def total(self, weights: Mapping[Criterion, float]) -> float:
        return sum(weights[c] * s.value for c, s in self.scores.items())


@dataclass(frozen=True)
class Acceptability:
    """Share of draws that each alternative wins: around the sealed weights, and whatever the priorities."""

    around: Mapping[str, float]
    uniform: Mapping[str, float]


@dataclass(frozen=True)
class Flip:
    """A criterion's weight, and the nearest one at which the leader changes, with who leads then; None where none does."""

    criterion: Criterion
    weight: float
    flips_at: float | None
    to: str | None = None


def normalised(weights: Mapping[Criterion, float], kept: Sequence[Criterion]) -> dict[Criterion, float]:
    """Of the criteria that count, adding up to one; a criterion that nobody scored gives its weight to the others."""
    whole = sum(weights[c] for c in kept)
    return {c: weights[c] / whole for c in kept} if whole > 0 else {c: 1 / len(kept) for c in kept}


def flip_weight(
    weights: Mapping[Criterion, float], difference: Mapping[Criterion, float], at: Criterion
) -> float | None:
    """The weight of ``at`` at which the sum of differences is nought, the others rescaled pro rata; None if none is.

    w* = D/(D - d) with D the weighted difference of the others. A tie at the very end, 0 or 1, changes no order.
    """
    weight = weights[at]
    if difference[at] == 0 or weight >= 1:
        return None
    rest = sum(weights[c] * difference[c] for c in weights if c is not at) / (1 - weight)
    if rest == difference[at]:
        return None
    found = rest / (rest - difference[at])
    return found if 0 < found < 1 else None


def flips(cards: Sequence[Card], weights: Mapping[Criterion, float]) -> tuple[Flip, ...]:
    """For each criterion the nearest weight at which anyone takes the lead.

    Every sum is linear in one weight, so the leader loses the lead where the first of
    the others meets it, above or below.
    """
    first, *others = sorted(cards, key=lambda card: -card.total(weights))
    return tuple(_nearest(first, others, weights, c) for c in weights)


def _nearest(first: Card, others: Sequence[Card], weights: Mapping[Criterion, float], at: Criterion) -> Flip:
    found = []
    for other in others:
        difference = {c: first.scores[c].value - other.scores[c].value for c in weights}
        flips_at = flip_weight(weights, difference, at)
        if flips_at is not None:
            found.append((abs(flips_at - weights[at]), flips_at, other.name))
    if not found:
        return Flip(at, weights[at], None)
    _, flips_at, to = min(found)
    return Flip(at, weights[at], flips_at, to)


def acceptability(cards: Sequence[Card], weights: Mapping[Criterion, float], kappa: float, seed: int) -> Acceptability:
    """Draw weights and, for what was measured, scores within their noise; a tie is shared."""
    rng = np.random.default_rng(seed)
    order = list(weights)
    values = np.array([[card.scores[c].value for c in order] for card in cards])
    spreads = np.array([[card.scores[c].spread for c in order] for card in cards])
    noise = rng.normal(size=(DRAWS, *values.shape)) * spreads
    drawn = np.clip(values + noise, 1.0, 5.0)
    base = np.array([weights[c] for c in order])
    around = rng.dirichlet(np.maximum(kappa * base, 1e-9), DRAWS)
    flat = rng.dirichlet(np.ones(len(order)), DRAWS)
    return Acceptability(_shares(cards, drawn, around), _shares(cards, drawn, flat))


def _shares(cards: Sequence[Card], drawn: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    totals = np.einsum("dac,dc->da", drawn, weights)
    best = totals == totals.max(axis=1, keepdims=True)
    shares = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
    return {card.name: float(share) for card, share in zip(cards, shares, strict=True)}
