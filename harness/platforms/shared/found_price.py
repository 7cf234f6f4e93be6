"""A price as a provider's price API says it; whatever cannot be read of one is an error, and the old price then stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from harness.errors import PilotError
from harness.platforms.shared.answer import said_of

Step = tuple[Decimal, Decimal]  # above this quantity, USD a unit


@dataclass(frozen=True)
class FoundPrice:
    """A price a unit, its further tiers (above this quantity, USD), and which SKU or meter it is."""

    usd: Decimal
    tiers: tuple[Step, ...]
    source: str


def found(steps: Sequence[Step], source: str) -> FoundPrice:
    """A first tier that is free is the free part of a month, which the book takes off before tiers count; raises PilotError."""
    priced = [step for step in steps if step[1] > 0]
    if not priced:
        raise PilotError(f"{source} is free of charge, which is not what is asked for")
    (free, first), *rest = priced
    return FoundPrice(first, tuple((above - free, usd) for above, usd in rest), source)


@contextmanager
def read_or_refused() -> Iterator[None]:
    """Turns whatever goes wrong into a PilotError with its reason."""
    try:
        yield
    except PilotError:
        raise
    except Exception as error:  # noqa: BLE001 - one price's reason, as readings have theirs
        raise PilotError(said_of(error)) from None
