"""Runs of jobs on disk, as an analysis reads them."""

from datetime import UTC, datetime

from harness.analysis.dataset import RunData, read
from harness.analysis.job_table import job_run
from harness.evidence.store import RunRecord
from tests.builders import sample, write_jobs, write_run

STARTED = datetime(2026, 11, 20, 9, tzinfo=UTC)


def run_of(folder, jobs, block=1, target="alpha", reports=()):
    """One run's folder with these jobs, and the log lines that its platform wrote."""
    at = folder / f"b{block:02d}-{target}"
    write_run(at, [sample(j.seq, scheduled_s=j.scheduled_s, stream=False, bytes=200) for j in jobs], STARTED)
    write_jobs(at, jobs)
    if reports:
        (at / "readings" / "platform.log").write_text("\n".join(reports) + "\n")
    record = RunRecord(at, block, 1, "jobs", target, {"elapsed_s": 60.0}, {"valid": True})
    return RunData(block, target, "jobs", record, read(at))


def jobs_in(folder, *blocks):
    """The jobs of each block, read back."""
    return [job_run(run_of(folder, jobs, block)) for block, jobs in enumerate(blocks, start=1)]
