"""The embedded queue: a table beside the jobs, in a file that every process of the machine sees."""

from __future__ import annotations

import time
import uuid

from ragchat.jobs.database import Database
from ragchat.jobs.queues import Message

LOOK_S = 0.01  # between two looks at an empty queue: a look takes some 20 microseconds


class SqliteQueue:
    """After SQS: visibility timeout, receive count, receipts that go stale."""

    def __init__(self, database: Database, visibility_s: float) -> None:
        self._database, self._visibility_s = database, visibility_s

    def send(self, job_id: str) -> None:
        now = self._database.now()
        with self._database.transaction() as rows:
            rows.run("INSERT INTO message (job_id, visible_s) VALUES (?, ?)", job_id, now)

    def receive(self, most: int, wait_s: float) -> list[Message]:
        """Oldest first."""
        give_up = time.monotonic() + wait_s
        while True:
            if found := self._take(most):
                return found
            if time.monotonic() >= give_up:
                return []
            time.sleep(LOOK_S)

    def _take(self, most: int) -> list[Message]:
        now = self._database.now()
        if not self._database.read("SELECT 1 FROM message WHERE visible_s <= ? LIMIT 1", now):
            return []  # no lock for a look
        taken = []
        with self._database.transaction() as rows:
            due = rows.all(
                "SELECT id, job_id, receives FROM message WHERE visible_s <= ? ORDER BY visible_s, id LIMIT ?",
                now,
                most,
            )
            for number, job_id, receives in due:
                receipt = uuid.uuid4().hex
                rows.run(
                    "UPDATE message SET receipt = ?, receives = receives + 1, visible_s = ? WHERE id = ?",
                    *(receipt, now + self._visibility_s, number),
                )
                taken.append(Message(job_id, receipt, receives + 1))
        return taken

    def delete(self, receipt: str) -> None:
        with self._database.transaction() as rows:
            rows.run("DELETE FROM message WHERE receipt = ?", receipt)

    def delay(self, receipt: str, seconds: float) -> None:
        now = self._database.now()
        with self._database.transaction() as rows:
            rows.run("UPDATE message SET visible_s = ? WHERE receipt = ?", now + seconds, receipt)
