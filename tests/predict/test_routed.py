"""A hybrid's month: what the router itself uses, its free tiers, and the ends of a share."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from harness.analysis.dataset import load
from harness.domain.estimate import Estimate
from harness.domain.target import PriceModel
from harness.domain.traffic import Traffic
from harness.planning import sealing
from harness.predict import routed
from harness.predict.whole import Sealed, sealed
from tests.builders import LIGHT, Pilot, failed, sample

MONTH, LIMITS = Traffic(2_000_000, 4.0), (2.0, 1.0)
BY_USE = PriceModel("aws-2026-11", "us-east-1", "lambda-url", {"memory_mb": 512})

FREE = PriceModel("aws-2026-11", "us-east-1", "custom", {"per_month": {"usd": 0, "source": "a test"}})
REPORT = "REPORT RequestId: {}\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 512 MB\tMax Memory Used: 80 MB\n"


def uneven(run):
    """By alpha nearly everything, in one block a tenth less; by beta one of a hundred, and of a few nothing came."""
    lost, out = (20 if run.block == 1 else 2), []
    for k in range(200):
        at, how = k * 0.05, {"route": "beta" if k % 100 == 50 else "alpha", "router_ms": 1.0}
        told = f"{run.block}-{k}"
        out.append(
            failed(k, scheduled_s=at) if k < lost else sample(k, scheduled_s=at, platform_request_id=told, **how)
        )
    return out


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    workspace, plan, store = Pilot(tmp_path_factory.mktemp("routed"), hybrid=uneven).write()
    data = load(store, sealing.judgeable(plan, store))
    runs = data.of("router", "steady")
    for run in runs:
        lines = [REPORT.format(f"{run.block}-{k}") for k in range(200)]
        (run.record.path / "readings" / "own.log").write_text("".join(lines), encoding="utf-8")
    return workspace.hybrid(), runs, sealed(workspace, data, LIGHT)


def test_a_share_whose_end_leaves_the_other_less_than_nothing_has_its_interval(measured):
    router, runs, played = measured
    made = routed.cost(router, runs, LIMITS, MONTH, played).per_month_usd

    assert isinstance(made, Estimate)
    assert made.low <= made.value <= made.high


def test_a_router_that_is_billed_by_use_is_billed_for_its_own_time_and_its_free_tiers_are_taken_off_too(measured):
    router, runs, played = measured
    made = routed.cost(replace(router, prices=BY_USE), runs, LIMITS, MONTH, played)
    lines = {line.label: line for line in made.monthly.lines}

    assert lines["Router: Compute, billed duration"].quantity == pytest.approx(Decimal("0.5") * 5 * 1950)
    assert made.per_month_usd.value - made.with_free_usd == pytest.approx(0.2 + 4875 * 0.0000166667)


def test_a_side_that_costs_nothing_has_an_interval_like_any_other(measured):
    router, runs, played = measured
    alpha = played.asked["alpha"]
    free = replace(alpha, target=replace(alpha.target, prices=FREE))
    given = replace(played, asked={**played.asked, "alpha": free}, prediction=replace(played.prediction, at=()))
    made = routed.cost(replace(router, behind=(free.target, router.behind[1])), runs, LIMITS, MONTH, given)

    assert made.per_month_usd.low > 0
    assert [line.amount_usd for line in made.monthly.lines if line.label == "Alpha: Fee a month"] == [0]


def test_under_a_trace_each_side_gets_its_share_of_the_trace(measured):
    router, runs, played = measured
    heard = []

    class Heard(Sealed):
        def part(self, target, traffic, *, beside=None):
            heard.append((target, traffic))
            return super().part(target, traffic, beside=beside)

    traced = replace(played.traffic, instants_s=np.array([0.0, 0.1, 0.2, 30.0]), length_s=60.0)
    given = Heard(traced, played.asked, played.prediction, played.seed, played.effort)
    made = routed.cost(router, runs, LIMITS, MONTH, given)

    assert isinstance(made.per_month_usd, Estimate)
    assert {target for target, _ in heard} == {"alpha", "beta"}
    assert all(traffic.instants_s is traced.instants_s for _, traffic in heard)
