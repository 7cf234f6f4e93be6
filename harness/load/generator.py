"""One process's part of a run: hands out arrivals, sends them, records one sample each."""

from __future__ import annotations

import gc
import json
import math
import uuid
from collections import deque
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
import gevent.event
import orjson
from gevent import GreenletExit

from harness.domain import schedule as schedules
from harness.domain.job import JobShape
from harness.domain.sample import Outcome, Sample
from harness.evidence.fitting import fit
from harness.load.attempt import Attempts
from harness.load.gauges import Gauges
from harness.load.guard import guarded, told
from harness.load.jobs.followed import Jobs
from harness.load.origin import Origin
from harness.load.quoting import quoted
from harness.workspace import job_shapes
from harness.workspace import questions as question_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.domain.schedule import Arrival, Asked, Schedule
    from harness.load.spec import RunSpec

FLUSH_S = 0.5
FLUSH_GROWING_S = 0.05  # an experiment decides by what has come back: what it hears late, it waits for
UNAUTHORIZED_IN_A_ROW = 10


def build(spec: RunSpec, path: Path) -> tuple[Schedule, dict[str, Asked]]:
    """The schedule and its questions, or its kinds of jobs, the same wherever it is built; raises BadFile or ValueError."""
    asked: Sequence[Asked]
    if spec.jobs is not None:
        asked = shapes = job_shapes.read_shapes(path)
        digest = job_shapes.digest(shapes)
    else:
        evaluation = Path(spec.evaluation_file) if spec.evaluation_file else None
        asked = questions = question_files.with_evaluation(path, evaluation, spec.max_tokens)
        digest = question_files.digest(questions)
    if digest != spec.questions_digest:
        raise ValueError(f"{path} differs from what this run was planned with")
    return schedules.draw(spec.load, asked, spec.seed, spec.mix), {q.id: q for q in asked}


class Generator:
    """A stripe of the schedule being sent; users are its slots.

    An experiment's stripe is ``growing``: more arrivals come until it is closed.
    """

    def __init__(
        self,
        spec: RunSpec,
        stripe: Sequence[Arrival],
        asked: Mapping[str, Asked],
        t0: float,
        worker: int,
        on_sample: Callable[[Sample], None],
        *,
        growing: bool = False,
    ) -> None:
        self._spec = spec
        self._growing = growing
        self._more = gevent.event.Event()
        self.over = gevent.event.Event()  # set when the last sample is in, so that nobody has to look again and again
        self._todo = deque(stripe)
        self.t0 = t0
        self.worker = worker
        self._on_sample = on_sample
        urls = (spec.base_url or "http://127.0.0.1:9", *spec.lanes)
        self._origins = [Origin(url, spec.connections, spec.ca_file) for url in urls]
        shapes = {name: one for name, one in asked.items() if isinstance(one, JobShape)}
        self._jobs = None
        if spec.jobs is not None:
            self._jobs = Jobs(spec, spec.jobs, shapes, t0, worker, self._note_over, self.fail)
        questions = {name: one for name, one in asked.items() if not isinstance(one, JobShape)}
        submitting = self._jobs.submitting if self._jobs else None
        self._attempts = [Attempts(spec, origin, questions, t0, self.fail, submitting) for origin in self._origins]
        self._run_id = uuid.uuid4().hex[:20]
        self._lines: list[bytes] = []
        self._busy: set[Any] = set()
        self._held = 0
        self.no_free_slot = 0
        self._held_up: set[int] = set()  # arrivals that the target kept waiting for a slot
        self._short_since: float | None = (
            None  # when the first was due of those that found no slot, one after the other
        )
        self._hung_at = -math.inf  # when a request last reached its deadline
        self._refused_in_a_row = 0
        self.limit_hit: str | None = None
        self.failed: str | None = None  # what of ours broke
        self._stopped = False
        self.gauges = Gauges(worker, t0, self._counts, self.fail)

    def start(self) -> None:
        """Collect garbage now rather than under load."""
        gc.collect()
        gc.freeze()
        self.gauges.start()
        for attempts in self._attempts:
            attempts.start()
        if self._jobs is not None:
            self._jobs.start()

    def _counts(self) -> tuple[int, int, int]:
        """In flight, open sockets, sent."""
        sockets = sum(origin.open_sockets for origin in self._origins)
        sockets += self._jobs.open_sockets if self._jobs else 0
        return len(self._busy), sockets, sum(attempts.sent for attempts in self._attempts)

    @property
    def local_errors(self) -> tuple[str, ...]:
        """What this machine could not do for a request; the target is not to blame."""
        return tuple(dict.fromkeys(error for attempts in self._attempts for error in attempts.local_errors))

    # -- a growing stripe

    def add(self, arrivals: Sequence[Arrival]) -> None:
        """More to send, all later than what was given before."""
        if not self._stopped:
            self._todo.extend(arrivals)
            self._more.set()

    def close_stripe(self) -> None:
        """Nothing more will come."""
        self._growing = False
        self._more.set()
        self._note_over()

    # -- slots

    def serve(self, slot: object) -> None:
        """Send arrivals as they come due, one after the other, until none is left for this slot."""
        guarded(self._serve, self.fail)(slot)

    def _serve(self, slot: object) -> None:
        free_at = -math.inf  # since when; one that begins late was not busy, and its lag says so
        while (arrival := self._next(free_at)) is not None:
            due = self.t0 + arrival.scheduled_s
            try:
                self._attempts[arrival.lane].prepare(arrival, due)
                # always sleeps, so that a slot that is behind still lets the others run
                gevent.sleep(max(0.0, due - perf_counter()))
            except GreenletExit:
                self._give_back(arrival)
                raise
            self._send(arrival, slot)
            free_at = perf_counter()

    def _next(self, free_at: float) -> Arrival | None:
        """The next arrival in time order for a slot that has just become free."""
        while self._growing and not self._todo and not self._stopped:
            self._more.clear()
            self._more.wait()
        if self._stopped or not self._todo:
            return None
        arrival = self._todo.popleft()
        self._held += 1
        due = self.t0 + arrival.scheduled_s
        if free_at > due:
            self._note_late(arrival, due)
        else:
            self._short_since = None
        return arrival

    def _note_late(self, arrival: Arrival, due: float) -> None:
        """Who kept it waiting: the target, where a request reached its deadline since slots ran short; else this generator."""
        self._short_since = due if self._short_since is None else self._short_since
        if self._hung_at >= self._short_since:
            self._held_up.add(arrival.seq)
        else:
            self.no_free_slot += 1

    def _give_back(self, arrival: Arrival) -> None:
        """A slot was taken away while it waited: another one sends what it held."""
        self._held -= 1
        if not self._stopped:
            self._todo.appendleft(arrival)

    @property
    def _all_sent(self) -> bool:
        """Nothing left to send and nothing in flight; once stopped, what slots still hold is not sent."""
        return not self._busy if self._stopped else not self._growing and not self._todo and not self._held

    @property
    def finished(self) -> bool:
        """All is sent and answered, and every job that was accepted has ended or was waited for long enough."""
        return self._all_sent and (self._jobs is None or self._jobs.idle)

    def _note_over(self) -> None:
        if self._all_sent and self._jobs is not None:
            self._jobs.drain()
        if self.finished:
            self.over.set()

    def _send(self, arrival: Arrival, slot: object) -> None:
        """Send one arrival and record what happened, whatever it was; nothing once stopped."""
        if self._stopped:
            return  # nobody reports it, so the ledger has it as not sent
        greenlet = gevent.getcurrent()
        self._busy.add(greenlet)
        sample = self._blank(arrival)
        try:
            sample = self._until_final(arrival, sample, slot)
        except GreenletExit:
            sample.outcome, sample.layer = Outcome.ABORTED, "generator"
            raise
        except Exception as error:
            sample.outcome, sample.layer = Outcome.LOST, "generator"
            sample.detail = f"unexpected: {told(error)}"
            raise
        finally:
            if sample.finished_s is None:  # else the answer ended before its connection did
                sample.finished_s = perf_counter() - self.t0
            if (
                sample.outcome == Outcome.TIMEOUT
                and sample.finished_s - (sample.sent_s or 0.0) >= self._spec.deadline_s
            ):
                self._hung_at = perf_counter()
            self._busy.discard(greenlet)
            self._held -= 1
            self._keep(sample)
            self._count_refusals(sample)
        self._on_sample(sample)
        self._note_over()

    def _keep(self, sample: Sample) -> None:
        """One line; a value that no line can hold costs that value and makes the sample a failure, never the run."""
        quoted(sample)
        row = sample.row()
        try:
            line = orjson.dumps(row, option=orjson.OPT_STRICT_INTEGER)
        except (TypeError, ValueError):  # what orjson raises: an int beyond 53 bits, half a surrogate pair
            kept = fit(row)
            if kept is not row:
                sample.outcome = Outcome.BAD_CONTRACT
            line = orjson.dumps(kept)
        self._lines.append(line)

    def _blank(self, arrival: Arrival) -> Sample:
        sample = Sample(
            arrival.seq, arrival.phase, arrival.measured, arrival.question_id, arrival.stream, arrival.scheduled_s
        )
        sample.worker = self.worker
        sample.top_k, sample.prompt_tokens = arrival.top_k, arrival.prompt_tokens
        sample.lane = arrival.lane or None
        sample.evaluated = arrival.evaluated or None
        sample.held_up = arrival.seq in self._held_up or None
        sample.tenant = arrival.tenant
        if arrival.session is not None:
            sample.session, sample.turn = arrival.session, arrival.turn
        return sample

    def _until_final(self, arrival: Arrival, sample: Sample, slot: object) -> Sample:
        """One attempt, or as many as the retry policy allows; the last one's sample."""
        attempts, policy = self._attempts[arrival.lane], self._spec.retry
        request_id = f"{self._run_id}{arrival.seq:012x}"
        sample.sent_s = began_s = perf_counter() - self.t0
        due = self.t0 + began_s + self._spec.deadline_s
        sample.attempts = 1
        again = attempts.make(arrival, sample, slot, request_id, due)
        if policy.attempts == 1:
            return sample
        log = [_logged(sample, began_s, self.t0)]
        while True:
            jitter = Random(f"{self._spec.seed}:{arrival.seq}:{sample.attempts}").random()
            wait_s = None
            if sample.first_token_s is None:
                outcome = Outcome(sample.outcome)
                wait_s = policy.wait_s(
                    sample.attempts, outcome, sample.retry_after_s, jitter, status=sample.status, told=again
                )
            if wait_s is None or perf_counter() + wait_s >= due:
                break
            gevent.sleep(wait_s)
            made = sample.attempts + 1
            sample = self._blank(arrival)
            sample.sent_s, sample.attempts = began_s, made
            again_s = perf_counter() - self.t0
            again = attempts.make(arrival, sample, slot, f"{request_id}-{made}", due)
            log.append(_logged(sample, again_s, self.t0))
        if len(log) > 1:
            sample.attempt_log = json.dumps(log)
        return sample

    def _count_refusals(self, sample: Sample) -> None:
        if sample.outcome != Outcome.UNAUTHORIZED:
            self._refused_in_a_row = 0
            return
        self._refused_in_a_row += 1
        if self._refused_in_a_row >= UNAUTHORIZED_IN_A_ROW and self.limit_hit is None:
            self.limit_hit = f"{UNAUTHORIZED_IN_A_ROW} answers of 401 or 403 in a row"
            self.limit_hit += "".join(f"; {a.trouble}" for a in self._attempts[:1] if a.trouble)
            self._give_up()

    # -- ending

    def fail(self, words: str) -> None:
        """Something of ours broke: send nothing more, what is in flight ends by itself, the run is INVALID."""
        self.failed = self.failed or words
        self._give_up()

    def _give_up(self) -> None:
        self._stopped = True
        self._todo.clear()
        self._more.set()
        if self._jobs is not None:
            self._jobs.stop()
        self._note_over()

    def take(self) -> tuple[list[bytes], list[list[Any]]]:
        """Sample lines and gauge rows since the last call."""
        lines, self._lines = self._lines, []
        return lines, self.gauges.take()

    def take_jobs(self) -> list[bytes]:
        """Lines of jobs since the last call."""
        return self._jobs.take() if self._jobs else []

    def followed(self) -> dict[str, Any] | None:
        """How jobs were followed; None where none were submitted."""
        return self._jobs.summary() if self._jobs else None

    def stop(self) -> None:
        """Send nothing more; what is in flight becomes ``aborted``."""
        self._stopped = True
        self._todo.clear()
        self._more.set()
        for greenlet in list(self._busy):
            greenlet.kill(block=False)
        deadline = perf_counter() + 1.0
        while self._busy and perf_counter() < deadline:
            gevent.sleep(0.01)
        self._held = len(self._busy)
        if self._jobs is not None:
            self._jobs.stop()

    def close(self) -> None:
        self.gauges.stop()
        if self._jobs is not None:
            self._jobs.stop()
        for attempts, origin in zip(self._attempts, self._origins, strict=True):
            attempts.stop()
            origin.close()


def _logged(sample: Sample, sent_s: float, t0: float) -> list[Any]:
    """One attempt as ``ATTEMPT_COLUMNS`` has it."""
    finished = perf_counter() - t0 if sample.finished_s is None else sample.finished_s
    return [
        round(sent_s, 6),
        sample.headers_s and round(sample.headers_s, 6),
        round(finished, 6),
        str(sample.outcome),
        sample.status,
        sample.retry_after_s,
    ]
