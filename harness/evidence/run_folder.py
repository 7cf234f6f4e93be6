"""One run's folder while it is being filled: spool first, whole files at the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.domain.job import JOB_COLUMNS
from harness.domain.ledger import Ledger
from harness.domain.sample import COLUMNS
from harness.errors import Refused, to_write
from harness.evidence import parquet
from harness.evidence.files import dump, write_text
from harness.evidence.schema import (
    GENERATOR_FORMAT,
    GENERATOR_KINDS,
    JOB_KINDS,
    JOBS_FORMAT,
    LEDGER_FORMAT,
    RUN_FORMAT,
    SAMPLE_KINDS,
    SAMPLES_FORMAT,
    TARGET_FORMAT,
)
from harness.evidence.spool import Spool, SpoolReader
from harness.words import all_said

SPOOL = "samples.spool.jsonl"
JOBS_SPOOL = "jobs.spool.jsonl"
RESERVE = ".reserve"
RESERVE_BYTES = 256 * 1024


class RunFolder:
    """The files of one run; a full disk is noted in ``errors`` and never raised while samples arrive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.errors: list[str] = []
        self._spool: Spool | None = None
        self._jobs: Spool | None = None

    def open(self, *, jobs: bool = False) -> None:
        """Claim an empty folder, with a spool for ``jobs`` too; raises Refused when it holds anything or cannot be made.

        A small reserve is written first and given back when the disk is full, so that
        the ledger can still say that the run is invalid.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if any(self.path.iterdir()):
                raise Refused(f"{self.path} is not empty", "evidence is never overwritten: name another --evidence")
            (self.path / "readings").mkdir()
            (self.path / RESERVE).write_bytes(os.urandom(RESERVE_BYTES))
            self._spool = Spool(self.path / SPOOL, SAMPLES_FORMAT.stamped({"columns": COLUMNS}))
            if jobs:
                self._jobs = Spool(self.path / JOBS_SPOOL, JOBS_FORMAT.stamped({"columns": JOB_COLUMNS}))
        except OSError as error:
            self._unclaim()
            raise Refused(f"{self.path} cannot take evidence: {error.strerror}", to_write(error)) from None

    def append(self, lines: bytes) -> bool:
        """Append sample lines to the spool; False when they could not be written and are only in memory."""
        assert self._spool is not None
        if error := self._spool.append(lines):
            self._note(f"{SPOOL}: {error.strerror}")
        return error is None

    def append_jobs(self, lines: bytes) -> bool:
        """The same for lines of jobs: one when a job was accepted, another when it ended; the last of a ``seq`` counts."""
        assert self._jobs is not None
        if error := self._jobs.append(lines):
            self._note(f"{JOBS_SPOOL}: {error.strerror}")
        return error is None

    def jobs(self, planned: int) -> SpoolReader:
        """Every job that was accepted, by ``seq``."""
        assert self._jobs is not None
        return SpoolReader(self._jobs.path, planned, self._jobs.kept)

    def samples(self, planned: int) -> SpoolReader:
        """Everything that was appended, by ``seq``."""
        assert self._spool is not None
        return SpoolReader(self._spool.path, planned, self._spool.kept)

    def write_run(self, run: dict[str, Any]) -> None:
        """run.json, at the start and again at the end."""
        self._text("run.json", RUN_FORMAT.stamped(run))

    def write_target(self, target: dict[str, Any]) -> None:
        self._text("target.json", TARGET_FORMAT.stamped(target))

    def write_samples(self, chunks: Iterable[Sequence[Sequence[Any]]], generator: Sequence[Sequence[Any]]) -> None:
        """Both Parquet files; the spool goes when the samples are safe."""
        try:
            parquet.write_chunks(self.path / "samples.parquet", chunks, SAMPLE_KINDS, SAMPLES_FORMAT)
            parquet.write(self.path / "generator.parquet", generator, GENERATOR_KINDS, GENERATOR_FORMAT)
        except Exception as error:  # noqa: BLE001 - a value that no column holds must not cost the ledger
            self._note(f"samples.parquet: {_why(error)}")
            return
        if not self.errors:
            with contextlib.suppress(OSError):
                (self.path / SPOOL).unlink()

    def write_jobs(self, chunks: Iterable[Sequence[Sequence[Any]]]) -> None:
        """jobs.parquet; its spool goes when they are safe."""
        try:
            parquet.write_chunks(self.path / "jobs.parquet", chunks, JOB_KINDS, JOBS_FORMAT)
        except Exception as error:  # noqa: BLE001 - as with samples
            self._note(f"jobs.parquet: {_why(error)}")
            return
        if not self.errors:
            with contextlib.suppress(OSError):
                (self.path / JOBS_SPOOL).unlink()

    def close(self, ledger: Ledger) -> None:
        """ledger.json is the last word on a run: without it, the run did not end. May be called again with another."""
        self._give_back()
        if self._spool is not None:
            self._spool.close()
            self._spool = None
        if self._jobs is not None:
            self._jobs.close()
            self._jobs = None
        self._text("ledger.json", ledger_json(ledger))

    def _text(self, name: str, value: dict[str, Any]) -> None:
        try:
            write_text(self.path / name, dump(value))
        except Exception as error:  # noqa: BLE001 - what a target says of itself must not cost the ledger
            self._note(f"{name}: {_why(error)}")
            with contextlib.suppress(Exception):
                write_text(self.path / name, dump(value))

    def _note(self, error: str) -> None:
        if error not in self.errors:
            self.errors.append(error)
        self._give_back()

    def _unclaim(self) -> None:
        """Remove what ``open`` made, and nothing else."""
        for name in (RESERVE, SPOOL, JOBS_SPOOL):
            with contextlib.suppress(OSError):
                (self.path / name).unlink()
        for folder in (self.path / "readings", self.path):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _give_back(self) -> None:
        with contextlib.suppress(OSError):
            (self.path / RESERVE).unlink()


def _why(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return said or f"{type(error).__name__}: {str(error)[:200]}"


def ledger_json(ledger: Ledger) -> dict[str, Any]:
    """The ledger's fixed keys first."""
    health = ledger.health
    return LEDGER_FORMAT.stamped(
        {
            "planned": ledger.planned,
            "outcomes": dict(ledger.outcomes),
            "jobs": None if ledger.jobs is None else dict(ledger.jobs),
            "valid": ledger.valid,
            "reasons": all_said(ledger.reasons),
            "reason_kinds": [reason.kind for reason in ledger.reasons],
            "warnings": all_said(ledger.warnings),
            "warning_kinds": [warning.kind for warning in ledger.warnings],
            "lag_p50_s": ledger.lag_p50_s,
            "lag_p99_s": ledger.lag_p99_s,
            "lag_max_s": ledger.lag_max_s,
            "lag_limit_s": ledger.lag_limit_s,
            "stopped_by": ledger.stopped_by,
            "stop_signal": ledger.stop_signal,
            "no_free_slot": health.no_free_slot,
            "held_up": health.held_up,
            "jobs_unasked": health.jobs_unasked,
            "lost_workers": health.lost_workers,
            "late_joiners": health.late_joiners,
            "loop_lag_p99_s": health.loop_lag_p99_s,
            "cpu_p95_pct": health.cpu_p95_pct,
            "gc_pause_max_s": health.gc_pause_max_s,
            "sockets_max": health.sockets_max,
            "sockets_limit": health.sockets_limit,
            "clock_step_s": health.clock_step_s,
            "clocks_apart_s": health.clocks_apart_s,
            "clocks_unsure_s": health.clocks_unsure_s,
            "clocks_unknown": health.clocks_unknown,
            "local_errors": list(health.local_errors),
            "write_errors": list(health.write_errors),
            "worker_errors": list(health.worker_errors),
        }
    )
