"""What a target said of a job, as it enters the evidence: the same rules as for samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.domain.identities import without_identity
from harness.domain.shown import visible
from harness.secrecy import KNOWN

if TYPE_CHECKING:
    from harness.domain.job import Job

SAID = ("job_id", "model", "instance_id", "error_code", "detail")
IN_WORDS = ("error_code", "detail")


def quoted_job(job: Job) -> None:
    """Clean the texts of one job in place, without known secrets and on one line."""
    for name in SAID:
        if (text := getattr(job, name)) is not None:
            hidden = visible(KNOWN.hide(text))
            setattr(job, name, without_identity(hidden) if name in IN_WORDS else hidden)
