"""One process's jobs in a run: what is submitted, who follows it, who is called back, and the lines that are left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.domain.job import Job, JobShape
from harness.load.jobs.follower import Follower
from harness.load.jobs.plain import Questions
from harness.load.jobs.receiver import Receiver
from harness.load.jobs.submitting import Submitting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.dialects.jobs import Accepted
    from harness.domain.sample import Sample
    from harness.load.spec import Following, RunSpec


class Jobs:
    """Lives as long as its generator; ``over`` is called whenever nothing is left to be followed."""

    def __init__(
        self,
        spec: RunSpec,
        following: Following,
        shapes: Mapping[str, JobShape],
        t0: float,
        worker: int,
        over: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        self._shapes = shapes
        self._worker = worker
        self._lines: list[bytes] = []
        self._follower = Follower(
            following, Questions(spec, t0, failed), t0, spec.load.drain_s or 0.0, self._lines.append, over, failed
        )
        self._receiver: Receiver | None = None
        if following.callback is not None:
            self._receiver = Receiver(following.how, following.callback, t0, self._follower.called)
            self._receiver.start()
        self.submitting = Submitting(following.how, shapes, self._receiver.url if self._receiver else None, self._taken)

    def start(self) -> None:
        self._follower.start()

    @property
    def idle(self) -> bool:
        return self._follower.idle

    @property
    def open_sockets(self) -> int:
        return self._follower.open_sockets

    def drain(self) -> None:
        """Nothing more will be submitted."""
        self._follower.close()

    def stop(self) -> None:
        self._follower.stop()
        if self._receiver is not None:
            self._receiver.stop()

    def take(self) -> list[bytes]:
        """Lines since the last call."""
        lines = self._lines[:]
        self._lines.clear()
        return lines

    def summary(self) -> dict[str, Any]:
        """For run.json."""
        return self._follower.summary() | (self._receiver.summary() if self._receiver else {})

    def _taken(self, sample: Sample, found: Accepted) -> None:
        job = Job(
            sample.seq,
            None,
            self._shapes[sample.question_id].kind,
            sample.phase,
            sample.measured,
            sample.scheduled_s,
            accepted_s=sample.headers_s,
            size_bytes=self.submitting.sizes.pop(sample.seq, None),
            worker=self._worker,
        )
        self._follower.accepted(job, found)
