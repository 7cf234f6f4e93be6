"""Jobs: what became of every submission, how long it took, how fast a backlog drains, and what it costs.

``jobs_of`` is the door: one ``JobsFound`` for each target and profile of role ``jobs``.
"""

from harness.analysis.jobs.found import JobsFound, jobs_of

__all__ = ["JobsFound", "jobs_of"]
