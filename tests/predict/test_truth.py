"""The simulator against independent truth: closed forms, and a plain play of the same laws.

``python -m pytest -m slow -s tests/predict/test_truth.py`` prints the whole table.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from harness.platforms.scaling import Grows, Picks
from harness.predict import arrivals
from harness.predict.fleet import Fleet, IdleLaw, Queue, Service
from harness.predict.outcome import Outcome
from harness.predict.simulate import simulate
from harness.workspace.trace_csv import read_trace
from tests.predict.plain_fleet import Seen, play

DATA = Path(__file__).parents[3] / "shared" / "data"
HOUR = 3600.0


def service(mean_s: float, sigma: float = 0.5, n: int = 20_000) -> Service:
    took = mean_s * np.exp(np.random.default_rng(1).normal(-sigma * sigma / 2, sigma, n))
    return Service(0.1 * took, 0.9 * took, 0.1 * took, 0.2 * took)


def exponential(mean_s: float, n: int = 50_000) -> Service:
    took = mean_s * -np.log(1 - (np.arange(n) + 0.5) / n)
    return Service(np.zeros(n), took, np.zeros(n), took)


def test_a_loss_system_refuses_as_erlang_b_says():
    """8 instances, 6 erlangs: B = .1219."""
    fleet = Fleet(Grows.ON_DEMAND, exponential(1.0), most=8)
    blocked = 1.0
    for k in range(1, 9):
        blocked = 6 * blocked / (k + 6 * blocked)

    out = simulate(fleet, arrivals.poisson(6.0, 50_000, 3), 50_000, seed=1, warm_s=500)

    assert out.refused_share == pytest.approx(blocked, rel=0.03)
    assert out.instances_most == 8


def test_a_queue_waits_as_erlang_c_says():
    """4 instances at 3.2 erlangs: wait beyond t with C e^(-(c - a) t)."""
    fleet = Fleet(Grows.FIXED, exponential(1.0), least=4, most=4, queue=Queue(math.inf))
    load, servers = 3.2, 4
    terms = [load**k / math.factorial(k) for k in range(servers)]
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    waits = last / (sum(terms) + last)
    mean = 1 + waits / (servers - load)

    out = simulate(fleet, arrivals.poisson(load, 60_000, 4), 60_000, seed=2, warm_s=1000)

    assert out.response.sum_s / out.asked == pytest.approx(mean, rel=0.04)
    assert out.instance_s == pytest.approx(4 * 59_000)


def test_processors_of_an_instance_queue_as_md1():
    """One processor at .8 with constant work: mean wait rho D / (2 (1 - rho)) = 2 D."""
    always = Service(np.full(1, 0.1), np.zeros(1), np.full(1, 0.1), np.zeros(1))
    fleet = Fleet(Grows.FIXED, always, at_once=10_000, least=1, most=1, per_instance_per_s=10.0)

    out = simulate(fleet, arrivals.poisson(8.0, 40_000, 5), 40_000, seed=2, warm_s=1000)

    assert out.response.sum_s / out.asked == pytest.approx(0.3, rel=0.03)


def test_instant_answers_of_one_instance_are_cold_by_e_to_the_minus_rk():
    fleet = Fleet(Grows.ON_DEMAND, service(1e-6), start_s=np.full(1, 1e-6), idle=IdleLaw(np.full(1, 60.0)))

    out = simulate(fleet, arrivals.poisson(1 / 60, 2e6, 6), 2e6, seed=2)

    assert out.cold_share == pytest.approx(math.exp(-1), rel=0.03)
    assert out.instance_s / 2e6 == pytest.approx(1 - math.exp(-1), rel=0.03)


def test_a_request_is_counted_once_however_often_it_is_tried():
    from harness.domain.retry import RetryPolicy

    fleet = Fleet(Grows.ON_DEMAND, exponential(1.0), most=2, retry=RetryPolicy(attempts=3))

    out = simulate(fleet, arrivals.poisson(3.0, 5_000, 6), 5_000, seed=2)

    assert out.ok + out.refused == out.asked
    assert out.attempts > 1.3 * out.asked


def test_the_same_seed_plays_the_same():
    fleet = Fleet(Grows.ON_DEMAND, service(2.0), idle=IdleLaw(np.full(1, 30.0)), picks=Picks.LEAST, at_once=4)
    outs = [simulate(fleet, arrivals.poisson(1.0, HOUR, 6), HOUR, seed=2) for _ in range(2)]

    assert outs[0].hourly.cold.tolist() == outs[1].hourly.cold.tolist()
    assert outs[0].response.quantile(0.95) == outs[1].response.quantile(0.95)


def office(length_s: float, busy: float) -> list[np.ndarray]:
    """9 to 17 h busy, else a twentieth."""
    return list(arrivals.varying([busy if 9 <= h < 17 else busy / 20 for h in range(24)], length_s, 9))


def azure(name: str) -> list[np.ndarray]:
    if not DATA.is_dir():
        pytest.skip("the public Azure traces are not on this machine")
    at = np.array([one.at_s for one in read_trace(DATA / f"AzureLLMInferenceTrace_{name}.csv").requests])
    return [at * 4]  # over four hours, so that gaps and windows are of one size


def two_modes(rng) -> np.ndarray:
    return np.where(rng.random(4000) < 0.5, 60.0, 600.0) * np.exp(rng.normal(0, 0.1, 4000))


TRAFFIC = {
    "Poisson": (lambda rate: list(arrivals.poisson(rate, 100 * HOUR, 8)), 100 * HOUR),
    "gamma, cv 3": (lambda rate: list(arrivals.gamma(rate, 3.0, 100 * HOUR, 8)), 100 * HOUR),
    "office hours": (lambda rate: office(96 * HOUR, rate), 96 * HOUR),
    "Azure code": (lambda rate: azure("code"), 4 * 57 * 60.0),
    "Azure conversation": (lambda rate: azure("conv"), 4 * 58 * 60.0),
}
SUITE = [("Poisson", 1, "one"), ("gamma, cv 3", 8, "two modes"), ("office hours", 1, "one")]


PLAYS, COLD_LEAST, ERRORS = 4, 400, 3.0  # plays of each, more until both have so many cold answers


def row(name: str, at_once: int, window: str) -> tuple[int, list[Outcome], list[Seen]]:
    """Requests asked, and plays of them: ours, and the plain ones."""
    make, length = TRAFFIC[name]
    busy = {1: 0.02, 8: 0.05, 80: 0.1}[at_once] if "Azure" not in name else None
    chunks = make(busy)
    rng = np.random.default_rng(12)
    windows = two_modes(rng) if window == "two modes" else 60.0 * np.exp(rng.normal(0, 0.2, 4000))
    if "Azure" in name:
        windows = windows / 12
    own = service(4.0)
    took = (own.runtime_s + own.model_s).tolist()
    fleet = Fleet(Grows.ON_DEMAND, own, at_once=at_once, start_s=np.full(1, 2.0), idle=IdleLaw(windows))
    at = np.concatenate(chunks).tolist()
    ours, plain = [], []
    while len(ours) < PLAYS or min(sum(p.cold for p in played) for played in (ours, plain)) < COLD_LEAST:
        draws = np.random.default_rng([len(ours), 77])
        ours.append(simulate(fleet, chunks, length, seed=len(ours)))
        plain.append(
            play(
                at,
                length,
                at_once=at_once,
                takes=lambda draws=draws: took[int(draws.integers(len(took)))],
                start_s=2.0,
                keeps=lambda at, draws=draws: windows[int(draws.integers(len(windows)))],
            )
        )
    return plain[0].asked, ours, plain


def agrees(name: str, at_once: int, window: str) -> str:
    """Cold answers within a tenth, and where there are few within three standard errors of both; the times within 3 %."""
    asked, ours, plain = row(name, at_once, window)
    said = f"{name:20} {at_once:3} at once, {window:9} {asked:7} asked, {len(ours):3} plays"
    for what, least in (("cold", 0.1), ("instance_s", 0.03), ("active_s", 0.03)):
        values = [[getattr(p, what) for p in played] for played in (ours, plain)]
        mine, truth = map(np.mean, values)
        error = math.sqrt(sum(np.var(v, ddof=1) / len(v) for v in values)) if what == "cold" else 0.0
        said += f"  {what} {mine:.1f} ({truth:.1f})" + (f", se {error:.1f}" if error else "")
        assert mine == pytest.approx(truth, rel=least, abs=ERRORS * error), said
    return said


LIMITS = {  # instances there may be, and times the traffic, so that some are refused
    "Poisson": {1: (4, 30.0), 8: (2, 60.0), 80: (1, 260.0)},
    "Azure code": {1: (30, 1.0), 8: (6, 1.0), 80: (2, 8.0)},
    "Azure conversation": {1: (26, 1.0), 8: (4, 1.0), 80: (2, 6.0)},
}


def limited(name: str, at_once: int, seeds: int) -> tuple[float, ...]:
    """Refused shares: ours, and the plain play's; and each month's cost by request and by shared instance time."""
    most, times = LIMITS[name][at_once]
    if name == "Poisson":
        length = 20_000 / times / 0.02 if at_once < 80 else 4000.0
        at = np.concatenate(list(arrivals.poisson(0.02 * times * (1 if at_once == 1 else 3.8), length, 8)))
    else:
        own = azure(name.rsplit(maxsplit=1)[-1][:4])[0] / 4
        length = float(own[-1]) + 1
        at = np.concatenate(list(arrivals.trace(own.tolist(), length, times, 8)))
    own = service(4.0)
    took = (own.runtime_s + own.model_s).tolist()
    fleet = Fleet(*(Grows.ON_DEMAND, own, at_once), most=most, start_s=np.full(1, 2.0), idle=IdleLaw(np.full(1, 60.0)))
    ours = [simulate(fleet, [at], length, seed=s) for s in range(seeds)]
    plain = []
    for s in range(seeds):
        draws = np.random.default_rng([s, 77])
        takes, keeps = lambda draws=draws: took[int(draws.integers(len(took)))], lambda at: 60.0
        plain.append(play(at.tolist(), length, at_once=at_once, takes=takes, start_s=2.0, keeps=keeps, most=most))
    each = seeds * len(at)
    return (
        len(at),
        sum(o.refused for o in ours) / each,
        sum(p.refused for p in plain) / each,
        sum(o.active_s for o in ours),
        sum(p.active_s for p in plain),
        sum(o.handled_s for o in ours),
        sum(p.handled_s for p in plain),
    )


def test_refused_requests_are_those_of_a_plain_play():
    _, refused, refused_true, active, active_true, handled, handled_true = limited("Poisson", 1, 1)

    assert refused == pytest.approx(refused_true, rel=0.1)
    assert active == pytest.approx(active_true, rel=0.02)
    assert handled == pytest.approx(handled_true, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [1, 8, 80])
@pytest.mark.parametrize("name", LIMITS)
def test_the_table_of_refusals(name, at_once):
    asked, refused, refused_true, active, active_true, handled, handled_true = limited(name, at_once, 2)
    print(
        f"{name:20} {at_once:3} at once {asked:7} asked  refused {refused:.4f} ({refused_true:.4f})  "
        f"billed by shared time {active / active_true - 1:+.2%}, by request {handled / handled_true - 1:+.2%}"
    )

    assert refused == pytest.approx(refused_true, rel=0.1)
    assert active == pytest.approx(active_true, rel=0.02)
    assert handled == pytest.approx(handled_true, rel=0.02)


@pytest.mark.parametrize(("name", "at_once", "window"), SUITE)
def test_cold_answers_and_instance_time_are_those_of_a_plain_play(name, at_once, window):
    agrees(name, at_once, window)


@pytest.mark.slow  # 5 min: where cold answers are rare, as many plays as show some; the test above plays three rows
@pytest.mark.parametrize("window", ["one", "two modes"])
@pytest.mark.parametrize("at_once", [1, 8, 80])
@pytest.mark.parametrize("name", TRAFFIC)
def test_the_whole_table(name, at_once, window):
    print(agrees(name, at_once, window))
