"""One process's part of a run: hands out arrivals, sends them, records one sample each."""

from __future__ import annotations

import gc
import os
import uuid
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
from gevent import Timeout

from harness.domain import schedule as schedules
from harness.domain.sample import Outcome, Sample
from harness.load import outcomes
from harness.load.answers import READERS, Answer, request_body
from harness.load.connection import ClosedEarly, NotHttp, Origin
from harness.load.gauges import Gauges
from harness.workspace import questions as question_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness.domain.questions import Question
    from harness.domain.schedule import Arrival, Schedule
    from harness.load.spec import RunSpec

NEVER_S = 10**6
FLUSH_S = 0.5
UNAUTHORIZED_IN_A_ROW = 10


class Deadline(Exception):
    """The whole answer did not come in time."""


def build(spec: RunSpec, path: Path) -> tuple[Schedule, dict[str, Question]]:
    """The schedule and its questions, the same wherever it is built; raises BadFile or ValueError."""
    asked = question_files.read_questions(path, spec.max_tokens)
    if question_files.digest(asked) != spec.questions_digest:
        raise ValueError(f"{path} differs from the questions that this run was planned with")
    return schedules.draw(spec.load, asked, spec.seed, spec.stream_share), {q.id: q for q in asked}


class Generator:
    """A stripe of the schedule being sent; users are its slots."""

    def __init__(
        self,
        spec: RunSpec,
        stripe: Sequence[Arrival],
        questions: dict[str, Question],
        t0: float,
        worker: int,
        on_sample: Callable[[Sample], None],
    ) -> None:
        self._spec = spec
        self._todo = deque(stripe)
        self._questions = questions
        self.t0 = t0
        self.worker = worker
        self._on_sample = on_sample
        self._origin = Origin(spec.base_url or "http://127.0.0.1:9")
        self._headers = _fixed_headers(spec, self._origin)
        self._reader: type[Answer] = READERS[spec.dialect]
        self._bodies: dict[tuple[str, bool], bytes] = {}
        self._rows: list[list[Any]] = []
        self._busy: set[Any] = set()
        self._held = 0
        self.no_free_slot = 0
        self.sent = 0
        self._refused_in_a_row = 0
        self.limit_hit: str | None = None
        self._stopped = False
        self.gauges = Gauges(worker, t0, lambda: (len(self._busy), self._origin.open_sockets, self.sent))

    def start(self) -> None:
        """Collect garbage now rather than under load."""
        gc.collect()
        gc.freeze()
        self.gauges.start()

    # -- slots

    def next(self) -> Arrival | None:
        """The next arrival in time order for a slot that has just become free."""
        if self._stopped or not self._todo:
            return None
        arrival = self._todo.popleft()
        self._held += 1
        if perf_counter() > self.t0 + arrival.scheduled_s:
            self.no_free_slot += 1
        return arrival

    def wait_s(self, arrival: Arrival | None) -> float:
        if arrival is None:
            return NEVER_S
        return max(0.0, self.t0 + arrival.scheduled_s - perf_counter())

    @property
    def finished(self) -> bool:
        """Nothing left to send and nothing in flight; once stopped, what slots still hold is not sent."""
        return not self._busy if self._stopped else not self._todo and not self._held

    def send(self, arrival: Arrival) -> None:
        """Send one arrival and record what happened, whatever it was; nothing once stopped."""
        if self._stopped:
            return  # nobody reports it, so the ledger has it as not sent
        sample = Sample(
            arrival.seq, arrival.phase, arrival.measured, arrival.question_id, arrival.stream, arrival.scheduled_s
        )
        sample.worker = self.worker
        greenlet = gevent.getcurrent()
        self._busy.add(greenlet)
        try:
            self._attempt(arrival, sample)
        except gevent.GreenletExit:
            sample.outcome = Outcome.ABORTED
            raise
        finally:
            sample.finished_s = perf_counter() - self.t0
            self._busy.discard(greenlet)
            self._held -= 1
            self._rows.append(sample.row())
            self._count_refusals(sample)
        self._on_sample(sample)

    def _attempt(self, arrival: Arrival, sample: Sample) -> None:
        request_id = uuid.uuid4().hex
        sample.request_id = request_id
        sample.attempts = 1
        self.sent += 1
        answer = self._reader(sample, self.t0)
        request = self._request(arrival, request_id)
        sample.sent_s = perf_counter() - self.t0
        code: str | None = None
        connection = None
        timer = Timeout.start_new(self._spec.deadline_s, Deadline)
        try:
            connection, reused = self._origin.take()
            sample.conn_reused = reused
            if not reused:
                sample.connect_s = perf_counter() - self.t0 - sample.sent_s
            connection.exchange(request, answer)
            connection = None
            outcome, code = answer.close()
        except Deadline:
            outcome, sample.detail = Outcome.TIMEOUT, f"no whole answer within {self._spec.deadline_s:g} s"
        except ClosedEarly as error:
            outcome = Outcome.CUT_STREAM if error.head_seen else Outcome.CONNECTION_ERROR
            sample.detail = str(error)
        except NotHttp as error:
            outcome, sample.detail = Outcome.BAD_CONTRACT, f"no HTTP answer: {error}"[:200]
        except OSError as error:
            outcome = Outcome.CUT_STREAM if answer.status else Outcome.CONNECTION_ERROR
            sample.detail = f"{type(error).__name__}: {error.strerror or error}"[:200]
        finally:
            timer.cancel()
            if connection is not None:
                answer.partial()
                connection.close()
        sample.outcome, sample.error_code = outcome, code
        sample.layer = outcomes.layer_of(
            outcome, code, from_instance=answer.from_instance, head_seen=bool(answer.status)
        )

    def _request(self, arrival: Arrival, request_id: str) -> bytes:
        key = (arrival.question_id, arrival.stream)
        if (tail := self._bodies.get(key)) is None:
            question = self._questions[arrival.question_id]
            path, body = request_body(self._spec.dialect, question, stream=arrival.stream)
            accept = "text/event-stream" if arrival.stream else "application/json"
            head = f"POST {self._origin.prefix}{path} HTTP/1.1\r\n{self._headers}Accept: {accept}\r\n"
            tail = f"{head}Content-Length: {len(body)}\r\nX-Request-Id: ".encode("latin-1") + b"\0" + body
            self._bodies[key] = tail
        head_bytes, _, body_bytes = tail.partition(b"\0")
        return head_bytes + request_id.encode() + b"\r\n\r\n" + body_bytes

    def _count_refusals(self, sample: Sample) -> None:
        if sample.outcome != Outcome.UNAUTHORIZED:
            self._refused_in_a_row = 0
            return
        self._refused_in_a_row += 1
        if self._refused_in_a_row >= UNAUTHORIZED_IN_A_ROW and self.limit_hit is None:
            self.limit_hit = f"{UNAUTHORIZED_IN_A_ROW} answers of 401 or 403 in a row"
            self._stopped = True
            self._todo.clear()

    # -- ending

    def take(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """Samples and gauge rows since the last call."""
        rows, self._rows = self._rows, []
        return rows, self.gauges.take()

    def stop(self) -> None:
        """Send nothing more; what is in flight becomes ``aborted``."""
        self._stopped = True
        self._todo.clear()
        for greenlet in list(self._busy):
            greenlet.kill(block=False)
        deadline = perf_counter() + 1.0
        while self._busy and perf_counter() < deadline:
            gevent.sleep(0.01)
        self._held = len(self._busy)

    def close(self) -> None:
        self.gauges.stop()
        self._origin.close()


def _fixed_headers(spec: RunSpec, origin: Origin) -> str:
    """Headers that every request has; secrets come from this process's own environment."""
    lines = [
        f"Host: {origin.host_header}",
        "User-Agent: runtime-pilot",
        "Content-Type: application/json",
        "Accept-Encoding: identity",
    ]
    lines += [f"{name}: {os.environ.get(variable, '')}" for name, variable in spec.headers_from_env.items()]
    return "".join(line.replace("\r", "").replace("\n", "") + "\r\n" for line in lines)
