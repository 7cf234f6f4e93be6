"""Questions about a job: small requests of the run's own on a connection of their own, never a slot's."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from harness.dialects.answer import Answer
from harness.domain.sample import Outcome, Sample
from harness.load.attempt import Attempts
from harness.load.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.load.spec import RunSpec

ANSWER_S = 10.0  # how long one question about a job may take


@dataclass(frozen=True)
class Said:
    """What came back: ``status`` None where nothing whole did; instants on the run's clock."""

    status: int | None
    body: bytes
    at_s: float  # when the head was read
    retry_after_s: float | None = None
    detail: str | None = None


class _Whole(Answer):
    """Any answer, as it came."""

    def framing(self, content_type: bytes) -> None:
        """It is read as a whole, whatever its type."""

    def close(self) -> tuple[Outcome, str | None]:
        if self._broken is not None:
            self.sample.detail = self._broken
            return Outcome.BAD_CONTRACT, None
        return Outcome.OK, None

    @property
    def whole_body(self) -> bytes:
        return bytes(self._whole)


class Questions:
    """Asks about jobs, one question after the other."""

    def __init__(self, spec: RunSpec, t0: float, failed: Callable[[str], None]) -> None:
        self._t0 = t0
        self._origin = Origin(spec.base_url or "http://127.0.0.1:9", "shared", spec.ca_file)
        self._attempts = Attempts(spec, self._origin, {}, t0, failed)

    def start(self) -> None:
        self._attempts.start()

    def close(self) -> None:
        self._attempts.stop()
        self._origin.close()

    @property
    def open_sockets(self) -> int:
        return self._origin.open_sockets

    def ask(self, method: str, path: str, deadline_s: float = ANSWER_S) -> Said:
        """One question; never raises for what a target does."""
        sample = Sample(0, "follow", measured=False, question_id="", stream=False, scheduled_s=0.0)
        sample.sent_s = perf_counter() - self._t0
        answer = _Whole(sample, self._t0)
        request = self._attempts.bodies.single(method, path, b"", {})
        self._attempts.deliver(request, answer, self, perf_counter() + deadline_s)
        at_s = sample.headers_s if sample.headers_s is not None else perf_counter() - self._t0
        whole = sample.outcome == Outcome.OK
        return Said(answer.status if whole else None, answer.whole_body, at_s, sample.retry_after_s, sample.detail)
