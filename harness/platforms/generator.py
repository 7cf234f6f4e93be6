"""What brings up the machines that send load: a protocol that each kind of [generator] fills in its own folder.

A member is one place that sends: a host, a pod, a task. What runs there is ``python -m harness.launch.standby``, which
calls the campaign, shows that it knows the secret, and begins the workers of each run when the campaign tells it to. So a kind
only starts members, says which have ended, and stops them; who is ready, and what is sent, is told over that one line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import Field

from harness.errors import Refused
from harness.platforms.shared.book import Book
from harness.tables.value import value
from harness.tables.values import Line, Usd

STANDBY = ("python", "-P", "-m", "harness.launch.standby")
CALL_VARIABLE, MEMBER_VARIABLE = "PILOT_STANDBY", "PILOT_STANDBY_MEMBER"
SETTLE_S = 120.0  # how long what was told to stop may take to be gone


@dataclass(frozen=True)
class Call:
    """How a member finds its campaign; ``campaign`` is in the name or a tag of all that is started for it."""

    to: str  # host:port
    secret: bytes
    campaign: str
    root: Path  # of the workspace
    words: Path  # folder for what members' commands say


class Fleet(Protocol):
    """Members of one kind, for as long as a campaign runs."""

    members: Sequence[str]

    def start(self, member: str) -> None:
        """Bring it up in place of whatever was there by this name; returns at once, raises PilotError where that is refused."""

    def ended(self, member: str) -> str | None:
        """Why it is not running, in the words of its platform; None while it runs or is about to."""

    def stop(self) -> None:
        """Everything of this campaign, and return when it is gone; raises PilotError that names what is left."""


@value
class FleetConfig:
    """What every fleet needs; ``address`` is this machine as its members see it."""

    kind: ClassVar[str]

    address: Line
    bind: Line | None = None
    port: int = Field(default=5560, ge=1, le=65_000)
    processes: int = Field(default=1, ge=1, le=64)
    start_s: float = Field(default=300.0, gt=0, le=3600)
    usd_per_hour: Usd | None = None  # of all its members together, where no price book knows it

    @property
    def listens(self) -> str:
        """Address that is bound here."""
        return self.bind or self.address


@value
class LocalConfig:
    """``kind = "local"``: this machine, in one process or several."""

    kind: ClassVar[str] = "local"

    processes: int = Field(default=1, ge=1, le=64)


GeneratorConfig = LocalConfig | FleetConfig
Books = Callable[[str], Book]  # the price book of a provider


@dataclass(frozen=True)
class Upkeep:
    """What machines that send are billed an hour, whether or not they send; ``usd_per_hour`` None: no price is known, and ``why``."""

    what: str
    usd_per_hour: Decimal | None
    why: str = ""


def priced(what: str, books: Books, provider: str, amounts: Mapping[str, Decimal]) -> Upkeep:
    """By the provider's price book; ``amounts`` by price key."""
    try:
        book = books(provider)
        return Upkeep(what, sum((count * book.price(key).usd for key, count in amounts.items()), Decimal(0)))
    except Refused as error:
        return Upkeep(what, None, str(error))


def _unpriced(config: Any, books: Books) -> Upkeep:  # noqa: ANN401 - a FleetConfig
    del books
    why = "no price book knows these machines: generator.usd_per_hour says what they cost"
    return Upkeep(f"{config.kind} generators", None, why)


@dataclass(frozen=True)
class GeneratorKind:
    """One value of ``generator.kind``: the table that it reads, and the fleet that it brings up."""

    kind: str
    config: type[FleetConfig]
    fleet: Callable[[Any, Call], Fleet]  # its config, the call
    verified: str  # "live DATE", "real peer" or "spec only"
    runs: Callable[[Mapping[str, Any]], Sequence[Sequence[str]]] = lambda table: ()  # noqa: ARG005 - commands of its table
    steers: Callable[[Mapping[str, Any]], str | None] = lambda table: None  # noqa: ARG005 - what it does with credentials
    upkeep: Callable[[Any, Books], Upkeep] = _unpriced  # its config, where prices are

    def costs(self, config: FleetConfig, books: Books) -> Upkeep:
        """As pilot.toml says, else as its kind is billed."""
        if config.usd_per_hour is not None:
            return Upkeep(f"{self.kind} generators", config.usd_per_hour)
        return self.upkeep(config, books)
