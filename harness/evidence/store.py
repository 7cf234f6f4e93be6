"""The evidence folder of a pilot: plan, seal, journal, and one folder per block attempt.

evidence/plan.json  seal.json  journal.jsonl  deployments.json
evidence/blocks/b01/attempt-1/steady-1-local_function/   one run's folder
evidence/sweeps/local_function-1f3a9c07/               the same again, of the settings that were tried before
evidence/canaries/c01/                                 the same again, of one canary and its canary.json
evidence/races/r01/                                    the same again, of one race: to watch, never judged
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from harness.domain.plan import Block, Plan, ProfilePlan, Purpose, Run, Start
from harness.domain.reason import Reason, as_recorded
from harness.domain.reasons.fault import DidNotEnd, NotReadable, OnlyToWatch
from harness.domain.role import Role
from harness.errors import BadFile, Problem
from harness.evidence.digests import digest_of
from harness.evidence.files import dump, read_json, write_text
from harness.evidence.integrity import Integrity, integrity
from harness.evidence.journal import Journal
from harness.evidence.records import HERE
from harness.evidence.regular import there
from harness.evidence.schema import (
    CALIBRATION_FORMAT,
    CANARY_FORMAT,
    CHECKS_FORMAT,
    DEPLOYMENTS_FORMAT,
    LEDGER_FORMAT,
    PLAN_FORMAT,
    RUN_FORMAT,
    SEAL_FORMAT,
    TARGET_FORMAT,
    Format,
)

CALIBRATION = "calibration.json"
CHECKS = "checks.json"
DEPLOYMENTS = "deployments.json"
PLAN = "plan.json"
SEAL = "seal.json"
SWEEPS = "sweeps"
CANARIES, CANARY = "canaries", "canary.json"
RACES = "races"
MOST_ATTEMPTS = 100_000


@dataclass(frozen=True)
class RunRecord:
    """One run's folder as it was left; ``ledger`` is None when the run did not end."""

    path: Path
    block: int
    attempt: int
    profile: str
    target: str
    run: dict[str, Any] | None
    ledger: dict[str, Any] | None
    target_says: dict[str, Any] | None = None  # target.json
    unread: tuple[BadFile, ...] = ()  # of these files, those that are there and cannot be read

    @property
    def valid(self) -> bool:
        """Whether it counts: its ledger says so, what it says of itself can be read, and it was measured to be judged."""
        return bool(self.ledger and self.ledger.get("valid")) and not self.unread and not self.only_to_watch

    @property
    def only_to_watch(self) -> bool:
        """Whether it is a race's, wherever it lies."""
        return bool((self.run or {}).get("purpose", Purpose.EVIDENCE) != Purpose.EVIDENCE)

    @property
    def lost(self) -> int:
        """Arrivals whose end nobody reported."""
        return int(((self.ledger or {}).get("outcomes") or {}).get("lost", 0))

    @property
    def reasons(self) -> tuple[Reason, ...]:
        if self.unread:
            return tuple(NotReadable(Path(e.path).name, "; ".join(map(str, e.problems))) for e in self.unread)
        if self.only_to_watch:
            return (OnlyToWatch(),)
        if self.ledger is None:
            return (DidNotEnd(),)
        return as_recorded(self.ledger.get("reasons", ()), self.ledger.get("reason_kinds"))


class Store:
    """Reads and writes below one evidence folder; nothing is ever overwritten but plan.json before it is sealed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def sweep(self, target: str, digest: str) -> Store:
        """Of one target's sweep; the digest is that of the settings it tries."""
        return Store(self.root / SWEEPS / f"{target}-{digest[:8]}")

    def sweeps(self) -> list[Store]:
        """Every sweep that was drawn, of settings that target.toml no longer has too."""
        return [Store(folder) for folder in sorted((self.root / SWEEPS).glob("*"))]

    def canaries(self) -> list[Store]:
        """Every canary that was driven, the oldest first."""
        return [Store(folder) for folder in sorted((self.root / CANARIES).glob("c*"))]

    def new_canary(self) -> Store:
        """Of the next one."""
        return Store(self.root / CANARIES / f"c{len(self.canaries()) + 1:02d}")

    def races(self) -> list[Store]:
        """Every race that was driven, the oldest first."""
        return [Store(folder) for folder in sorted((self.root / RACES).glob("r*"))]

    def new_race(self) -> Store:
        """Of the next one."""
        return Store(self.root / RACES / f"r{len(self.races()) + 1:02d}")

    @property
    def beside(self) -> list[Store]:
        """Everything that was measured beside the campaign, from the same budget."""
        return [*self.sweeps(), *self.canaries(), *self.races()]

    def write_canary(self, content: dict[str, Any]) -> None:
        """When the split of its run was changed, and to what."""
        write_text(self.root / CANARY, dump(CANARY_FORMAT.stamped(content)))

    def canary(self) -> dict[str, Any] | None:
        return self._maybe(CANARY, CANARY_FORMAT)

    # -- plan and seal

    def write_plan(self, plan: Plan) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        write_text(self.root / PLAN, dump(PLAN_FORMAT.stamped(_plan_json(plan))))

    def plan(self) -> Plan | None:
        """The plan, None when there is none; raises BadFile when it is broken."""
        path = self.root / PLAN
        if not there(path):
            return None
        try:
            return _plan_from(read_json(path, PLAN_FORMAT))
        except (KeyError, TypeError, ValueError) as error:
            raise BadFile(path, [Problem("", f"is not a plan: {error!r}")]) from None

    def write_seal(self, digest: str, content: dict[str, Any]) -> None:
        sealed = datetime.now(UTC).isoformat(timespec="seconds")
        write_text(
            self.root / SEAL,
            dump(SEAL_FORMAT.stamped({"digest": digest, "sealed_utc": sealed, "content": content})),
        )

    def seal(self) -> dict[str, Any] | None:
        return self._maybe(SEAL, SEAL_FORMAT)

    def calibration(self) -> dict[str, Any] | None:
        """What the generator said of known laws, None when nobody asked; raises BadFile when it is broken."""
        return self._maybe(CALIBRATION, CALIBRATION_FORMAT)

    def write_checks(self, results: Any) -> None:  # noqa: ANN401 - check results by group, any plain data
        """What was checked before the first block; asked again, it is written anew and the journal has both."""
        self.root.mkdir(parents=True, exist_ok=True)
        write_text(self.root / CHECKS, dump(CHECKS_FORMAT.stamped({"groups": results})))
        self.keep(CHECKS)

    def checks(self) -> dict[str, list[dict[str, str]]] | None:
        """By group, as they were answered; None when nothing was checked."""
        said = self._maybe(CHECKS, CHECKS_FORMAT)
        return None if said is None else said["groups"]

    def deployments(self) -> list[dict[str, Any]]:
        """What was deployed and destroyed, and how long each step took, the oldest first."""
        said = self._maybe(DEPLOYMENTS, DEPLOYMENTS_FORMAT)
        return [] if said is None else list(said["deployments"])

    def add_deployment(self, entry: dict[str, Any]) -> None:
        """One more; those before stay as they are."""
        self.root.mkdir(parents=True, exist_ok=True)
        rows = [*self.deployments(), {"utc": datetime.now(UTC).isoformat(timespec="seconds"), **entry}]
        write_text(self.root / DEPLOYMENTS, dump(DEPLOYMENTS_FORMAT.stamped({"deployments": rows})))
        self.keep(DEPLOYMENTS)

    def _maybe(self, name: str, of: Format) -> dict[str, Any] | None:
        path = self.root / name
        return read_json(path, of) if there(path) else None

    # -- journal

    def note(self, event: str, **what: Any) -> None:  # noqa: ANN401
        """Append one event; of the ``files`` it names also beside them. See Journal.note."""
        Journal(self.root).note(event, what)

    def keep(self, *names: str) -> None:
        """Note the digests of files of this folder itself, which no event is about."""
        Journal(self.root).keep(HERE, names)

    def digests(self, *names: str) -> dict[str, dict[str, str]]:
        """Of files of this folder itself, as an event names them."""
        return {HERE: {name: digest_of(self.root / name) for name in names}}

    def journal(self) -> list[dict[str, Any]]:
        """Every whole event; what a crash left of one is skipped, and what is none is told by ``integrity``."""
        return Journal(self.root).read().events

    def integrity(self) -> Integrity:
        """The journal and the digests as they are now."""
        return integrity(self.root)

    # -- runs

    def attempts(self, block: int) -> list[int]:
        folder = self.root / "blocks" / f"b{block:02d}"
        numbers = [p.name.removeprefix("attempt-") for p in folder.glob("attempt-*")] if folder.is_dir() else []
        return sorted(int(n) for n in numbers if n.isascii() and n.isdigit() and len(n) < len(str(MOST_ATTEMPTS)))

    def attempt_folder(self, block: int, attempt: int) -> Path:
        return self.root / "blocks" / f"b{block:02d}" / f"attempt-{attempt}"

    def run_folder(self, run: Run, attempt: int) -> Path:
        return self.attempt_folder(run.block, attempt) / f"{run.profile}-{run.position}-{run.target}"

    def record(self, run: Run, attempt: int) -> RunRecord | None:
        """What one run left behind, None when it never began."""
        path = self.run_folder(run, attempt)
        if not path.is_dir():
            return None
        read = [_read(path / of.file, of) for of in (RUN_FORMAT, LEDGER_FORMAT, TARGET_FORMAT)]
        said = [None if isinstance(one, BadFile) else one for one in read]
        unread = tuple(one for one in read if isinstance(one, BadFile))
        return RunRecord(path, run.block, attempt, run.profile, run.target, said[0], said[1], said[2], unread)

    def records(self, block: Block, attempt: int) -> list[RunRecord]:
        found = (self.record(run, attempt) for run in block.runs)
        return [record for record in found if record is not None]

    def valid_attempt(self, block: Block) -> int | None:
        """The attempt whose every run ended VALID, None when there is none yet."""
        for attempt in self.attempts(block.number):
            records = self.records(block, attempt)
            if len(records) == len(block.runs) and all(record.valid for record in records):
                return attempt
        return None

    def spoilt(self, block: Block) -> int:
        """Attempts that the generator spoilt; one that a person or a limit stopped is not among them."""
        return sum(
            any(r.ledger and not r.valid and not r.ledger.get("stopped_by") for r in self.records(block, attempt))
            for attempt in self.attempts(block.number)
        )

    def due(self, blocks: Sequence[Block], most: int) -> list[Block]:
        """Those without a valid attempt that have some of their ``most`` attempts left."""
        return [block for block in blocks if self.valid_attempt(block) is None and self.spoilt(block) < most]

    def given_up(self, blocks: Sequence[Block], most: int) -> list[Block]:
        """Those without a valid attempt whose attempts are used up; a higher ``most`` measures them again."""
        return [block for block in blocks if self.valid_attempt(block) is None and self.spoilt(block) >= most]

    def all_records(self, plan: Plan) -> Iterator[RunRecord]:
        """Every run of every attempt, in the order of the plan."""
        for block in plan.units:
            for attempt in self.attempts(block.number):
                yield from self.records(block, attempt)


def _read(path: Path, of: Format) -> dict[str, Any] | BadFile | None:
    """None where there is none; raises TooNew."""
    if not there(path):
        return None
    try:
        return read_json(path, of)
    except BadFile as error:
        return error


def _plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "baseline": plan.baseline,
        "candidate": plan.candidate,
        "seed": plan.seed,
        "blocks": plan.blocks,
        "tracks": plan.tracks,
        "profiles": plan.profiles,
        "questions_digest": plan.questions_digest,
        "forecast_usd": plan.forecast_usd,
        "created": plan.created,
        # what is usual is not written: what was sealed before there was a choice keeps its digest
        **({} if plan.purpose is Purpose.EVIDENCE else {"purpose": plan.purpose}),
    }


def _plan_from(data: dict[str, Any]) -> Plan:
    return Plan(
        baseline=data["baseline"],
        candidate=data["candidate"],
        seed=data["seed"],
        blocks=_blocks_from(data["blocks"]),
        tracks=_blocks_from(data.get("tracks", ())),
        profiles=tuple(
            ProfilePlan(
                **{
                    **p,
                    "start": Start(p["start"]),
                    "options": tuple((k, v) for k, v in p["options"]),
                    "role": Role(p["role"]) if "role" in p else _role_by_file(p["file"]),
                }
            )
            for p in data["profiles"]
        ),
        questions_digest=data["questions_digest"],
        forecast_usd=Decimal(data["forecast_usd"]),
        created=data["created"],
        purpose=Purpose(data.get("purpose", Purpose.EVIDENCE)),
    )


def _role_by_file(file: str) -> Role:
    """Of a plan from before profiles had roles: then a locustfile's name told what it was for."""
    known = {
        "burst": Role.BURST,
        "coldstart": Role.COLD,
        "fromzero": Role.FROM_ZERO,
        "keepalive": Role.KEEP_ALIVE,
        "capacity": Role.CAPACITY,
    }
    return known.get(PurePosixPath(file).stem, Role.EVERYDAY)


def _blocks_from(rows: Iterable[dict[str, Any]]) -> tuple[Block, ...]:
    return tuple(
        Block(**{**b, "runs": tuple(Run(**{**r, "start": Start(r["start"])}) for r in b["runs"])}) for b in rows
    )
