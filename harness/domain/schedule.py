"""The Schedule: every intended request of one run, the same for both targets."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from harness.domain.asks import Asks
from harness.domain.phases import BURST
from harness.domain.questions import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.domain.arrivals import LoadProfile
    from harness.domain.due import Due
    from harness.domain.job import JobShape
    from harness.domain.mix import Mix

    Asked = Question | JobShape

MOST_HISTORY = 3  # earlier turns that a request carries
REMEMBERED = 1000  # arrivals that a repeat may repeat


@dataclass(frozen=True, slots=True)
class Arrival:
    """One intended request; question, mode and shape belong to it, never to whoever sends it.

    None means as the question has it. ``unique`` makes the text one of its kind;
    ``history`` names the questions of earlier turns, oldest first.
    """

    seq: int
    scheduled_s: float
    phase: str
    measured: bool
    question_id: str
    stream: bool
    top_k: int | None = None
    max_tokens: int | None = None
    prompt_tokens: int | None = None
    unique: int | None = None
    session: int | None = None
    turn: int = 1
    history: tuple[str, ...] = ()
    lane: int = 0  # which independent copy of the target; 0 is the target itself
    tenant: str | None = None
    evaluated: bool = False  # asks a question of the evaluation set, as it stands there

    @property
    def plain(self) -> bool:
        """Nothing but the question and the mode decides the request's body."""
        return self.unique is None and self.prompt_tokens is None and self.session is None

    def line(self) -> str:
        """Everything that decides what is sent and when, as one line of text."""
        mixed = (self.top_k, self.max_tokens, self.prompt_tokens, self.unique, self.session, self.turn, self.history)
        return (
            f"{self.seq} {self.scheduled_s:.9f} {self.phase} {self.measured} {self.question_id} {self.stream} {mixed}"
            f"{f' lane {self.lane}' if self.lane else ''}{f' tenant {self.tenant}' if self.tenant else ''}"
            f"{' evaluated' if self.evaluated else ''}"
        )


@dataclass(frozen=True)
class Schedule:
    """Arrivals in time order, ``seq`` counting from 0."""

    arrivals: tuple[Arrival, ...]

    def __len__(self) -> int:
        return len(self.arrivals)

    @cached_property
    def digest(self) -> str:
        """Equal digests mean equal work for both targets."""
        state = hashlib.sha256()
        for arrival in self.arrivals:
            state.update(arrival.line().encode() + b"\n")
        return "sha256:" + state.hexdigest()

    def stripe(self, worker: int, workers: int) -> tuple[Arrival, ...]:
        """Every ``workers``-th arrival, so that stripes keep the profile's shape."""
        return self.arrivals[worker::workers]

    def most_within(self, seconds: float) -> int:
        """Arrivals in the fullest window of this length: what may be in flight if each takes that long."""
        most = first = 0
        for k, arrival in enumerate(self.arrivals):
            while arrival.scheduled_s - self.arrivals[first].scheduled_s >= seconds:
                first += 1
            most = max(most, k - first + 1)
        return most


def draw(profile: LoadProfile, questions: Sequence[Asked], seed: int, mix: Mix) -> Schedule:
    """Instants, questions (or kinds of jobs), modes and shapes, each from its own seeded stream."""
    return Schedule(tuple(Drawer(questions, seed, mix, profile.beyond_quiet).arrivals(profile.arrivals(seed))))


class Drawer:
    """Gives instants their questions, modes and shapes in order; all at once or as an experiment asks for them."""

    def __init__(self, questions: Sequence[Asked], seed: int, mix: Mix, beyond_quiet: float = 0.0) -> None:
        checked = [q for q in questions if isinstance(q, Question) and q.expects is not None]
        self._all = [q for q in questions if getattr(q, "expects", None) is None]
        if mix.asks is Asks.RETRIEVAL:
            self._all = [q for q in self._all if getattr(q, "top_k", 0)] or self._all
        self._tenants = _Tenants(mix, seed, beyond_quiet) if mix.tenants else None
        weights = (getattr(q, "weight", 1.0) / rank**mix.zipf for rank, q in enumerate(self._all, start=1))
        self._weights = list(accumulate(weights))
        self._evaluation = _Evaluation(checked, mix.evaluated, seed)
        self._questions = Random(f"questions:{seed}")
        self._modes = Random(f"modes:{seed}")
        self._share = mix.stream_share
        self._shapes = _Shapes(mix, seed)
        self._count = 0

    def arrivals(self, due: Sequence[Due]) -> list[Arrival]:
        """One arrival for each instant; ``seq`` goes on from the last call."""
        chosen = self._questions.choices(self._all, cum_weights=self._weights, k=len(due))
        made = [
            self._arrival(seq, d, q.id, stream=self._modes.random() < self._share)
            for seq, (d, q) in enumerate(zip(due, chosen, strict=True), start=self._count)
        ]
        if self._tenants is not None:
            made = [replace(arrival, tenant=self._tenants.of(arrival)) for arrival in made]
        self._count += len(made)
        return made

    def _arrival(self, seq: int, due: Due, question: str, *, stream: bool) -> Arrival:
        graded = self._evaluation.next()
        if graded is None:
            return self._shapes.arrival(seq, due, question, stream=stream)
        when = (seq, due.scheduled_s, due.phase, due.measured)
        return Arrival(*when, graded, stream, lane=due.lane, evaluated=True)


class _Evaluation:
    """Which arrivals ask the evaluation set: one at random of every ``1 / share``, the questions in turn."""

    def __init__(self, questions: Sequence[Question], share: float, seed: int) -> None:
        self._rng = Random(f"evaluation:{seed}")
        self._ids = deque(q.id for q in questions)
        self._stretch = round(1 / share) if share > 0 and questions else 0
        self._left = self._at = 0
        if self._stretch:
            self._ids.rotate(self._rng.randrange(len(questions)))

    def next(self) -> str | None:
        """The question of this arrival, None for one that is drawn like any other."""
        if not self._stretch:
            return None
        if self._left == 0:
            self._left, self._at = self._stretch, self._rng.randrange(self._stretch) + 1
        here = self._left == self._at
        self._left -= 1
        if not here:
            return None
        self._ids.rotate(-1)
        return self._ids[-1]


class _Shapes:
    """Draws the parts of an arrival that depend on those before it."""

    def __init__(self, mix: Mix, seed: int) -> None:
        self._mix = mix
        self._sessions = _Sessions(mix, seed)
        self._repeats = Random(f"repeats:{seed}")
        self._passages = Random(f"passages:{seed}")
        self._lengths = Random(f"lengths:{seed}")
        self._asked: deque[Arrival] = deque(maxlen=REMEMBERED)

    def arrival(self, seq: int, due: Due, question: str, *, stream: bool) -> Arrival:
        mix = self._mix
        if mix.repeats is not None and self._asked and self._repeats.random() < mix.repeats:
            again = self._repeats.choice(self._asked)
            return Arrival(
                seq,
                due.scheduled_s,
                due.phase,
                due.measured,
                again.question_id,
                stream,
                again.top_k,
                again.max_tokens,
                again.prompt_tokens,
                again.unique,
                again.session,
                again.turn,
                again.history,
                due.lane,
            )
        session, turn, history = self._sessions.go_on(due.scheduled_s, question)
        made = Arrival(
            seq,
            due.scheduled_s,
            due.phase,
            due.measured,
            question,
            stream,
            self._top_k(),
            due.output_tokens if due.output_tokens is not None else mix.max_tokens,
            self._prompt_tokens(due),
            seq if mix.repeats is not None else None,
            session,
            turn,
            history,
            due.lane,
        )
        if mix.repeats is not None:
            self._asked.append(made)
        return made

    def _top_k(self) -> int | None:
        if not self._mix.passages:
            return None
        values, weights = zip(*self._mix.passages, strict=True)
        return int(self._passages.choices(values, weights)[0])

    def _prompt_tokens(self, due: Due) -> int | None:
        if due.input_tokens is not None:
            return due.input_tokens
        return self._mix.prompt.draw(self._lengths) if self._mix.prompt else None


class _Tenants:
    """Whom an arrival belongs to: a conversation keeps its tenant, and what a burst adds is the noisy one's."""

    def __init__(self, mix: Mix, seed: int, beyond_quiet: float) -> None:
        self._names = [name for name, _ in mix.tenants]
        self._weights = list(accumulate(share for _, share in mix.tenants))
        self._noisy = mix.noisy
        self._beyond = beyond_quiet if mix.noisy is not None else 0.0
        self._rng = Random(f"tenants:{seed}")
        self._of_session: dict[int, str] = {}

    def of(self, arrival: Arrival) -> str:
        drawn = self._rng.choices(self._names, cum_weights=self._weights)[0]
        added = self._rng.random() < self._beyond and arrival.phase == BURST
        if added and self._noisy is not None:
            return self._noisy
        return drawn if arrival.session is None else self._of_session.setdefault(arrival.session, drawn)


class _Sessions:
    """Who goes on with a conversation: after each turn a session has another with chance 1 - 1 / mean turns.

    The next turn is the first arrival that comes at least ``think_s`` after the last one.
    """

    def __init__(self, mix: Mix, seed: int) -> None:
        self._go_on = 1 - 1 / mix.turns
        self._think_s = mix.think_s
        self._rng = Random(f"sessions:{seed}")
        self._open: deque[tuple[float, int, int, tuple[str, ...]]] = deque()
        self._count = 0

    def go_on(self, now_s: float, question: str) -> tuple[int | None, int, tuple[str, ...]]:
        """Session, turn and history of the next arrival; (None, 1, ()) where the mix has no sessions."""
        if self._go_on <= 0:
            return None, 1, ()
        if self._open and now_s - self._open[0][0] >= self._think_s:
            _, session, turn, history = self._open.popleft()
        else:
            self._count += 1
            session, turn, history = self._count, 0, ()
        if self._rng.random() < self._go_on:
            self._open.append((now_s, session, turn + 1, (*history, question)[-MOST_HISTORY:]))
        return session, turn + 1, history
