"""How Locust's own table names the main rows of a run: by what each request asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.domain.asks import Asks

if TYPE_CHECKING:
    from harness.load.spec import RunSpec

METHOD = "CHAT"
RETRIEVE = "RETRIEVE"  # passages alone
JOBS = "JOB"  # each submits one
NAMES = {JOBS: "submit", RETRIEVE: "passages"}  # of rows that are neither streamed nor whole answers


def method_of(spec: RunSpec) -> str:
    """The method column."""
    if spec.jobs is not None:
        return JOBS
    return RETRIEVE if spec.mix.asks is Asks.RETRIEVAL else METHOD
