"""Submissions: the request of one job, and the answer that accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from harness.dialects.answer import OK_STATUSES, Answer
from harness.dialects.jobs import Accepted, accepted
from harness.dialects.shapes import Unexpected
from harness.domain.bounds import MOST_DETAIL
from harness.domain.job import IN_AN_INPUT
from harness.domain.placeholders import filled
from harness.domain.sample import Outcome
from harness.load.bodies import NOTES, Bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.domain.job import JobShape
    from harness.domain.job_map import JobsMap
    from harness.domain.sample import Sample
    from harness.domain.schedule import Arrival
    from harness.load.origin import Origin
    from harness.load.signing import Signing
    from harness.load.spec import RunSpec

SENT_LATE = "-"  # between a submission's key and the number of its attempt


class Submissions(Bodies):
    """Builds the requests of jobs; a submission that is tried again carries the same key."""

    def __init__(
        self,
        spec: RunSpec,
        how: JobsMap,
        shapes: Mapping[str, JobShape],
        origin: Origin,
        signing: Signing | None,
        callback_url: str | None,
        sizes: dict[int, int],
    ) -> None:
        super().__init__(spec, {}, origin, signing)
        self._sizes = sizes
        self._how = how
        self._shapes = shapes
        self._callback_url = callback_url
        self._request_id = spec.header_names.request_id

    def prepare(self, arrival: Arrival) -> None:
        """A submission is signed as it is sent: its body holds its own key."""

    def request(self, arrival: Arrival, request_id: str) -> bytes:
        """Head and body of one attempt."""
        headers = {self._request_id: request_id}
        if self._how.idempotency is not None:
            headers[self._how.idempotency] = key_of(request_id)
        body = self.submission(arrival, request_id)
        self._sizes[arrival.seq] = len(body)
        return self.single("POST", self._how.submit, body, headers)

    def submission(self, arrival: Arrival, request_id: str) -> bytes:
        """The body."""
        shape, key = self._shapes[arrival.question_id], key_of(request_id)
        own = {"key": key, "seq": arrival.seq, "text": _text(shape.size_kb, arrival.seq)}
        values: dict[str, Any] = {
            "kind": shape.kind,
            "input": filled(shape.input, own, IN_AN_INPUT),
            "key": key,
            "seq": arrival.seq,
        }
        if self._callback_url is not None:
            values["callback_url"] = self._callback_url
        return orjson.dumps(self._how.request(values))


def key_of(request_id: str) -> str:
    """The same for every attempt of one submission."""
    return request_id.partition(SENT_LATE)[0]


def _text(size_kb: float, seq: int) -> str:
    """So many kilobytes, each submission's different: what is seen twice may be kept by somebody."""
    wanted = round(size_kb * 1024)
    start = f"note {seq}: "
    return (start + NOTES * (wanted // len(NOTES) + 1))[:wanted]


class Submitting:
    """One process's submissions, as attempts need them: their requests, and the reader of their answers."""

    def __init__(
        self,
        how: JobsMap,
        shapes: Mapping[str, JobShape],
        callback_url: str | None,
        taken: Callable[[Sample, Accepted], None],
    ) -> None:
        self._how = how
        self._shapes = shapes
        self._callback_url = callback_url
        self._taken = taken
        self.sizes: dict[int, int] = {}  # bytes of each submission's body, by its number

    def bodies(self, spec: RunSpec, origin: Origin, signing: Signing | None) -> Submissions:
        return Submissions(spec, self._how, self._shapes, origin, signing, self._callback_url, self.sizes)

    def reader(self, sample: Sample, t0: float) -> SubmissionAnswer:
        return SubmissionAnswer(sample, t0, self._how, self._taken)


class SubmissionAnswer(Answer):
    """What accepts a job, or refuses it; ``taken`` hears of each that was accepted."""

    def __init__(self, sample: Sample, t0: float, how: JobsMap, taken: Callable[[Sample, Accepted], None]) -> None:
        super().__init__(sample, t0)
        self._how = how
        self._taken = taken

    def framing(self, content_type: bytes) -> None:
        """It is read as a whole, whatever its type."""

    def close(self) -> tuple[Outcome, str | None]:
        """``ok`` for a job that was accepted and has an id."""
        self.sample.bytes = self._size
        if self.status not in self._how.statuses:
            outcome, code = self._refused()
            if outcome is Outcome.BAD_CONTRACT:
                wanted = " or ".join(map(str, self._how.statuses))
                self.sample.detail = f"status {self.status}, not {wanted}"
            return outcome, code
        location = self.headers.get(b"location")
        try:
            if self._broken is not None:
                raise Unexpected(self._broken)  # noqa: TRY301 - one way out for what cannot be read
            found = accepted(self._how, bytes(self._whole), location.decode("latin-1") if location else None)
        except Unexpected as error:
            self.sample.detail = str(error)[:MOST_DETAIL]
            return Outcome.BAD_CONTRACT, None
        self._taken(self.sample, found)
        return Outcome.OK, None

    def cut_off(self) -> tuple[Outcome, str | None]:
        """A success whose body did not come whole accepts nothing that anybody could follow."""
        if self.status in (*OK_STATUSES, *self._how.statuses):
            self.partial()
            return Outcome.CUT_STREAM, None
        return super().cut_off()
