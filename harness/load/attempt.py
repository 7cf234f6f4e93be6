"""One attempt: a connection, one exchange, and what became of it."""

from __future__ import annotations

import errno
import os
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import gevent
from gevent import Timeout, sleep

from harness.dialects import outcomes
from harness.dialects.readers import reader_of
from harness.domain.asks import Asks
from harness.domain.bounds import MOST_DETAIL
from harness.domain.refusal import refused_by
from harness.domain.sample import Layer, Outcome, Sample
from harness.load.bodies import Bodies
from harness.load.deadlines import Deadlines
from harness.load.faults import ClosedEarly, DeadlinePassed, NotHttp, Stale, Unreadable
from harness.load.grading import grade
from harness.load.guard import told
from harness.load.signing import AHEAD_S, signing_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.dialects.answer import Answer
    from harness.domain.questions import Question
    from harness.domain.schedule import Arrival
    from harness.load.jobs.submitting import Submitting
    from harness.load.origin import Origin
    from harness.load.spec import RunSpec
    from harness.load.wire import Wire

FAULTS = (Stale, ClosedEarly, NotHttp, DeadlinePassed)
OWN_ERRORS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})


def _raise(words: str) -> None:
    """In whoever waits for the answers of this thread."""
    gevent.get_hub().handle_system_error(RuntimeError, RuntimeError(words))


class Attempts:
    """Makes attempts against one origin and counts them."""

    def __init__(
        self,
        spec: RunSpec,
        origin: Origin,
        questions: Mapping[str, Question],
        t0: float,
        failed: Callable[[str], None] = _raise,
        submitting: Submitting | None = None,
    ) -> None:
        self._deadline_s = spec.deadline_s
        self._origin = origin
        passages = spec.retrieval if spec.mix.asks is Asks.RETRIEVAL else None
        if (
            passages is None
            and spec.fields is not None
            and (how := spec.fields.with_secrets(os.environ).websocket) is not None
        ):
            from harness.load.websocket import WebSocket  # noqa: PLC0415 - wsproto only where it is spoken

            origin.make = partial(WebSocket, how=how)
        self._signing = signing_of(spec, origin.base_url, failed)
        self._questions = questions
        self.bodies = (
            Bodies(spec, questions, origin, self._signing)
            if submitting is None
            else submitting.bodies(spec, origin, self._signing)
        )
        self._t0 = t0
        self.reader = (
            reader_of(spec.dialect, spec.fields, spec.header_names, passages)
            if submitting is None
            else submitting.reader
        )
        self._deadlines = Deadlines(failed)
        self.sent = 0
        self.local_errors: dict[str, None] = {}

    def start(self) -> None:
        self._deadlines.start()
        if self._signing is not None:
            self._signing.start()

    def stop(self) -> None:
        self._deadlines.stop()
        if self._signing is not None:
            self._signing.stop()

    @property
    def trouble(self) -> str | None:
        """Why credentials could not be renewed, if they could not."""
        return self._signing.trouble if self._signing else None

    def prepare(self, arrival: Arrival, due: float) -> None:
        """Wait until shortly before an arrival is due and sign it; returns at once where nothing is signed."""
        if self._signing is not None:
            sleep(max(0.0, due - AHEAD_S - perf_counter()))
            self.bodies.prepare(arrival)

    def make(self, arrival: Arrival, sample: Sample, slot: object, request_id: str, due: float) -> bool | None:
        """Send once and fill in the sample; ``due`` is when the whole answer must have come, monotonic.

        Sent again only where a kept-alive connection turned out to be closed. Returns what
        the server wants of a client that retries; None: it does not say.
        """
        sample.request_id = request_id
        question, answer = self._questions.get(arrival.question_id), self.reader(sample, self._t0)
        if question is not None and question.expects is not None:
            answer.keep_text()
        told = self.deliver(self.bodies.request(arrival, request_id), answer, slot, due)
        if question is not None:  # None: the submission of a job, which has no answer to grade
            grade(question, answer)
        return told

    def deliver(self, request: bytes, answer: Answer, slot: object, due: float) -> bool | None:
        """The request's exchange, and what became of it in the answer's sample; returns as ``make`` does."""
        self.sent += 1
        sample = answer.sample
        code: str | None = None
        try:
            connection = self._connection(sample, slot, due)
            answer.sending(perf_counter() - self._t0)
            try:
                kept = self._exchange(connection, request, answer, due)
            except Stale:
                sample.resent = True
                connection = self._new(sample, due)
                answer.sending(perf_counter() - self._t0)
                kept = self._exchange(connection, request, answer, due)
            if kept:
                self._origin.give(slot, connection)
            outcome, code = answer.close()
        except DeadlinePassed:
            answer.partial()
            outcome, sample.detail = Outcome.TIMEOUT, f"no whole answer within {self._deadline_s:g} s"
        except ClosedEarly as error:
            outcome, code = answer.cut_off()
            sample.detail = str(error)
        except (NotHttp, Unreadable) as error:
            answer.partial()
            outcome, sample.detail = Outcome.BAD_CONTRACT, str(error)[:MOST_DETAIL]
        except OSError as error:
            outcome, code = answer.cut_off()
            sample.detail = f"{type(error).__name__}: {error.strerror or error}"[:MOST_DETAIL]
            if error.errno in OWN_ERRORS:
                self.local_errors[error.strerror or str(error)] = None
                sample.outcome, sample.layer = outcome, Layer.GENERATOR
                return None
        finally:
            answer.leave()
        sample.outcome, sample.error_code = outcome, code
        if outcome is not Outcome.OK:
            sample.layer = outcomes.layer_of(
                outcome, code, from_instance=answer.from_instance, head_seen=bool(answer.status)
            )
            sample.refused_by = refused_by(outcome, sample.layer, answer.headers, answer.refusal, answer.status)
        return answer.should_retry

    def _exchange(self, connection: Wire, request: bytes, answer: Answer, due: float) -> bool:
        self._deadlines.watch(connection, due)
        try:
            return connection.exchange(request, answer)
        except (*FAULTS, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - what a target sends ends no slot
            raise Unreadable(f"it cannot be read: {told(error)}") from None

    def _connection(self, sample: Sample, slot: object, due: float) -> Wire:
        connection = self._origin.reuse(slot)
        if connection is not None:
            sample.conn_reused = True
            return connection
        return self._new(sample, due)

    def _new(self, sample: Sample, due: float) -> Wire:
        sample.conn_reused = False
        with Timeout(max(0.001, due - perf_counter()), DeadlinePassed):
            connection, opened = self._origin.open()
        sample.connect_s, sample.dns_s, sample.tls_s = opened.connect_s, opened.dns_s, opened.tls_s
        return connection
