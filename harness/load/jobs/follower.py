"""Follows the jobs that were accepted until each has ended, at a bounded rate; the slots never wait for a job.

What a poll finds is placed on the run's clock by the ages that the answer tells, so that the time between two polls costs
no precision where the service tells them; where it does not, a job's end lies between two polls, and both are kept.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
import gevent.event
import gevent.pool
import orjson

from harness.dialects.jobs import JobSaid, result_in, status_in
from harness.dialects.shapes import Unexpected
from harness.domain.bounds import MOST_DETAIL
from harness.domain.job import END, Job, JobState, Status
from harness.domain.job_map import path_of
from harness.load.guard import guarded
from harness.load.jobs.pace import LONGEST_POLL_S, Pace
from harness.load.jobs.quoting import quoted_job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.dialects.jobs import Accepted, Called
    from harness.load.jobs.plain import Questions, Said
    from harness.load.spec import Following

GONE = (404, 410)
GONE_POLLS, GONE_S = (
    3,
    5.0,
)  # how often and how long a service says so before a job is lost: a store may lag behind its queue
AGE_SHARE = 0.1  # of a job's age: the longer it takes, the seldomer it is asked for
MOST_EARLY = 10_000  # callbacks that are kept for a submission whose answer has not come yet
OK = 200
TOLD = ("attempts", "queued_ms", "running_ms", "instance_id", "error_code")
CANCEL_S = 5.0  # how long what is unfinished is taken back at the end, so that it does not run into the next run


@dataclass(slots=True)
class _Followed:
    """One job of the service; ``twins`` are later submissions that it gave the same id: its work is theirs too."""

    job: Job
    answer: dict[str, Any]
    twins: list[Job] = field(default_factory=list)
    heard: bool = False  # the service said anything of it
    ending: JobState | None = None  # it ended so, and its result is still to be asked for
    gone: int = 0
    gone_since_s: float = 0.0
    deliveries: set[str | None] = field(default_factory=set)

    @property
    def age_from_s(self) -> float:
        return self.job.accepted_s or 0.0


class Follower:
    """One process's jobs; ``keep`` is given a line when a job was accepted and another when it ended."""

    def __init__(
        self,
        following: Following,
        questions: Questions,
        t0: float,
        drain_s: float,
        keep: Callable[[bytes], None],
        over: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        self._how = following.how
        self._following = following
        self._questions = questions
        self._t0 = t0
        self._drain_s = drain_s
        self._keep_line = keep
        self._over = over
        self._failed = failed
        self._open: dict[str, _Followed] = {}
        self._ended: dict[str, _Followed] = {}  # callbacks of theirs may still come
        self._uncalled: set[str] = set()  # done, as a poll found, and their callback is still waited for
        self._early: dict[str, list[tuple[Called, float]]] = {}  # callbacks before the submission's own answer
        self._due: list[tuple[float, int, str]] = []
        self._count = 0
        self._more = gevent.event.Event()
        self._deadline: float | None = None
        self._greenlet: gevent.Greenlet | None = None
        window_s = max(LONGEST_POLL_S, drain_s / 2, following.poll_s)
        self._pace = Pace(following.most_polls_per_s, window_s)
        self._asking = gevent.pool.Pool(self._pace.at_once)
        self._unasked = 0
        self.polls = self.poll_failures = self.cancelled = 0

    def start(self) -> None:
        self._questions.start()
        self._greenlet = gevent.spawn(guarded(self._follow, self._failed))

    @property
    def idle(self) -> bool:
        """Nothing is left to be followed, and no callback to be waited for."""
        return not self._open and not self._uncalled

    @property
    def open_sockets(self) -> int:
        return self._questions.open_sockets

    @property
    def unasked(self) -> int:
        """Questions that came too late, or not at all, for this generator's own rate."""
        return self._pace.late + self._unasked

    def summary(self) -> dict[str, float]:
        """For run.json."""
        counted = {"polls": self.polls, "poll_failures": self.poll_failures, "cancelled": self.cancelled}
        return counted | {"unasked": self.unasked, "polls_per_s": self._pace.per_s}

    # -- what comes in

    def accepted(self, job: Job, found: Accepted) -> None:
        """A submission was taken; the row of its acceptance is safe before it is asked for."""
        job.job_id, job.state, job.polls = found.job_id, JobState.UNFINISHED, 0
        if self._following.callback is not None:
            job.callbacks = 0
        known = self._open.get(found.job_id) or self._ended.get(found.job_id)
        if known is not None:
            known.twins.append(job)
            self._write(_as(known.job, job) if found.job_id in self._ended else job)
            return
        self._write(job)
        self._open[found.job_id] = _Followed(job, found.answer)
        self._ask_later(found.job_id, self._following.poll_s)
        for call, at_s in self._early.pop(found.job_id, ()):
            self.called(call, at_s)

    def called(self, call: Called, at_s: float) -> None:
        """A callback came; a delivery that is retried counts once."""
        one = self._open.get(call.job_id) or self._ended.get(call.job_id)
        if one is None:
            if len(self._early) < MOST_EARLY:
                self._early.setdefault(call.job_id, []).append((call, at_s))
            return
        if call.said.status not in END:
            return
        if call.delivery is None or call.delivery not in one.deliveries:
            one.deliveries.add(call.delivery)
            one.job.callbacks = (one.job.callbacks or 0) + 1
        one.job.called_s = at_s if one.job.called_s is None else one.job.called_s
        if call.job_id in self._open:
            self._hear(call.job_id, one, call.said, at_s)
        else:
            self._rewrite(one)
        if call.job_id in self._uncalled:
            self._uncalled.discard(call.job_id)
            self._note_idle()

    def close(self) -> None:
        """Nothing more will be submitted: from now on there is a deadline."""
        if self._deadline is None:
            self._deadline = perf_counter() + self._drain_s
            self._more.set()

    def stop(self) -> None:
        """Now: what has not ended is unfinished."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
        self._asking.kill(block=False)
        self._uncalled.clear()
        for job_id, one in list(self._open.items()):
            self._end(job_id, one, one.ending or JobState.UNFINISHED)
        self._questions.close()

    # -- polling

    def _ask_later(self, job_id: str, wait_s: float) -> None:
        self._count += 1
        heapq.heappush(self._due, (perf_counter() + wait_s, self._count, job_id))
        self._more.set()

    def _follow(self) -> None:
        ask = guarded(self._ask, self._failed)
        while True:
            self._more.clear()
            now = perf_counter()
            if self._deadline is not None and (now >= self._deadline or self.idle):
                self._give_up()
                return
            wait_s = self._wait_s(now)
            if wait_s > 0:
                self._more.wait(wait_s)
                continue
            if self._asking.full():
                self._asking.wait_available(None if self._deadline is None else self._deadline - now)
                continue
            due, _, job_id = heapq.heappop(self._due)
            if job_id in self._open:
                self._pace.asked(due, perf_counter())
                self._asking.spawn(ask, job_id)

    def _wait_s(self, now: float) -> float:
        """Until the next poll is due and allowed, or the deadline, whichever comes first."""
        wait_s = self._pace.wait_s(self._due[0][0], now) if self._due else LONGEST_POLL_S
        return wait_s if self._deadline is None else min(wait_s, self._deadline - now)

    def _ask(self, job_id: str) -> None:
        if (one := self._open.get(job_id)) is not None:
            self._poll(job_id, one) if one.ending is None else self._result(job_id, one)

    def _poll(self, job_id: str, one: _Followed) -> None:
        said = self._questions.ask("GET", path_of(self._how.status_path, job_id, one.answer))
        self.polls += 1
        one.job.polls = (one.job.polls or 0) + 1
        if job_id not in self._open or one.ending is not None:
            return  # its callback came meanwhile
        if said.status in GONE:
            self._gone(job_id, one, said)
            return
        heard = self._read(one.job, said)
        if heard is None:
            self.poll_failures += 1
            self._again(job_id, one, said.retry_after_s)
            return
        one.gone = 0
        self._hear(job_id, one, heard, said.at_s)

    def _read(self, job: Job, said: Said) -> JobSaid | None:
        if said.status != OK:
            job.detail = (said.detail or f"a poll was answered with {said.status}")[:MOST_DETAIL]
            return None
        try:
            return status_in(self._how, said.body)
        except Unexpected as error:
            job.detail = str(error)[:MOST_DETAIL]
            return None

    def _gone(self, job_id: str, one: _Followed, said: Said) -> None:
        """Once is no proof: a store may lag behind the queue that took the job."""
        one.gone += 1
        one.gone_since_s = said.at_s if one.gone == 1 else one.gone_since_s
        if one.gone >= GONE_POLLS and said.at_s - one.gone_since_s >= GONE_S:
            one.job.detail = f"the service answers {said.status}: it does not know the job"
            self._end(job_id, one, JobState.LOST)
        else:
            self._again(job_id, one, None)

    def _again(self, job_id: str, one: _Followed, retry_after_s: float | None) -> None:
        age_s = perf_counter() - self._t0 - one.age_from_s
        fair_s = len(self._open) / self._pace.per_s  # by when everyone else has had a turn
        wait_s = max(min(LONGEST_POLL_S, AGE_SHARE * age_s), fair_s)
        self._ask_later(job_id, max(self._following.poll_s, retry_after_s or 0.0, wait_s))

    # -- what was said

    def _hear(self, job_id: str, one: _Followed, said: JobSaid, at_s: float) -> None:
        """What the service says of a job, at an instant of the run's clock."""
        if one.ending is not None:
            return
        one.heard, job = True, one.job
        for name in TOLD:
            if (value := getattr(said, name)) is not None:
                setattr(job, name, value)
        if said.status not in END:
            job.not_done_s = at_s
            if said.status is Status.RUNNING and said.running_ms is not None:
                job.started_s = at_s - said.running_ms / 1000
            self._again(job_id, one, None)
        else:
            self._ended_as(job_id, one, said, at_s)

    def _ended_as(self, job_id: str, one: _Followed, said: JobSaid, at_s: float) -> None:
        """Placed on our own clock where the service told the ages; what it left is asked for next."""
        job = one.job
        job.known_s = at_s
        killed = self._how.killed_by(said.error_code)
        job.killed_by = None if killed is None else killed.value
        if said.since_done_ms is not None:
            job.done_s = at_s - said.since_done_ms / 1000
            if said.running_ms is not None:
                job.started_s = job.done_s - said.running_ms / 1000
        if said.status is Status.DONE:
            job.detail = None  # what a poll stumbled over on the way
            if self._following.callback is not None and job.called_s is None:
                self._uncalled.add(job_id)
            if self._how.result_path is not None:
                one.ending = JobState.DONE  # a callback must not wait for our own question
                self._ask_later(job_id, 0.0)
                return
        self._end(job_id, one, END[said.status])

    def _result(self, job_id: str, one: _Followed) -> None:
        """What it left; a job whose result cannot be read was done all the same."""
        path = path_of(self._how.result_path or "", job_id, one.answer)
        job, said = one.job, self._questions.ask("GET", path)
        self.polls += 1
        try:
            if said.status != OK:
                raise Unexpected(said.detail or f"its result was answered with {said.status}")  # noqa: TRY301
            found = result_in(self._how.result, said.body)
        except Unexpected as error:
            job.detail = str(error)[:MOST_DETAIL]
        else:
            job.effects, job.model = found.effects, found.model
            job.input_tokens, job.output_tokens = found.input_tokens, found.output_tokens
        self._end(job_id, one, one.ending or JobState.DONE)

    # -- ends

    def _end(self, job_id: str, one: _Followed, state: JobState) -> None:
        if self._open.pop(job_id, None) is None:
            return  # two said so at once
        one.job.state = state
        self._ended[job_id] = one
        self._rewrite(one)
        self._note_idle()

    def _note_idle(self) -> None:
        if self.idle:
            self._more.set()
            self._over()

    def _give_up(self) -> None:
        """The deadline; decided before anything is cancelled, for a callback may tell of that."""
        self._asking.join()  # what was asked in time may still be answered
        waiting = (due for due, _, job_id in self._due if job_id in self._open)
        self._unasked = self._pace.unasked(waiting, self._deadline or 0.0, self._following.poll_s)
        left = list(self._open.items())
        unfinished = [(job_id, one) for job_id, one in left if one.ending is None]
        for _, one in unfinished:
            one.ending = _ending_of(one)
        self._cancel(unfinished)
        self._uncalled.clear()
        for job_id, one in left:
            self._end(job_id, one, one.ending or JobState.UNFINISHED)
        self._over()

    def _cancel(self, left: Sequence[tuple[str, _Followed]]) -> None:
        """What is left is taken back, so that it does not run into the next run; its row says what it was before."""
        if self._how.cancel_path is None:
            return
        until = perf_counter() + CANCEL_S
        for job_id, one in left:
            if perf_counter() >= until:
                break
            path = path_of(self._how.cancel_path, job_id, one.answer)
            self._asking.spawn(guarded(self._take_back, self._failed), path, until)
        self._asking.join()

    def _take_back(self, path: str, until: float) -> None:
        if (left_s := until - perf_counter()) > 0:
            said = self._questions.ask(self._how.cancel_method, path, left_s)
            self.cancelled += said.status is not None and said.status < 300

    def _rewrite(self, one: _Followed) -> None:
        self._write(one.job)
        for twin in one.twins:
            self._write(_as(one.job, twin))

    def _write(self, job: Job) -> None:
        quoted_job(job)
        self._keep_line(orjson.dumps(job.row()))


def _ending_of(one: _Followed) -> JobState:
    """At the deadline: lost is what was asked about and never answered for, unfinished everything else."""
    if one.heard:
        return JobState.UNFINISHED
    if not one.job.polls:
        one.job.detail = "the run ended before it was asked about"
        return JobState.UNFINISHED
    words = f"the service never answered a question about it ({one.job.detail or 'no answer'})"
    one.job.detail = words[:MOST_DETAIL]
    return JobState.LOST


def _as(job: Job, twin: Job) -> Job:
    """The twin's own row with what became of its job."""
    own = ("seq", "kind", "phase", "measured", "scheduled_s", "accepted_s", "size_bytes")
    return replace(job, **{name: getattr(twin, name) for name in own})
