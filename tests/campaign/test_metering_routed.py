"""A router's run is paid to the cent: each side for what it answered, the router for its time."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from harness.campaign.metering import PLACES, Meter
from harness.domain.target import Dialect, PriceModel, Target
from harness.platforms.external.config import External
from harness.platforms.forecast import run_cost_usd
from tests.builders import failed, sample


def target(name, model, parameters, **more):
    prices = PriceModel("aws-2026-11", "us-east-1", model, parameters)
    return Target(name, Path(), Dialect.RAG_CHAT, External(), prices=prices, **more)


FUNCTION = target("function", "lambda-url", {"memory_mb": 1024})
FLEET = target("fleet", "fargate-alb", {"tasks": 2})
HOURLY = {"per_hour": {"usd": 0.36, "source": "a test"}}
ROUTER = target("router", "custom", HOURLY, behind=(FLEET, FUNCTION))


def paid(of, samples, seconds=10):
    meter = Meter(of)
    for one in samples:
        meter.add([one.row()[place] for place in PLACES])
    return meter.cost_usd(seconds)


def test_each_side_is_billed_for_what_it_answered_and_the_router_for_its_time():
    by = [sample(k, route="fleet" if k % 4 else "function") for k in range(40)]
    apart = paid(FLEET, [s for s in by if s.route == "fleet"]) + paid(
        FUNCTION, [s for s in by if s.route == "function"]
    )

    assert paid(ROUTER, by) == apart + Decimal("0.36") * 10 / 3600


def test_what_no_side_answered_costs_no_side_anything():
    nobody = [failed(k, route=None) for k in range(10)]

    assert paid(ROUTER, nobody) == paid(FLEET, []) + Decimal("0.36") * 10 / 3600


def test_at_worst_every_request_is_billed_on_both_sides():
    asked = (1000, 60.0, 2.0, (100, 50))
    alone = sum(run_cost_usd(side, *asked) for side in (FLEET, FUNCTION))
    router = run_cost_usd(replace(ROUTER, behind=()), *asked)

    assert run_cost_usd(ROUTER, *asked) <= alone + router
    assert run_cost_usd(ROUTER, *asked) > alone
