"""A small job shop for tests: a store and a queue on a clock that only the test moves."""

from __future__ import annotations

from pathlib import Path

from ragchat.jobs.contract import Submission
from ragchat.jobs.database import Sqlite
from ragchat.jobs.queues import Message
from ragchat.jobs.queues.sqlite import SqliteQueue
from ragchat.jobs.settings import JobSettings
from ragchat.jobs.store import Claim, Effect, Indexed, Store

DONE = Effect({"made": 1}, 3, 4)


class Clock:
    """Seconds as the test says."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Shop:
    """``store`` and ``queue`` over one SQLite file."""

    def __init__(self, folder: Path, *, visibility_s=60.0, most_attempts=3, most_queued=10_000) -> None:
        self.clock = Clock()
        self.database = Sqlite(folder, self.clock)
        self.store = Store(self.database, most_attempts, most_queued)
        self.queue = SqliteQueue(self.database, visibility_s)
        self.settings = JobSettings("sqlite", folder, visibility_s=visibility_s, most_receives=most_attempts)
        self.visibility_s = visibility_s

    def submit(self, number: int | None = None, *, key: str | None = None, callback_url: str | None = None) -> str:
        made = self.store.submit(submission(number, callback_url), key)
        if made.new:
            self.queue.send(made.id)
            self.store.sent(made.id)
        return made.id

    def take(self) -> tuple[Message, Claim]:
        """The next message, claimed by a worker of its own."""
        (message,) = self.queue.receive(1, 0)
        claim = self.store.claim(message.job_id, "worker", self.visibility_s)
        assert isinstance(claim, Claim), claim
        return message, claim

    def status(self, job_id: str) -> str:
        return self.store.status(job_id)["status"]


def submission(number: int | None = None, callback_url: str | None = None) -> Submission:
    given = {"payload": f"{number}", "signature": "sha256=0", "forward_url": None}
    return Submission("webhook", given, callback_url)


def passages(*texts: str, collection: str = "default") -> tuple[Indexed, ...]:
    return tuple(Indexed(collection, f"d#{n}", "d", "d", text, b"\0" * 4) for n, text in enumerate(texts))
