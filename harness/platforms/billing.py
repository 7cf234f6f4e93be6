"""How a platform bills, as data: what is counted, what one unit of it carries, how it grows, what it costs idle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Any

from harness.domain.bill import Bill
from harness.platforms.front import Front
from harness.platforms.shared.terms import MachineTerms, PriceTerms
from harness.platforms.shared.usage import Tariff, Usage


class How(StrEnum):
    """What the runtime's part of a bill follows."""

    REQUESTS = "by request and duration"  # linear in the requests
    INSTANCE_TIME = "by shared instance time"  # requests that meet share an instance, and its price
    CAPACITY = "by capacity"  # what is kept, used or not


class ToldBy(StrEnum):
    """Who says what was used of it."""

    EACH_REQUEST = "the platform's own line of each request"
    TOTAL = "the platform's series of billed duration"
    INSTANCES = "the platform's series of instance time"
    CLIENT = "how long clients waited, which is never less"
    DECLARED = "target.toml"  # a capacity is what it is


@dataclass(frozen=True)
class Units:
    """What a capacity is counted in; its terms hold how many there are and can be made to hold more.

    ``answers``: one unit is what a client sees as an instance, so the measured capacity of one instance is that of a
    unit; otherwise a unit carries its share of what the whole measured deployment carried.
    """

    name: str  # in the plural: tasks, machines
    declared: Callable[[Any], Decimal]
    sized: Callable[[Any, Decimal], Any]  # the terms with that many, which may be a mean over the hours of a week
    answers: bool
    by_the_hour: Callable[[Any], bool] = lambda terms: False  # noqa: ARG005 - grows and shrinks with the traffic
    vcpus: Callable[[Any], Decimal | None] = lambda terms: None  # noqa: ARG005 - of all units, where a quota counts them


@dataclass(frozen=True)
class Metered:
    """A parameter that the platform's own series tell better than the file; ``keys``: prices that then are METERED."""

    metric: str
    parameter: str
    summed: bool  # over the hours of the runs; else the mean
    keys: frozenset[str]


@dataclass(frozen=True)
class Billing:
    """One value of ``prices.model``."""

    model: str
    how: How
    told: ToldBy
    terms: type[PriceTerms]
    lines: Callable[[Tariff, Any, Usage], Bill]  # the runtime's layer
    units: Units | None = None  # of what is billed by capacity
    series: Mapping[str, float] | None = (
        None  # metric: seconds of an instance, or billed milliseconds, that one of it is
    )
    per_memory_mb: Callable[[Any], Decimal] | None = None  # where a total is told in megabyte-milliseconds
    each_keys: frozenset[str] = frozenset()  # prices whose quantity the line of each request gives
    metered: tuple[Metered, ...] = ()
    at_once: Callable[[Any], Decimal] | None = (
        None  # of shared instance time: how many requests one instance takes at once
    )
    kept_as: str | None = (
        None  # the parameter that counts instances kept on purpose, where they have a price of their own
    )
    kept_share: str | None = None  # and the one that says how much of the work these do
    machine_keys: str | None = None  # the pattern of a machine's price key, as ``ec2_{}_hour``
    fixed_keys: frozenset[str] = frozenset()  # prices that the pattern fits and that are no machine's
    front: Front | None = None
    wants_book: bool = True  # False: its prices stand in its parameters
    as_given: Callable[[Mapping[str, Any]], Billing] | None = None  # how it bills by what its parameters price

    @property
    def by_use(self) -> bool:
        """Whether nothing asked costs nothing, but for what is kept on purpose."""
        return self.how is not How.CAPACITY

    @property
    def means(self) -> str:
        """In one sentence, for a reader of the reference."""
        return (self.lines.__doc__ or "").strip().split("\n\n")[0]


def machines_sized(terms: MachineTerms, count: Decimal) -> MachineTerms:
    """As many machines in all, in the declared proportions: of one type as counted, of several none fewer than it takes."""
    factor = count / terms.count
    if len(terms.machines) == 1:
        return terms.model_copy(update={"machines": dict.fromkeys(terms.machines, count)})
    grown = {kind: (n * factor).to_integral_value(ROUND_CEILING) for kind, n in terms.machines.items()}
    return terms.model_copy(update={"machines": grown})


def by_machines(
    model: str,
    terms: type[MachineTerms],
    lines: Callable[[Tariff, Any, Usage], Bill],
    keys: str,
    **more: Any,  # noqa: ANN401 - a Billing's fields
) -> Billing:
    """Of machines that are billed whole; ``keys`` is the pattern of their prices', as ``ec2_{}_hour``."""
    return Billing(model, How.CAPACITY, ToldBy.DECLARED, terms, lines, units=MACHINES, machine_keys=keys, **more)


MACHINES = Units(
    "machines",
    declared=lambda terms: terms.count,
    sized=machines_sized,
    answers=False,
    by_the_hour=lambda terms: bool(terms.autoscale),
)
