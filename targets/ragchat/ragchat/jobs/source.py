"""The queue as an embedded platform's event-source mapping sees it: one JSON object a line, in and out.

``python -m ragchat.jobs.source``

| in | out |
|---|---|
| ``{"receive": N}`` | ``{"messages": [{"body", "receipt", "receives"}…], "due": bool}`` once there is one, at the latest after WAIT_S |
| ``{"delete": [RECEIPT…]}`` | nothing |

``due`` says that something waits to be sent although no message does: the platform then ticks, as a schedule would.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time

from ragchat.jobs.courier import Courier
from ragchat.jobs.database import open_database
from ragchat.jobs.queues import Queue, open_queue
from ragchat.jobs.queues.sqlite import LOOK_S
from ragchat.jobs.settings import JobSettings
from ragchat.jobs.store import Store
from ragchat.jobs.workshop import UNSENT_S

WAIT_S = 1.0


class Source:
    """Answers receives in the order in which they were asked."""

    def __init__(self, queue: Queue, store: Store, courier: Courier) -> None:
        self._queue, self._store, self._courier = queue, store, courier
        self._asked: tuple[int, float] | None = None  # how many, and until when

    def hear(self, line: str) -> None:
        said = json.loads(line)
        if "receive" in said:
            self._asked = int(said["receive"]), time.monotonic() + WAIT_S
        for receipt in said.get("delete", ()):
            self._queue.delete(receipt)

    @property
    def waited_for(self) -> bool:
        return self._asked is not None

    def answer(self) -> dict[str, object] | None:
        """What is there by now; None while nobody asked, or nothing is there yet."""
        if self._asked is None:
            return None
        most, until = self._asked
        found = self._queue.receive(most, 0)
        if not found and time.monotonic() < until:
            return None
        self._asked = None
        messages = [{"body": m.job_id, "receipt": m.receipt, "receives": m.receives} for m in found]
        due = not found and (self._courier.due() or bool(self._store.unsent(UNSENT_S)))
        return {"messages": messages, "due": due}


def main() -> None:
    """Until standard input ends, as it does with the platform."""
    settings = JobSettings.from_env()
    if settings is None:
        sys.exit("ragchat.jobs.source: RAG_JOBS is not set")
    database = open_database(settings)
    store = Store(database, settings.most_receives, settings.most_queued)
    source = Source(open_queue(settings, database), store, Courier(store, settings))
    rest = b""
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], LOOK_S if source.waited_for else None)
        if ready:
            if not (data := os.read(sys.stdin.fileno(), 65536)):
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                source.hear(line.decode())
        if (said := source.answer()) is not None:
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
