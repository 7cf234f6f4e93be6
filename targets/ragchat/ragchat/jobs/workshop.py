"""A worker's parts, put together from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from ragchat.jobs.carry import Carrier
from ragchat.jobs.courier import Courier
from ragchat.jobs.database import open_database
from ragchat.jobs.queues import Held, Queue, Sender, open_queue, open_sender
from ragchat.jobs.settings import JobSettings
from ragchat.jobs.store import Store
from ragchat.jobs.work import works
from ragchat.settings import Settings

UNSENT_S = 5.0  # a submission takes milliseconds between its two steps: one this old was left by a front that died


@dataclass(frozen=True)
class Workshop:
    """``queue`` is None where messages are pushed."""

    settings: JobSettings
    store: Store
    sender: Sender
    queue: Queue | None
    carrier: Carrier
    courier: Courier

    def tidy(self) -> None:
        """Send the messages that a front kept a job for and died; raises QueueDown."""
        for job_id in self.store.unsent(UNSENT_S):
            self.sender.send(job_id)
            self.store.sent(job_id)


class Pushed:
    """The worker's end of a message that a platform holds: it deletes by what it is answered, and delays by its own rule."""

    def delete(self, receipt: str) -> None:
        del receipt

    def delay(self, receipt: str, seconds: float) -> None:
        del receipt, seconds


def workshop(held: Held | None = None) -> Workshop:
    """With ``held`` messages are pushed to this process; raises ValueError where no jobs are declared."""
    settings = JobSettings.from_env()
    if settings is None:
        raise ValueError("RAG_JOBS is not set: this deployment declares no jobs")
    database = open_database(settings)
    store = Store(database, settings.most_receives, settings.most_queued)
    queue = open_queue(settings, database) if held is None else None
    sender = queue or open_sender(settings, database)
    by = held or queue
    assert by is not None
    carrier = Carrier(store, by, settings, works(Settings.from_env(), settings))
    return Workshop(settings, store, sender, queue, carrier, Courier(store, settings))
