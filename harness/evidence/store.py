"""The evidence folder of a pilot: plan, seal, journal, and one folder per block attempt.

    evidence/plan.json  seal.json  journal.jsonl
    evidence/blocks/b01/attempt-1/steady-local_function/   one run's folder
    evidence/sweeps/local_function-1f3a9c07/               the same again, of the settings that were tried before
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from harness.domain.lines import lines_of
from harness.domain.plan import Block, Plan, ProfilePlan, Run, Start
from harness.domain.role import Role
from harness.errors import BadFile, PilotError, Problem
from harness.evidence.digests import chained
from harness.evidence.files import dump, jsonable, read_json, write_text

PLAN_VERSION = 1
SEAL_VERSION = 1
CALIBRATION_VERSION = 1
CHECKS_VERSION = 1
CALIBRATION = "calibration.json"
SWEEPS = "sweeps"
TORN = "torn line ended"  # in the journal: a crash cut its last event
LONGEST_TAIL = 1 << 20


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

    @property
    def valid(self) -> bool:
        return bool(self.ledger and self.ledger.get("valid"))

    @property
    def lost(self) -> int:
        """Arrivals whose end nobody reported."""
        return int(((self.ledger or {}).get("outcomes") or {}).get("lost", 0))

    @property
    def reasons(self) -> tuple[str, ...]:
        if self.ledger is None:
            return ("the run did not end",)
        return tuple(self.ledger.get("reasons", ()))


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

    # -- plan and seal

    def write_plan(self, plan: Plan) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        write_text(self.root / "plan.json", dump({"schema_version": PLAN_VERSION, **_plan_json(plan)}))

    def plan(self) -> Plan | None:
        """The plan, None when there is none; raises BadFile when it is broken."""
        path = self.root / "plan.json"
        if not path.exists():
            return None
        try:
            return _plan_from(read_json(path, PLAN_VERSION))
        except (KeyError, TypeError, ValueError) as error:
            raise BadFile(path, [Problem("", f"is not a plan: {error!r}")]) from None

    def write_seal(self, digest: str, content: dict[str, Any]) -> None:
        sealed = datetime.now(UTC).isoformat(timespec="seconds")
        write_text(
            self.root / "seal.json",
            dump({"schema_version": SEAL_VERSION, "digest": digest, "sealed_utc": sealed, "content": content}),
        )

    def seal(self) -> dict[str, Any] | None:
        path = self.root / "seal.json"
        return read_json(path, SEAL_VERSION) if path.exists() else None

    def calibration(self) -> dict[str, Any] | None:
        """What the generator said of known laws, None when nobody asked; raises BadFile when it is broken."""
        path = self.root / CALIBRATION
        return read_json(path, CALIBRATION_VERSION) if path.exists() else None

    def write_checks(self, results: Any) -> None:  # noqa: ANN401 - check results by group, any plain data
        """What was checked before the first block; asked again, it is written anew and the journal has both."""
        self.root.mkdir(parents=True, exist_ok=True)
        write_text(self.root / "checks.json", dump({"schema_version": CHECKS_VERSION, "groups": results}))

    def checks(self) -> dict[str, list[dict[str, str]]] | None:
        """By group, as they were answered; None when nothing was checked."""
        path = self.root / "checks.json"
        return read_json(path, CHECKS_VERSION)["groups"] if path.exists() else None

    # -- journal

    def note(self, event: str, **what: Any) -> None:  # noqa: ANN401
        """Append one line, whole or not at all; a journal that cannot be written ends the command.

        Where a crash left half a line, that one is ended first, so that it does not swallow this one, and it is noted.
        """
        path = self.root / "journal.jsonl"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)  # one writer at a time, or the chain would fork
                size = os.fstat(file).st_size
                known, lines = self.journal(), b""
                if torn := _torn(file, size):
                    lines = b"\n" + _line(known, TORN, {"torn_bytes": torn})
                lines += _line([*known, *_events(lines)], event, what)
                _append(file, size, lines)
            finally:
                os.close(file)
        except OSError as error:
            raise PilotError(f"{path} cannot be written: {error.strerror}", "free some space and run again") from None

    def journal(self) -> list[dict[str, Any]]:
        """Every whole event; what a crash left of one is skipped."""
        try:
            return _events((self.root / "journal.jsonl").read_bytes())
        except FileNotFoundError:
            return []

    # -- runs

    def attempts(self, block: int) -> list[int]:
        folder = self.root / "blocks" / f"b{block:02d}"
        numbers = [p.name.removeprefix("attempt-") for p in folder.glob("attempt-*")] if folder.is_dir() else []
        return sorted(int(n) for n in numbers if n.isdigit())

    def attempt_folder(self, block: int, attempt: int) -> Path:
        return self.root / "blocks" / f"b{block:02d}" / f"attempt-{attempt}"

    def run_folder(self, run: Run, attempt: int) -> Path:
        return self.attempt_folder(run.block, attempt) / f"{run.profile}-{run.position}-{run.target}"

    def record(self, run: Run, attempt: int) -> RunRecord | None:
        """What one run left behind, None when it never began."""
        path = self.run_folder(run, attempt)
        if not path.is_dir():
            return None
        return RunRecord(
            path,
            run.block,
            attempt,
            run.profile,
            run.target,
            _maybe(path / "run.json"),
            _maybe(path / "ledger.json"),
            _maybe(path / "target.json"),
        )

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

    def all_records(self, plan: Plan) -> Iterator[RunRecord]:
        """Every run of every attempt, in the order of the plan."""
        for block in plan.units:
            for attempt in self.attempts(block.number):
                yield from self.records(block, attempt)


def _events(lines: bytes) -> list[dict[str, Any]]:
    out = []
    for line in lines_of(lines.decode("utf-8", errors="replace")):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            out.append(event)
    return out


def _line(known: Sequence[Mapping[str, Any]], event: str, what: Mapping[str, Any]) -> bytes:
    """One event as a line that holds on to those before it."""
    line = jsonable({"utc": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **what})
    before = next((str(old["chain"]) for old in reversed(known) if "chain" in old), "")
    line["chain"] = chained(before, line)
    return (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", errors="backslashreplace")


def _append(file: int, size: int, lines: bytes) -> None:
    """Whole and on the disk, else as before; raises OSError."""
    try:
        if os.write(file, lines) != len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        os.ftruncate(file, size)
        raise
    os.fsync(file)


def _torn(file: int, size: int) -> int:
    """Bytes after the last newline, up to the longest that is looked at; 0 where the file ends as it should."""
    tail = os.pread(file, min(size, LONGEST_TAIL), max(0, size - LONGEST_TAIL))
    return len(tail) - (tail.rfind(b"\n") + 1)


def _maybe(path: Path) -> dict[str, Any] | None:
    try:
        return read_json(path)
    except BadFile:
        return None


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
