"""A worker of containers: asks the queue, one job at a time. ``python -m ragchat.jobs.worker [--processes N]``

Without ``--processes`` it is one process, which ends itself when a job reaches a limit; whoever started it starts it
again. With it, N such processes are kept running by this one, as a container without a supervisor needs it.
"""

from __future__ import annotations

import argparse
import logging
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from ragchat.jobs.queues import QueueDown
from ragchat.jobs.workshop import Workshop, workshop

log = logging.getLogger("ragchat.jobs")
POLL_S = 5.0
DOWN_S = 1.0
RESTART_S = 0.2


class Stopping:
    """SIGTERM: the job in hand is finished, no other is begun; a platform that does not wait kills, and nothing is lost."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.asked.set()


def serve(made: Workshop, stopping: threading.Event) -> None:
    """Until asked to stop."""
    look_s = 0.05 if made.settings.queue == "sqlite" else 1.0  # a look is a query: on a server it is somebody's load
    threading.Thread(target=made.courier.run, args=(look_s,), daemon=True).start()
    next_tidy = 0.0
    while not stopping.is_set():
        try:
            if time.monotonic() >= next_tidy:
                next_tidy = time.monotonic() + POLL_S
                made.tidy()
            _one(made)
        except QueueDown:
            log.exception("the queue does not answer")
            stopping.wait(DOWN_S)
    made.courier.send_due()


def _one(made: Workshop) -> None:
    assert made.queue is not None
    for message in made.queue.receive(1, POLL_S):
        if made.carrier.carry(message):
            made.queue.delete(message.receipt)
        made.courier.nudge()


def keep(processes: int, stopping: threading.Event) -> None:
    """That many workers, each started again when it ends; all told when this one is."""
    command = [sys.executable, "-m", "ragchat.jobs.worker"]
    running = [subprocess.Popen(command) for _ in range(processes)]
    while not stopping.wait(RESTART_S):
        running = [one if one.poll() is None else subprocess.Popen(command) for one in running]
    for one in running:
        one.terminate()
    for one in running:
        one.wait()


def main(argv: list[str] | None = None) -> None:
    """Work until told to stop."""
    parser = argparse.ArgumentParser(prog="ragchat.jobs.worker", description=__doc__)
    parser.add_argument("--processes", type=int, default=0, help="keep so many worker processes running")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING)
    stopping = Stopping().asked
    if options.processes:
        keep(options.processes, stopping)
    else:
        serve(workshop(), stopping)


if __name__ == "__main__":
    main()
