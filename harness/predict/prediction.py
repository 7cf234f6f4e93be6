"""A Prediction: what one target does at other traffic, each figure with its interval, n and Monte Carlo error, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.domain.bill import Bill
from harness.domain.estimate import Estimate, Known
from harness.predict.parameter import From, Parameter

CONFIDENCE = 0.9


class Quantity(StrEnum):
    """What is predicted; cost in USD a month, of the runtime's layer."""

    P95 = "p95"
    TTFT_P95 = "first token p95"
    COLD_SHARE = "cold share"
    REFUSED_SHARE = "refused share"
    INSTANCES_MEAN = "instances, mean"
    INSTANCES_MOST = "instances, most"
    INSTANCE_HOURS = "instance hours a month"
    COST = "cost a month"


UNITS = {
    Quantity.P95: "s",
    Quantity.TTFT_P95: "s",
    Quantity.COLD_SHARE: "",
    Quantity.REFUSED_SHARE: "",
    Quantity.INSTANCES_MEAN: "instances",
    Quantity.INSTANCES_MOST: "instances",
    Quantity.INSTANCE_HOURS: "h",
    Quantity.COST: "USD",
}


@dataclass(frozen=True)
class Predicted:
    """One quantity; ``played_error`` is the standard error that the playing itself leaves, and is in the interval too.

    n and blocks of its estimate are those of the measured answers that it rests on. ``worlds`` has the value of each other
    world, in their order, which is the same at every factor; nan where there is none.
    """

    quantity: Quantity
    known: Known
    played_error: float | None = None
    worlds: tuple[float, ...] = ()

    @property
    def told(self) -> bool:
        return isinstance(self.known, Estimate)


@dataclass(frozen=True)
class Hour:
    """One hour of the week, or of a trace: requests a second, instances (mean and most), and the mean's interval.

    A trace's hours have no interval: they differ from one play to the next, and of a long one only some are played.
    """

    hour: int
    per_s: float
    mean: float
    low: float | None
    high: float | None
    most: float


@dataclass(frozen=True)
class Served:
    """Share of a month's requests that are answered: the value, and of each other world; ``played``: refusals are simulated."""

    value: float
    worlds: tuple[float, ...]
    played: bool


@dataclass(frozen=True)
class Billed:
    """The month as bills; ``cost a month`` is the runtime's layer of ``month``."""

    month: Bill
    free: Bill  # the same with free tiers
    resting: Bill  # nobody asks
    units: float | None = None  # of a capacity, that are paid for


@dataclass(frozen=True)
class AtTraffic:
    """One target at one factor of the traffic; ``billed`` is None where its cost can't be told."""

    target: str
    factor: float
    per_s: float
    figures: tuple[Predicted, ...]
    hours: tuple[Hour, ...] = ()
    billed: Billed | None = None
    served: Served | None = None

    def of(self, quantity: Quantity) -> Predicted:
        return next(f for f in self.figures if f.quantity is quantity)


@dataclass(frozen=True)
class Prediction:
    """Every target at every factor; ``traffic`` names what was scaled, ``seconds`` is how long the playing took."""

    traffic: str
    at: tuple[AtTraffic, ...]
    parameters: dict[str, tuple[Parameter, ...]]
    changed: dict[str, tuple[str, ...]]
    highest_per_s: dict[str, float]  # that each target was asked for while it was measured

    def assumptions(self, target: str) -> Sequence[Parameter]:
        return [p for p in self.parameters[target] if p.basis is From.ASSUMED]
