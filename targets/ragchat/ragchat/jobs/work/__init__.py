"""The kinds of work, each a function of its input and the attempt it is part of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.jobs.work.evaluate import Evaluate
from ragchat.jobs.work.ingest import Ingest
from ragchat.jobs.work.webhook import Webhook

if TYPE_CHECKING:
    from ragchat.jobs.carry import Work
    from ragchat.jobs.settings import JobSettings
    from ragchat.settings import Settings


def works(settings: Settings, jobs: JobSettings) -> dict[str, Work]:
    """By the contract's names; indexes and models are opened by the first job that needs them."""
    return {"ingest": Ingest(settings), "evaluate": Evaluate(settings), "webhook": Webhook(jobs.secret)}
