"""A fleet whose truth is known, played request by request: shares no code with what is held to it.

One request an instance (on demand) or places behind one queue (a fixed fleet). Slow and plain on purpose.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

import numpy as np

from tests.builders import failed, sample


@dataclass(frozen=True)
class Truth:
    """``limit`` instances of ``places`` each; ``window_s`` None: a fixed fleet, of as many as the limit."""

    limit: int = 20
    places: int = 1
    window_s: float | None = 60.0
    window_spread: float = 0.1  # of the logarithm
    start_s: float = 1.0
    model_s: float = 0.5
    runtime_s: float = 0.05
    sigma: float = 0.25
    queue: int = 0

    @property
    def fixed(self) -> bool:
        return self.window_s is None


@dataclass
class Instance:
    """One of the fleet."""

    number: int
    in_hand: int = 0
    served: int = 0
    until_s: float = math.inf  # idle: when it ends
    idle_s: float = 0.0


@dataclass
class Answer:
    """What came of one arrival; ``instance`` None: refused."""

    at_s: float
    begin_s: float = 0.0
    end_s: float = 0.0
    first_s: float = 0.0
    model_s: float = 0.0
    first_model_s: float = 0.0
    cold: bool = False
    instance: Instance | None = None
    number: int = 0


@dataclass
class Played:
    """All answers in the order of their arrivals, and the time that instances existed."""

    answers: list[Answer]
    length_s: float
    deadline_s: float = math.inf
    lived_s: float = 0.0
    most: int = 0
    instances: list[Instance] = field(default_factory=list)

    @property
    def served(self) -> list[Answer]:
        return [a for a in self.answers if a.instance is not None]

    @property
    def cold_share(self) -> float:
        return sum(a.cold for a in self.served) / len(self.served)

    @property
    def refused_share(self) -> float:
        return 1 - len(self.served) / len(self.answers)

    def p95_s(self, *, first: bool = False) -> float:
        ok = [a.instance is not None and a.end_s - a.at_s <= self.deadline_s for a in self.answers]
        ends = [a.first_s if first else a.end_s for a in self.answers]
        took = [end - a.at_s if good else math.inf for a, good, end in zip(self.answers, ok, ends, strict=True)]
        return sorted(took)[math.ceil(0.95 * len(took)) - 1]

    @property
    def instances_mean(self) -> float:
        return self.lived_s / self.length_s


def play(  # noqa: C901, PLR0915
    truth: Truth, arrivals_s: np.ndarray, rng: np.random.Generator, from_s: float = 0.0, deadline_s: float = math.inf
) -> Played:
    """Every arrival placed, waiting or refused; what comes before ``from_s`` fills the fleet and is not counted."""
    n = len(arrivals_s)
    model = truth.model_s * np.exp(rng.normal(0, truth.sigma, n))
    runtime = truth.runtime_s * np.exp(rng.normal(0, truth.sigma, n))
    share = rng.uniform(0.3, 0.5, n)  # of the model's time to its first token
    fleet = [Instance(k) for k in range(truth.limit)] if truth.fixed else []
    made = len(fleet)
    born: dict[int, float] = {}
    out = Played([], float(arrivals_s[-1]) - from_s, deadline_s)
    ends: list[tuple[float, int]] = []
    waiting: list[int] = []

    def begin(k: int, at: float, one: Instance, start_s: float) -> None:
        answer = out.answers[k]
        answer.instance, answer.begin_s, answer.cold = one, at, start_s > 0
        answer.model_s, answer.first_model_s = model[k], model[k] * share[k]
        answer.first_s = at + start_s + runtime[k] * 0.6 + answer.first_model_s
        answer.end_s = at + start_s + runtime[k] + model[k]
        one.in_hand += 1
        one.served += 1
        answer.number = one.served
        heapq.heappush(ends, (answer.end_s, k))

    def over(until: float) -> None:
        while ends and ends[0][0] <= until:
            at, k = heapq.heappop(ends)
            one = out.answers[k].instance
            one.in_hand -= 1
            if waiting:
                begin(waiting.pop(0), at, one, 0.0)
            elif not truth.fixed and one.in_hand == 0:
                one.idle_s = at
                one.until_s = at + truth.window_s * math.exp(rng.normal(0, truth.window_spread))

    for k, at in enumerate(arrivals_s.tolist()):
        over(at)
        out.answers.append(Answer(at))
        if not truth.fixed:
            for gone in [i for i in fleet if i.in_hand == 0 and i.until_s < at]:
                fleet.remove(gone)
                out.lived_s += max(0.0, gone.until_s - max(from_s, born[gone.number]))
        able = [i for i in fleet if i.in_hand < truth.places]
        if able and not waiting:
            chosen = min(able, key=lambda i: i.in_hand) if truth.fixed else max(able, key=lambda i: i.idle_s)
            begin(k, at, chosen, 0.0)
        elif not truth.fixed and len(fleet) < truth.limit:
            one = Instance(made)
            made += 1
            born[one.number] = at
            fleet.append(one)
            begin(k, at, one, truth.start_s * math.exp(rng.normal(0, 0.15)))
        elif len(waiting) < truth.queue:
            waiting.append(k)
        out.most = max(out.most, len(fleet))
    over(math.inf)
    if truth.fixed:
        out.lived_s = truth.limit * out.length_s
    else:
        ends = float(arrivals_s[-1])
        out.lived_s += sum(max(0.0, min(i.until_s, ends) - max(from_s, born[i.number])) for i in fleet)
    out.answers = [a for a in out.answers if a.at_s >= from_s]
    return out


def poisson(rate: float, length_s: float, rng: np.random.Generator) -> np.ndarray:
    return np.sort(rng.uniform(0, length_s, max(2, rng.poisson(rate * length_s))))


def samples(played: Played, rng: np.random.Generator, *, phase: str = "steady") -> list:
    """As the load engine would have recorded it."""
    out = []
    for k, a in enumerate(played.answers):
        if a.instance is None:
            out.append(failed(k, scheduled_s=a.at_s, sent_s=a.at_s, phase=phase))
            continue
        out.append(
            sample(
                k,
                phase=phase,
                scheduled_s=a.at_s,
                sent_s=a.at_s,
                headers_s=a.first_s - a.first_model_s / 2,
                first_token_s=a.first_s,
                last_token_s=a.end_s,
                finished_s=a.end_s,
                cold=a.cold,
                instance_id=f"i{a.instance.number}",
                instance_requests=a.number,
                queue_ms=(a.begin_s - a.at_s) * 1000,
                model_ttft_ms=a.first_model_s * 1000,
                generation_ms=a.model_s * 1000,
            )
        )
    return out


def probed(truth: Truth, gaps_s: list[float], rng: np.random.Generator) -> list:
    """Of a keep-alive search by hand: an answer, a gap, an answer …"""
    out, at = [], 0.0
    for k, gap in enumerate([0.0, *gaps_s]):
        at += gap
        cold = k == 0 or gap > truth.window_s * math.exp(rng.normal(0, truth.window_spread))
        took = truth.model_s + truth.runtime_s + (truth.start_s if cold else 0.0)
        changes = {"phase": "window" if k else "first", "cold": cold, "lane": 0, "measured": False}
        out.append(sample(k, scheduled_s=at, sent_s=at, response_s=took, **changes))
        at += took
    return out
