"""What stands between a submission and its worker: at least once, in about the order of arrival.

A message carries a job's id and nothing else. Received, it is out of sight for the visibility timeout; whoever has
taken care of it deletes it; otherwise it is seen again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ragchat.jobs.database import Database
    from ragchat.jobs.settings import JobSettings


@dataclass(frozen=True)
class Message:
    """One job's id on its way; ``receipt`` is of this receipt alone, ``receives`` counts it."""

    job_id: str
    receipt: str
    receives: int = 1


class Sender(Protocol):
    """The front's end."""

    def send(self, job_id: str) -> None:
        """Raises QueueDown where it was not taken."""
        ...


class Held(Protocol):
    """The worker's end of one received message, whoever received it."""

    def delete(self, receipt: str) -> None: ...

    def delay(self, receipt: str, seconds: float) -> None:
        """Out of sight for so long from now; a receipt that is too old changes nothing."""
        ...


class Queue(Sender, Held, Protocol):
    """A queue that workers ask; a front that pushes its messages (Pub/Sub) has none to ask."""

    def receive(self, most: int, wait_s: float) -> list[Message]:
        """What is to be done now, waiting for the first of it for at most ``wait_s``."""
        ...


class QueueDown(Exception):
    """The queue did not take or give a message."""


def open_sender(settings: JobSettings, database: Database) -> Sender:
    """The configured one; a client library is imported only here. Raises ValueError for an unknown one."""
    if settings.queue == "pubsub":
        from ragchat.jobs.queues.pubsub import Topic  # noqa: PLC0415

        return Topic(settings.queue_url)
    return open_queue(settings, database)


def open_queue(settings: JobSettings, database: Database) -> Queue:
    """As ``open_sender``, for workers that ask."""
    match settings.queue:
        case "sqlite":
            from ragchat.jobs.queues.sqlite import SqliteQueue  # noqa: PLC0415

            return SqliteQueue(database, settings.visibility_s)
        case "sqs":
            from ragchat.jobs.queues.sqs import Sqs  # noqa: PLC0415

            return Sqs(settings.queue_url, settings.region, settings.visibility_s)
        case "storage-queue":
            from ragchat.jobs.queues.storage_queue import StorageQueue  # noqa: PLC0415

            return StorageQueue(settings.queue_url, settings.visibility_s)
        case "pubsub":
            raise ValueError("RAG_JOBS=pubsub pushes its messages: run ragchat.jobs.push under uvicorn as the worker")
        case other:
            raise ValueError(f"RAG_JOBS={other}: want sqlite, sqs, pubsub or storage-queue")
