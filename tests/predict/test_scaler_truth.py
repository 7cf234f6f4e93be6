"""An autoscaled fleet against a plain play in small steps; ``-m slow -s`` prints the table."""

from __future__ import annotations

import numpy as np
import pytest

from harness.platforms.scaling import Grows, Picks
from harness.predict import arrivals
from harness.predict.fleet import Autoscaler, Fleet, Queue, Service
from harness.predict.simulate import simulate
from tests.predict.plain_scaler import play

HOUR = 3600.0
CASES = {  # requests a second in each hour, requests an instance
    "steady, 1 an instance": ([2.0], 1),
    "waves, 1 an instance": ([0.5, 4.0], 1),
    "waves, 8 an instance": ([2.0, 12.0], 8),
    "waves, 80 an instance": ([5.0, 60.0], 80),
}


def compared(name: str, seeds: int, length_s: float):
    hourly, at_once = CASES[name]
    took = 2.0 * np.exp(np.random.default_rng(1).normal(-0.08, 0.4, 5000))
    rule = {"share": 0.7, "window_s": 60.0, "every_s": 10.0, "lag_s": 5.0, "down_s": 120.0}
    fleet = Fleet(
        *(Grows.AUTOSCALER, Service(np.zeros(5000), took, np.zeros(5000), took), at_once, 1, 40),
        picks=Picks.LEAST,
        queue=Queue(np.inf),
        start_s=np.full(1, 8.0),
        scaler=Autoscaler(**rule),
    )
    ours, plain = [], []
    for seed in range(seeds):
        at = np.concatenate(list(arrivals.varying(hourly, length_s, seed)))
        ours.append(simulate(fleet, [at], length_s, seed=seed))
        draws = np.random.default_rng([seed, 9])
        known = {**rule, "at_once": at_once, "start_s": 8.0, "least": 1, "most": 40}
        takes = took[draws.integers(len(took), size=2 * len(at))].tolist().pop
        plain.append(play(at.tolist(), length_s, takes=takes, **known))
    p95 = float(np.quantile(np.concatenate([p.took for p in plain]), 0.95))
    return (
        (sum(o.instance_s for o in ours), sum(p.machine_s for p in plain)),
        (float(np.mean([o.response.quantile(0.95) for o in ours])), p95),
        (
            sum(o.cold for o in ours) / sum(o.asked for o in ours),
            sum(p.cold for p in plain) / sum(p.asked for p in plain),
        ),
    )


def held(name: str, seeds: int, length_s: float) -> None:
    time_s, p95, cold = compared(name, seeds, length_s)
    print(
        f"{name:24} instances {time_s[0]:9.0f} s ({time_s[1]:9.0f})  p95 {p95[0]:.3f} s ({p95[1]:.3f})  "
        f"cold {cold[0]:.4f} ({cold[1]:.4f})"
    )
    assert time_s[0] == pytest.approx(time_s[1], rel=0.03)
    assert p95[0] == pytest.approx(p95[1], rel=0.05)
    if seeds > 1:  # else too few are cold to tell
        assert cold[0] == pytest.approx(cold[1], rel=0.15)


def test_an_autoscaled_fleet_is_that_of_a_plain_play():
    held("waves, 1 an instance", 1, 1.5 * HOUR)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_table_of_autoscaled_fleets(name):
    held(name, 4, 4 * HOUR)
