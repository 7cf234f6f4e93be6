"""One run's jobs.parquet as arrays: one element a submission, in the order of ``seq``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.analysis.columns import Array
from harness.domain.bounds import RUN_S
from harness.domain.job import JobState
from harness.errors import BadFile, Problem
from harness.evidence import parquet
from harness.evidence.schema import JOB_KINDS, JOBS_FORMAT

if TYPE_CHECKING:
    from harness.analysis.dataset import RunData
    from harness.evidence.store import RunRecord

FILE = JOBS_FORMAT.file
MOST_S, EARLY_S = 2 * RUN_S.most, -60.0  # an instant of a run, as its samples are held to
NUMBERS = (
    *("scheduled_s", "accepted_s", "started_s", "done_s", "known_s", "called_s", "not_done_s"),
    *("attempts", "effects", "callbacks", "queued_ms", "running_ms", "input_tokens", "output_tokens", "polls"),
)
TEXTS = ("state", "kind", "killed_by", "model")


@dataclass(frozen=True)
class JobRun:
    """Instants in seconds from the run's start; nan for what is not known, None for a text that is not."""

    block: int
    numbers: dict[str, Array]
    texts: dict[str, list[str | None]]
    measured: Array  # of submissions, those that estimates count

    def state(self, *states: JobState) -> Array:
        """Whether a submission ended in one of these."""
        wanted = {state.value for state in states}
        return np.array([s in wanted for s in self.texts["state"]], dtype=bool)

    def killed(self, by: str) -> Array:
        return np.array([k == by for k in self.texts["killed_by"]], dtype=bool)

    @cached_property
    def accepted(self) -> Array:
        flags: Array = ~self.state(JobState.NOT_ACCEPTED)
        return flags

    @cached_property
    def done(self) -> Array:
        return self.state(JobState.DONE)

    @cached_property
    def done_at_s(self) -> Array:
        """By the age that the service told, else when it was first known: never earlier than the truth."""
        told, known = self.numbers["done_s"], self.numbers["known_s"]
        return np.where(self.done, np.where(np.isnan(told), known, told), math.nan)

    @cached_property
    def to_done_s(self) -> Array:
        """From the intended submission; +inf for everything that was not done."""
        return np.where(self.done, self.done_at_s - self.numbers["scheduled_s"], math.inf)

    @cached_property
    def at_least_s(self) -> Array:
        """The least that ``to_done_s`` may be: what is not done at the end of a run, or known only by polls, is known so far."""
        known = np.fmax(self.numbers["not_done_s"], self.numbers["accepted_s"]) - self.numbers["scheduled_s"]
        rough = self.done & np.isnan(self.numbers["done_s"])
        open_ = rough | self.state(JobState.UNFINISHED)
        return np.where(open_ & ~np.isnan(known), known, self.to_done_s)

    @property
    def called_back(self) -> bool:
        """Whether callbacks were asked for."""
        return bool((~np.isnan(self.numbers["callbacks"])).any())

    @cached_property
    def fresh_s(self) -> Array:
        """Until whoever waits knows: its callback where one was asked for, else the instant from which on asking tells."""
        if not self.called_back:
            return self.to_done_s
        called = self.numbers["called_s"]
        known = self.done & ~np.isnan(called)
        return np.where(known, called - self.numbers["scheduled_s"], math.inf)

    @cached_property
    def fresh_at_least_s(self) -> Array:
        """The same of ``fresh_s``; a callback that did not come may come after the run."""
        if not self.called_back:
            return self.at_least_s
        waited = np.where(self.done, self.numbers["known_s"] - self.numbers["scheduled_s"], self.at_least_s)
        return np.where(np.isfinite(self.fresh_s) | np.isnan(waited), self.fresh_s, waited)

    @cached_property
    def resolution_s(self) -> float | None:
        """Of the instants of done: the widest gap between two polls, where the service tells no ages; None: it does."""
        rough = self.done & np.isnan(self.numbers["done_s"])
        if not rough.any():
            return None
        since = np.where(np.isnan(self.numbers["not_done_s"]), self.numbers["accepted_s"], self.numbers["not_done_s"])
        return float(np.nanmax((self.numbers["known_s"] - since)[rough]))

    @cached_property
    def ended_s(self) -> Array:
        """When it left the backlog, done or otherwise: by the age that was told, else when it was known; nan where it did not."""
        told, known = self.numbers["done_s"], self.numbers["known_s"]
        return np.where(np.isnan(told), known, told)


def job_run(run: RunData) -> JobRun:
    """Raises BadFile where its file is not as a run leaves it."""
    path = run.record.path / FILE
    return _read(path, _changed_ns(path), run.block)


def check_jobs(record: RunRecord) -> None:
    """Raises BadFile where these can't be the jobs of their run: each submission once, as its ledger counted them."""
    run = _read(record.path / FILE, _changed_ns(record.path / FILE), record.block)
    planned, counted = (record.ledger or {}).get("planned"), (record.ledger or {}).get("jobs")
    problems = []
    if len(run.measured) != planned:
        problems.append(Problem("", f"holds {len(run.measured)} jobs where ledger.json says {planned} were planned"))
    if counted is not None and (states := dict(Counter(run.texts["state"]))) != counted:
        problems.append(Problem("state", f"counts {states} where ledger.json says {counted}"))
    for name in NUMBERS:
        values = run.numbers[name]
        if name.endswith("_s") and bool(((values < EARLY_S) | (values > MOST_S)).any()):
            problems.append(Problem(name, "holds an instant outside of any run"))
    if problems:
        raise BadFile(record.path / FILE, problems)


def _changed_ns(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


@lru_cache(maxsize=256)
def _read(path: Path, changed_ns: int, block: int) -> JobRun:
    del changed_ns  # part of the cache's key
    wanted = [*NUMBERS, *TEXTS, "measured"]
    found = dict(zip(wanted, parquet.columns(path, JOBS_FORMAT, JOB_KINDS, wanted), strict=True))
    known = {state.value for state in JobState}
    if wrong := [s for s in found["state"] if s not in known]:
        raise BadFile(path, [Problem("state", f"{str(wrong[0])[:40]!r} is not a state of a job")])
    return JobRun(
        block,
        {name: _numbers(found[name]) for name in NUMBERS},
        {name: found[name] for name in TEXTS},
        np.array(found["measured"], dtype=bool),
    )


def _numbers(column: Sequence[Any]) -> Array:
    values = [math.nan if value is None else float(value) for value in column]
    return np.array(values, dtype=np.float64)
