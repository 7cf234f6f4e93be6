"""A month's cost against a plain play of the same laws and a bill that is worked by hand: within 2 %, for each kind of billing.

``python -m pytest -m "slow or not slow" -s tests/predict/test_month_truth.py`` prints the whole table.
"""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from harness.domain.target import Dialect, PriceModel, Target
from harness.domain.traffic import Traffic
from harness.platforms.external.config import External
from harness.platforms.scaling import Grows, Picks, Scaler, Scaling, Waiting, declared
from harness.platforms.shared.usage import Usage
from harness.predict.billed import Each
from harness.predict.loads import MonthOf
from harness.predict.predict import Asked, Effort, predicted
from harness.predict.prediction import Quantity
from tests.predict import plain_scaler
from tests.predict.plain_fleet import play
from tests.predict.priced import fitted, fixed, on_demand

MONTH_S, KEPT_S, START_S = 730 * 3600, 60.0, 2.0
TOOK = np.exp(np.random.default_rng(1).normal(-0.125, 0.5, 4000))  # seconds; one in the mean
EFFORT = Effort(same=4, worlds=4, requests=6000, world_requests=500)
EACH = Each(Usage(Decimal(0), Decimal(1), Decimal(0), Decimal(0), Decimal(0), Decimal(0)))
BUSY_DAYS = tuple(1.0 if 9 <= hour < 17 else 0.05 for hour in range(24)) * 7


def usd(model, parameters, scaling, per_s, week=(), peak_per_s=None):
    """As predicted of the laws themselves."""
    book = "gcp-2026-11" if model.startswith("cloud-run") else "aws-2026-11"
    target = Target("alpha", Path(), Dialect.RAG_CHAT, External(), prices=PriceModel(book, "here", model, parameters))
    known = fitted(scaling, TOOK, start_s=START_S)
    month = MonthOf.of_week(Traffic(round(per_s * MONTH_S), peak_per_s or per_s, week))
    found = predicted(Asked(target, known, EACH, month), 1.0, 1, EFFORT)
    return found.of(Quantity.COST).known.value


def arrivals(per_s, week, length_s, seed):
    rng = np.random.default_rng([seed, 3])
    if not week:
        return np.sort(rng.uniform(0, length_s, rng.poisson(per_s * length_s)))
    each = per_s * len(week) / sum(week)
    hours = [
        h * 3600 + np.sort(rng.uniform(0, 3600, rng.poisson(each * week[h % len(week)] * 3600)))
        for h in range(int(length_s / 3600))
    ]
    return np.concatenate(hours)


def plain(at_once, per_s, week, length_s, seed=1):
    """Of a month: seconds that requests were in hand, their starts too, and seconds that instances were active."""
    at, draws = arrivals(per_s, week, length_s, seed), np.random.default_rng([seed, 7])
    seen = play(
        at.tolist(),
        length_s,
        at_once=at_once,
        takes=lambda: float(TOOK[draws.integers(len(TOOK))]),
        start_s=START_S,
        keeps=lambda now: KEPT_S * math.exp(draws.normal(0, 0.05)),
    )
    times = MONTH_S / length_s
    return seen.asked * times, (seen.handled_s + seen.cold * START_S) * times, seen.active_s * times


def by_request(per_s, week=(), length_s=40_000.0):
    """0.20 a million requests, 0.0000166667 a GB-second, 400 bytes of log at 0.50 a GB."""
    asked, handled_s, _ = plain(1, per_s, week, length_s)
    truth = asked * (0.20 / 1e6 + 400e-9 * 0.50) + handled_s * 0.0000166667
    return usd("lambda-url", {"memory_mb": 1024}, on_demand(1, KEPT_S), per_s, week), truth


def by_shared_time(per_s, at_once, week=(), length_s=20_000.0):
    """0.40 a million requests, 0.000024 a vCPU-second and 2 x 0.0000025 a GiB-second of active instances."""
    asked, _, active_s = plain(at_once, per_s, week, length_s)
    truth = asked * 0.40 / 1e6 + active_s * 0.000029
    priced = {"vcpu": 1, "memory_gib": 2, "concurrency": at_once}
    return usd("cloud-run", priced, on_demand(at_once, KEPT_S), per_s, week), truth


def test_a_bill_by_request_and_duration_is_that_of_a_plain_play():
    predicted_usd, truth = by_request(0.5)

    assert predicted_usd == pytest.approx(truth, rel=0.02)


def test_a_bill_by_shared_instance_time_is_that_of_a_plain_play():
    predicted_usd, truth = by_shared_time(2.0, 8)

    assert predicted_usd == pytest.approx(truth, rel=0.02)


def test_a_bill_by_capacity_is_its_tasks_its_front_and_its_logs():
    """Three tasks of 730 x (0.04048 + 2 x 0.004445 + 0.005), 22.265 and two addresses of 3.65 in front, 0.20 of logs a million requests."""
    truth = 3 * 730 * (0.04048 + 2 * 0.004445 + 0.005) + 22.265 + 7.30 + 0.20 * 2 * MONTH_S / 1e6

    found = usd("fargate-alb", {"vcpu": 1, "memory_gb": 2, "tasks": 3}, fixed(3), 2.0)
    assert found == pytest.approx(truth, rel=0.002)


def by_life(per_s, week, length_s):
    """An autoscaled service that is billed for as long as its instances live: 0.000018 a vCPU-second, 2 x 0.000002 a GiB-second."""
    rule = {"share": 0.7, "window_s": 60.0, "every_s": 10.0, "lag_s": 5.0, "down_s": 120.0}
    stated = {name: declared(value, "true") for name, value in rule.items()}
    scaling = Scaling(
        *(Grows.AUTOSCALER, Picks.LEAST, declared(4, "true"), declared(1, "true"), declared(40, "true")),
        waiting=Waiting(declared(math.inf, "true"), declared(math.inf, "true")),
        scaler=Scaler(**stated),
        bills_starts=True,
        bills_idle=True,
    )
    at, draws = arrivals(per_s, week, length_s, 1), np.random.default_rng(7)
    takes = TOOK[draws.integers(len(TOOK), size=2 * len(at))].tolist().pop
    known = {**rule, "at_once": 4, "start_s": START_S, "least": 1, "most": 40}
    lived_s = plain_scaler.play(at.tolist(), length_s, takes=takes, **known).machine_s * MONTH_S / length_s
    priced = {"vcpu": 1, "memory_gib": 2, "concurrency": 4}
    return usd("cloud-run-instances", priced, scaling, per_s, week), lived_s * (0.000018 + 2 * 0.000002)


@pytest.mark.slow
def test_the_table_of_months():
    """Steady and in office hours, at a twentieth of the traffic and at ten times as much."""
    rows = {f"by request, {r}/s": by_request(r, length_s=60_000 / r) for r in (0.025, 0.5, 5.0)}
    rows |= {
        f"by shared time, {c} at once, {r}/s": by_shared_time(r, c, length_s=60_000 / r)
        for c, r in ((1, 0.5), (8, 0.1), (8, 2.0), (8, 20.0), (80, 20.0))
    }
    rows["by request, office hours"] = by_request(0.3, BUSY_DAYS, 14 * 86_400.0)
    rows["by shared time, 8 at once, office hours"] = by_shared_time(0.5, 8, BUSY_DAYS, 7 * 86_400.0)
    rows["by an instance's life, autoscaled"] = by_life(3.0, (), 4 * 3600.0)
    for name, (found, truth) in rows.items():
        print(f"{name:45} {found:10.2f} USD ({truth:10.2f})  {found / truth - 1:+.2%}")

    assert {name: found / truth for name, (found, truth) in rows.items() if abs(found / truth - 1) > 0.02} == {}
