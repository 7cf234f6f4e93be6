"""One question after the other over a run's own wire: the same bytes sent, the same reader, the same judgement.

Nothing is patched and Locust is not imported: gevent's sockets serve one greenlet as they serve a thousand.
"""

from __future__ import annotations

import threading
import uuid
import zlib
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self, cast

import gevent
from gevent import GreenletExit

from harness.dialects.answer import Answer
from harness.dialects.shapes import json_object, too_deep
from harness.domain.bounds import DOCUMENT_BYTES, DOCUMENT_DEPTH, MIB
from harness.domain.sample import Outcome, Sample
from harness.domain.schedule import Arrival
from harness.load.attempt import Attempts
from harness.load.origin import Origin
from harness.secrecy import KNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from harness.dialects.answer import Headers
    from harness.domain.questions import Question
    from harness.load.spec import RunSpec

PLAIN_DEADLINE_S = 10.0
CLOSING_S = 1.0  # past its deadline nobody waits, even where what watches deadlines broke
PACKED = ("gzip", "x-gzip", "deflate")


@dataclass
class Transcript:
    """What came back, as it came; header names are lower case."""

    status: int | None = None
    headers: Headers = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    def header(self, name: str) -> str | None:
        value = self.headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    @property
    def text(self) -> str:
        """The body, unpacked, without known secrets; bytes that are not UTF-8 stand escaped."""
        return KNOWN.hide(self.plain.decode("utf-8", "backslashreplace"))

    @property
    def fields(self) -> dict[str, Any]:
        """The body's JSON object; empty where it is none, or one that nests deeper than any description of an API."""
        found = json_object(self.plain)
        return {} if too_deep(found, DOCUMENT_DEPTH) else found

    @property
    def plain(self) -> bytes:
        """The body's bytes, unpacked."""
        return _unpacked(self.body) if self.header("content-encoding") in PACKED else bytes(self.body)

    @property
    def media_type(self) -> str:
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Sent:
    """What went out; ``path`` is below the base URL."""

    method: str
    path: str
    body: bytes
    request_id: str

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON body's own fields; none where it is no object."""
        return json_object(self.body)


@dataclass(frozen=True)
class Asked:
    """One question: the sample that a run would keep of it, and what the server said."""

    sent: Sent
    sample: Sample
    said: Transcript

    @property
    def answered(self) -> bool:
        """An HTTP answer came, or at least its head."""
        return self.said.status is not None

    @property
    def took_s(self) -> float:
        return (self.sample.finished_s or 0.0) - (self.sample.sent_s or 0.0)

    def since_sent_s(self, at_s: float | None) -> float | None:
        """An instant of the sample, from the send."""
        return None if at_s is None else at_s - (self.sample.sent_s or 0.0)


class _Witness:
    """An answer that is also written down; everything else is the answer's own."""

    def __init__(self, answer: Answer, said: Transcript) -> None:
        self._answer = answer
        self._said = said

    def head(self, status: int, headers: Headers, now: float) -> None:
        self._said.status, self._said.headers = status, headers
        self._answer.head(status, headers, now)

    def body(self, data: bytes, now: float) -> None:
        if len(self._said.body) < DOCUMENT_BYTES:
            self._said.body += data
        self._answer.body(data, now)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the answer has
        return getattr(self._answer, name)


class _Whatever(Answer):
    """An answer that nothing is asked of but to come whole, and to be no larger than anyone's description of an API."""

    most_bytes = DOCUMENT_BYTES

    def framing(self, content_type: bytes) -> None:
        """Whatever its type, it is read as a whole."""

    def close(self) -> tuple[Outcome, str | None]:
        self.sample.bytes = self._size
        if self._size > self.most_bytes:
            self.sample.detail = f"the answer is larger than {self.most_bytes // MIB} MiB"
            return Outcome.BAD_CONTRACT, None
        return Outcome.OK, None


def get(spec: RunSpec, path: str, deadline_s: float = PLAIN_DEADLINE_S) -> Asked:
    """One GET below the base URL on a connection of its own, also inside a run; raises PilotError without credentials."""
    t0 = perf_counter()
    origin = Origin(spec.base_url or "", spec.connections, spec.ca_file)
    broken: list[str] = []  # inside a run nobody may raise in whoever runs the loop
    attempts = Attempts(spec, origin, {}, t0, broken.append)
    sample = Sample(0, "check", measured=False, question_id="", stream=False, scheduled_s=0.0, sent_s=0.0)
    said = Transcript()
    attempts.start()
    try:
        request = attempts.bodies.single("GET", path, b"", {})
        answer = cast("Answer", _Witness(_Whatever(sample, t0), said))
        with gevent.Timeout(deadline_s + CLOSING_S, False):  # noqa: FBT003 - gevent's signature: raises nothing
            attempts.deliver(request, answer, origin, t0 + deadline_s)
    finally:
        attempts.stop()
        origin.close()
    return Asked(Sent("GET", path, b"", ""), sample, said)


class Asker:
    """Asks one base URL; a context manager that leaves no connection behind; one at a time in a thread."""

    def __init__(self, spec: RunSpec, question: Question) -> None:
        self.spec = spec
        self._question = question
        self._t0 = perf_counter()
        self._origin = Origin(spec.base_url or "", spec.connections, spec.ca_file)
        self._attempts = Attempts(spec, self._origin, {question.id: question}, self._t0)
        self.asked: list[Asked] = []  # everything, in order

    def __enter__(self) -> Self:
        hub = gevent.get_hub()
        hub.NOT_ERROR = (KeyboardInterrupt, GreenletExit, SystemExit)  # Ctrl-C ends the command without words of gevent
        self._attempts.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._attempts.stop()
        self._origin.close()
        gevent.sleep(0)  # what was stopped ends now, not in a loop that nobody runs any more
        if threading.current_thread() is not threading.main_thread():
            gevent.get_hub().destroy(destroy_loop=True)  # else each thread leaves its descriptors behind

    def ask(self, *, stream: bool, **shape: Any) -> Asked:  # noqa: ANN401 - fields of an arrival
        """The question as a run sends it; ``shape`` as ``max_tokens`` or ``session`` of an arrival."""
        arrival = self._arrival(stream=stream, **shape)
        request_id = f"pilot-check-{uuid.uuid4().hex[:12]}"
        sample = self._blank(arrival.question_id, stream=stream, request_id=request_id)
        path, body = self._attempts.bodies.body(arrival)
        request = self._attempts.bodies.request(arrival, request_id)
        answer = self._attempts.reader(sample, self._t0)
        return self._deliver(request, answer, Sent("POST", path, body, request_id), self.spec.deadline_s)

    def body(self, *, stream: bool, **shape: Any) -> tuple[str, bytes]:  # noqa: ANN401
        """Path and body of that question, sent by nobody."""
        return self._attempts.bodies.body(self._arrival(stream=stream, **shape))

    def ask_with(self, headers: Mapping[str, str], *, stream: bool) -> Asked:
        """The question with these headers, a request id among them, read as a run reads its answer."""
        arrival = self._arrival(stream=stream)
        request_id = headers[self.spec.header_names.request_id]
        sample = self._blank(arrival.question_id, stream=stream, request_id=request_id)
        path, body = self.body(stream=stream)
        request = self._attempts.bodies.single("POST", path, body, headers)
        answer = self._attempts.reader(sample, self._t0)
        return self._deliver(request, answer, Sent("POST", path, body, request_id), self.spec.deadline_s)

    def send(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Asked:
        """Any request of our own to a path below the base URL; its outcome is ``ok`` when an answer came whole."""
        name = self.spec.header_names.request_id
        request_id = (headers or {}).get(name) or f"pilot-check-{uuid.uuid4().hex[:12]}"
        sample = self._blank("", stream=False, request_id=request_id)
        request = self._attempts.bodies.single(method, path, body, {**(headers or {}), name: request_id})
        deadline_s = PLAIN_DEADLINE_S if method == "GET" else self.spec.deadline_s
        sent = Sent(method, path, body, request_id)
        return self._deliver(request, _Whatever(sample, self._t0), sent, deadline_s)

    def _arrival(self, *, stream: bool, **shape: Any) -> Arrival:  # noqa: ANN401
        return Arrival(
            len(self.asked), self._now(), "check", measured=False, question_id=self._question.id, stream=stream, **shape
        )

    def _now(self) -> float:
        return perf_counter() - self._t0

    def _blank(self, question_id: str, *, stream: bool, request_id: str) -> Sample:
        sample = Sample(
            len(self.asked), "check", measured=False, question_id=question_id, stream=stream, scheduled_s=self._now()
        )
        sample.sent_s, sample.request_id, sample.attempts = self._now(), request_id, 1
        return sample

    def _deliver(self, request: bytes, answer: Answer, sent: Sent, deadline_s: float) -> Asked:
        said, due = Transcript(), perf_counter() + deadline_s
        self._attempts.deliver(request, cast("Answer", _Witness(answer, said)), self, due)
        sample = answer.sample
        sample.finished_s = self._now()
        if sample.outcome == Outcome.TIMEOUT and said.status is None:
            sample.detail = f"no answer within {deadline_s:g} s"  # of this question, which may have less than a run's
        made = Asked(sent, sample, said)
        self.asked.append(made)
        return made


def _unpacked(data: bytearray) -> bytes:
    """What can be unpacked of it, to be shown; a run refuses it as it is."""
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(data, DOCUMENT_BYTES)
    except zlib.error:
        return bytes(data)
