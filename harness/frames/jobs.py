"""Jobs: one row a submission, straight from jobs.parquet, with the two times that verdicts are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from harness.analysis.dataset import RunData
from harness.analysis.job_table import FILE, job_run
from harness.domain.columns import Column, floats
from harness.evidence import parquet
from harness.evidence.job_columns import JOBS
from harness.evidence.regular import there
from harness.evidence.schema import JOB_KINDS, JOBS_FORMAT
from harness.frames.runs import Made
from harness.frames.samples import HEAD

TIMES: tuple[Column, ...] = floats(
    to_done_s="duration from the intended submission to done; infinite for everything that was not done",
    fresh_s="duration until whoever waits knows: the callback where one was asked for, else as `to_done_s`",
)
COLUMNS: tuple[Column, ...] = (*HEAD, *JOBS, *TIMES)


def rows(runs: Iterable[Made]) -> Iterator[tuple[Any, ...]]:
    """In the order of runs and schedule; runs without jobs have none. Raises BadFile for a file that cannot be read."""
    for one in runs:
        path = one.record.path / FILE
        if not there(path):
            continue
        job = job_run(RunData(one.record.block, one.record.target, one.record.profile, one.record, {}))
        found = parquet.columns(path, JOBS_FORMAT, JOB_KINDS, [c.name for c in JOBS])
        times = zip(job.to_done_s.tolist(), job.fresh_s.tolist(), strict=True)
        for row, more in zip(zip(*found, strict=True), times, strict=True):
            yield (*one.key, one.used, *row, *more)
