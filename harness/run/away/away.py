"""``pilot run --on NAME``: begun once, followed for as long as somebody looks, fetched when it has ended."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harness.domain.plan import Plan
from harness.errors import Refused
from harness.evidence.store import Store
from harness.platforms.elsewhere import VARIABLES, Elsewhere, Say, Seen, Where
from harness.run import upkeep
from harness.run.away import bundle
from harness.run.away.fetch import fetch
from harness.tables.text import text_of
from harness.workspace import Workspace
from harness.workspace.trust import measured
from harness.workspace.variables import as_file, from_file, named_by

MARK = "elsewhere"  # in .pilot: where this campaign is
POLL_S = 30.0
SILENT = timedelta(minutes=10)
DONE = ("done", "not needed")
READERS = ("pilot.toml", "loadprofiles/*.py")  # what may name a variable beside the targets


@dataclass(frozen=True)
class Order:
    """What is asked of it beside following; ``options``: of ``pilot run`` there."""

    name: str
    options: str = ""
    detach: bool = False
    stop: bool = False
    remove: bool = False


@dataclass(frozen=True)
class Away:
    """How it stands; ``state``: absent, starting, waiting, running, ended."""

    on: str
    state: str
    where: Where | None = None
    seen: Seen | None = None
    fetched: int | None = None
    left: tuple[str, ...] = ()

    @property
    def blocks(self) -> tuple[int, int] | None:
        """Done and planned; None where the machine has not said."""
        return blocks_of(self.seen.board) if self.seen and self.seen.board else None

    def as_json(self) -> dict[str, Any]:
        done, planned = self.blocks or (None, None)
        return {
            "on": self.on,
            "state": self.state,
            "where": asdict(self.where) if self.where else None,
            "utc": self.seen.utc if self.seen else None,
            "exit_code": self.seen.exit_code if self.seen else None,
            "blocks_done": done,
            "blocks": planned,
            "files_fetched": self.fetched,
            "left": list(self.left),
        }


def blocks_of(board: Mapping[str, Any]) -> tuple[int, int]:
    """Of the board that ``pilot status --json`` prints."""
    rows = [row for row in board.get("blocks") or () if isinstance(row, dict)]
    return sum(row.get("state") in DONE for row in rows), len(rows)


def is_away(workspace: Workspace) -> bool:
    """Whether it was handed to another machine, and what that measured has not been fetched."""
    return (workspace.state.parent / MARK).exists()


def at_home(workspace: Workspace) -> None:
    """Raises Refused while the campaign goes on elsewhere: evidence that grows in two places can't be joined."""
    if is_away(workspace):
        name = (workspace.state.parent / MARK).read_text(encoding="utf-8").strip()
        raise Refused(
            f"this campaign runs on {name}",
            f"pilot run --on {name} follows it and fetches what it measured; with --stop it ends there first",
        )


def away(
    workspace: Workspace,
    place: Elsewhere,
    plan: Plan,
    wanted: Order,
    say: Say,
    sleep: Callable[[float], None] = time.sleep,
    let_in: Callable[[str], None] = lambda address: None,  # noqa: ARG005 - whoever is asked by anybody needs none
) -> Away:
    """Brought up where it is not there, then followed to its end; raises PilotError, and KeyboardInterrupt goes on there.

    ``let_in``: targets take load from this address.
    """
    where = place.there()
    begun = where is not None and where.handed
    if wanted.remove and not (wanted.stop and begun):
        return _removed(workspace, place, wanted, where, say)
    if wanted.stop:
        if not begun:
            raise Refused(f"nothing runs on {wanted.name}", f"pilot run --on {wanted.name} begins it")
        place.stop()
        say("it was asked to stop: its run closes its ledger, then it collects, copies and ends")
    elif not begun or not is_away(workspace):
        where = _begun(workspace, place, plan, wanted, say, let_in, anew=not begun)
    if wanted.detach:
        seen = place.seen()
        return Away(wanted.name, seen.service if seen else "starting", where, seen)
    seen = _followed(place, wanted, say, sleep)
    count = fetch(workspace, place)
    (workspace.state.parent / MARK).unlink(missing_ok=True)
    _note_off(workspace, wanted.name, seen.utc)
    if wanted.remove:
        say(f"{count} files of evidence are here")
        left = place.remove(say)
        return Away(wanted.name, "absent", where if left else None, seen, count, left)
    say(
        f"{count} files of evidence are here; pilot run --on {wanted.name} --remove takes the machine and its bucket away"
    )
    return Away(wanted.name, "ended", where, seen, count)


def _begun(
    workspace: Workspace,
    place: Elsewhere,
    plan: Plan,
    wanted: Order,
    say: Say,
    let_in: Callable[[str], None],
    *,
    anew: bool,
) -> Where:
    """The journal says so first: what it costs counts from here on, there too.

    Targets let its load in before it has its bundle, with which its run begins.
    """
    last = max((unit.not_before for unit in plan.units), default="")
    until = str(workspace.config.on.get(wanted.name, {}).get("until", ""))
    if until and last[:10] >= until:
        raise Refused(
            f"on.{wanted.name}.until is {until}, and the plan's last block is due at {last} UTC",
            f"set on.{wanted.name}.until to a later day",
        )
    variables = as_file(_variables(workspace, wanted.name, say))
    price = upkeep.of_machine(workspace, wanted.name)
    if price is not None and price.usd_per_hour is None:
        say(f"{price.what}: no price is known ({price.why}), so limits.budget_usd does not count it")
    store = Store(workspace.evidence)
    if first := anew and not upkeep.stands_on(store.journal(), wanted.name):
        store.note(upkeep.HANDED, on=wanted.name)
    mark = workspace.state.parent / MARK
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(f"{wanted.name}\n", encoding="utf-8")  # first: from here on it may be running there
    with tempfile.TemporaryDirectory(prefix="pilot-bundle-") as folder:
        made = bundle.write(workspace, Path(folder) / "bundle.tar.gz", wanted.options)
        try:
            where = place.begin(variables, say)
            if where.address is not None and not where.handed:
                let_in(where.address)
            place.hand(made, say)
            return replace(where, handed=True)
        except Refused:  # before anything was brought up; what a try before this one brought up may stand
            if first:
                mark.unlink()
                _note_off(workspace, wanted.name, None)
            raise


def _note_off(workspace: Workspace, name: str, utc: str | None) -> None:
    """It costs no more, whenever somebody looked."""
    store = Store(workspace.evidence)
    if upkeep.stands_on(store.journal(), name):
        store.note(upkeep.OFF, on=name, off_utc=utc)


def _variables(workspace: Workspace, on: str, say: Say) -> dict[str, str]:
    """What the targets name: from its file where it stands there, else from this environment; raises Refused for what is nowhere.

    Of the file also what pilot.toml or a profile names. The rest of it stays here.
    """
    file = str(workspace.config.on.get(on, {}).get("variables", VARIABLES))
    filed = from_file(workspace.root / file)
    named = named_by(workspace, measured(workspace))
    found = {name: value for name in named if (value := filed.get(name, os.environ.get(name))) is not None}
    if missing := [name for name in named if name not in found]:
        raise Refused(
            f"targets name variables that are not set: {', '.join(missing)}",
            f"export them, or put them into {file} (chmod 600)",
        )
    words = _words_of(workspace)
    sent = found | {name: value for name, value in filed.items() if name in words}
    say(f"variables that go there: {', '.join(sent) or 'none'}")
    if kept := [name for name in filed if name not in sent]:
        readers = "target.toml of this campaign, pilot.toml, loadprofiles/"
        say(f"{file} also has {', '.join(kept)}: that stays here, for nothing names it ({readers})")
    return sent


def _words_of(workspace: Workspace) -> set[str]:
    files = [path for pattern in READERS for path in sorted(workspace.root.glob(pattern))]
    return {word for path in files for word in re.findall(r"[A-Za-z_]\w*", text_of(path, ""))}


def _followed(place: Elsewhere, wanted: Order, say: Say, sleep: Callable[[float], None]) -> Seen:
    """Until it has ended; what is new is said."""
    told: object = None
    while True:
        seen = place.seen()
        if seen is not None and seen.over:
            code = f", exit code {seen.exit_code}" if seen.exit_code else ""
            say("\n".join([f"it has ended{code}", *(seen.words if seen.exit_code else ())]))
            return seen
        if (now := _shown(seen)) != told:
            told = now
            say(f"{wanted.name}: {now}  (Ctrl-C leaves it running)")
        sleep(POLL_S)


def _shown(seen: Seen | None) -> str:
    if seen is None:
        return "starting: packages and services take some minutes"
    silent = datetime.now(UTC) - datetime.fromisoformat(seen.utc) > SILENT
    blocks = "{} of {} blocks done".format(*blocks_of(seen.board)) if seen.board else "no board yet"
    return f"{seen.service}, {blocks}" + (f"; nothing heard since {seen.utc}" if silent else "")


def _removed(workspace: Workspace, place: Elsewhere, wanted: Order, where: Where | None, say: Say) -> Away:
    if where is not None and where.handed and is_away(workspace):
        raise Refused(
            "what it measured has not been fetched",
            f"pilot run --on {wanted.name} first; --stop --remove ends it, fetches and removes",
        )
    left = place.remove(say)
    if not left:
        (workspace.state.parent / MARK).unlink(missing_ok=True)
        _note_off(workspace, wanted.name, None)
    return Away(wanted.name, "absent", None if not left else where, left=left)
