"""What load generators cost by the calendar: a fleet while a campaign leads it, and the machine that a campaign was handed to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from harness.errors import BadFile
from harness.evidence.events import BEGUN
from harness.platforms import registry
from harness.platforms.generator import Books, FleetConfig, Upkeep
from harness.platforms.shared.book import Book, book_names, read_book
from harness.tables.problems import validate
from harness.workspace import Workspace

FLEET_UP, FLEET_GONE = "generators called", "generators gone"
HANDED, OFF = "handed over", "machine off"  # of a campaign on another machine
AT_WORK = (BEGUN, "block begun", "block ended")  # only a campaign that lives notes these


def of_fleet(workspace: Workspace) -> Upkeep | None:
    """None for this machine itself, which nobody bills for sending."""
    asked = workspace.generator
    return registry.generators()[asked.kind].costs(asked, _books(workspace)) if isinstance(asked, FleetConfig) else None


def of_machine(workspace: Workspace, name: str) -> Upkeep | None:
    """Of ``[on.NAME]``; None for a name that nobody knows."""
    kind = registry.elsewheres().get(name)
    if kind is None or name not in workspace.config.on:
        return None
    try:
        config: Any = validate(kind.config, workspace.config.on[name], workspace.root / "pilot.toml", f"on.{name}")
    except BadFile as error:
        return Upkeep(f"[on.{name}]", None, "; ".join(map(str, error.problems)))
    return kind.upkeep(config, _books(workspace))


def upkeeps(workspace: Workspace) -> tuple[Upkeep, ...]:
    """Of everything that pilot.toml describes beside this machine."""
    machines = [of_machine(workspace, name) for name in workspace.config.on]
    return tuple(one for one in (of_fleet(workspace), *machines) if one is not None)


def usd_per_hour(found: Sequence[Upkeep | None]) -> Decimal:
    """Of what has a price."""
    return sum((one.usd_per_hour for one in found if one is not None and one.usd_per_hour is not None), Decimal(0))


def fleet_s(journal: Sequence[Mapping[str, Any]]) -> float:
    """How long fleets stood by in campaigns that are over; of a killed one until its last block or run began or ended.

    Members leave with it. What is noted later, as by ``pilot collect`` or when its run is settled, is not its work.
    """
    total_s, up_s, last_s = 0.0, None, 0.0
    for event, at_s in _timed(journal):
        if event["event"] == FLEET_UP:
            total_s += 0.0 if up_s is None else last_s - up_s
            up_s = last_s = at_s
        elif event["event"] == FLEET_GONE and up_s is not None:
            total_s, up_s = total_s + at_s - up_s, None
        elif event["event"] in AT_WORK:
            last_s = at_s
    return total_s + (0.0 if up_s is None else last_s - up_s)


def machines_s(journal: Sequence[Mapping[str, Any]], now_s: float) -> dict[str, float]:
    """By name, how long each machine has stood with the campaign on it, until it was seen to be off."""
    total: dict[str, float] = {}
    up: dict[str, float] = {}
    for event, at_s in _timed(journal):
        name = str(event.get("on"))
        if event["event"] == HANDED:
            up.setdefault(name, at_s)
        elif event["event"] == OFF and name in up:
            total[name] = total.get(name, 0.0) + max(0.0, (_unix_s(event.get("off_utc")) or at_s) - up.pop(name))
    for name, since_s in up.items():
        total[name] = total.get(name, 0.0) + max(0.0, now_s - since_s)
    return total


def stands_on(journal: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether it was handed over, and has not been seen to be off since."""
    said = [event["event"] for event in journal if event["event"] in (HANDED, OFF) and event.get("on") == name]
    return said[-1:] == [HANDED]


def _timed(journal: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], float]]:
    """Lines whose time can be read."""
    for event in journal:
        if (at_s := _unix_s(event.get("utc"))) is not None:
            yield event, at_s


def _unix_s(text: object) -> float | None:
    with suppress(ValueError, TypeError):
        made = datetime.fromisoformat(str(text))
        return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp()
    return None


def _books(workspace: Workspace) -> Books:
    """Of a provider that a target is billed by its book, else the newest one of this package."""
    named = {target.prices.book for target in workspace.prospects() if target.prices and target.prices.book}

    def newest(provider: str) -> Book:
        books = [book for book in map(read_book, named) if book.provider == provider]
        books = books or [read_book(name) for name in book_names() if name.partition("-")[0] == provider]
        return max(books, key=lambda book: book.date)

    return newest
