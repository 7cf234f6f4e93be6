"""What a played month costs, by the platform's own bill."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from harness.analysis.spend import BlockUsage
from harness.domain.retry import NO_RETRY
from harness.domain.target import Dialect, PriceModel, Target
from harness.domain.traffic import Traffic
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.registry import scaling_of
from harness.platforms.scaling import declared
from harness.platforms.shared.usage import Usage
from harness.predict.billed import each, played_beside
from harness.predict.drawn import central
from harness.predict.fitted import fit
from harness.predict.loads import MonthOf
from harness.predict.played import fleet, play_at
from harness.predict.predict import Asked, Effort, predicted
from harness.predict.prediction import Quantity
from tests.builders import LIGHT
from tests.predict import priced
from tests.predict.situations import MONTH_S, draw, measured

SITUATION, FACTS = draw(0), {"concurrency": 10, "minInstances": 0, "maxInstances": 20}
DATA = measured(SITUATION)
PRICES = PriceModel("gcp-2026-11", "us-central1", "cloud-run", {"vcpu": 1, "memory_gib": 1, "concurrency": 10})
TARGET = Target("alpha", Path(), Dialect.RAG_CHAT, CloudRun("p", "r", "s"), prices=PRICES)


def usage(requests, instance_s=0.0, busy_s=100.0):
    figures = (Decimal(0), Decimal(requests), Decimal(0), Decimal(2000 * requests), Decimal(0), Decimal(0))
    return BlockUsage(requests, requests, requests, Usage(*figures, Decimal(str(instance_s))), 0, busy_s)


def fitted():
    """As if an instance had been seen to carry fifty a second: what it carries is not the matter here."""
    made = fit("alpha", DATA, scaling_of(TARGET, FACTS), NO_RETRY, 1)
    return replace(made, driven=replace(made.driven, per_active_per_s=50.0))


def usd(one, least=0):
    made = fitted()
    made = replace(made, scaling=made.scaling.changed({"min_instances": least}, "a test"))
    month = MonthOf.of_week(Traffic(round(0.3 * MONTH_S), 1.0))
    found = predicted(
        Asked(TARGET, made, one, month), 1.0, 1, Effort(same=2, worlds=4, requests=500, world_requests=500)
    )
    return found.of(Quantity.COST).known.value


def test_shared_instances_are_billed_while_any_request_is_in_hand():
    one = each([usage(100)])

    assert usd(replace(one, instances=2.0)) > 1.6 * usd(one)  # requests and transfer stay


def test_instances_that_are_kept_cost_while_they_are_idle():
    one = each([usage(100)])

    assert usd(one, least=2) > usd(one) + 1


def test_what_was_billed_at_the_measured_arrivals_scales_what_is_played():
    runs = DATA.of("alpha", "steady")
    of, played = fleet(central(fitted()), NO_RETRY, float("inf"), np.random.default_rng(1)), 0.0
    for run in runs:
        at = np.sort(run.columns["scheduled_s"])
        played += play_at(of, [at], float(at[-1]) + 1e-6, float(at[0]), 1).active_s
    blocks = [usage(100, instance_s=2 * played / len(runs)) for _ in runs]
    found = played_beside(each(blocks), fitted(), runs)

    assert found.instances == pytest.approx(2.0, rel=0.1)


def test_without_billed_instance_time_it_stays_as_played():
    assert played_beside(each([usage(100)]), fitted(), DATA.of("alpha", "steady")[:1]).instances == 1.0


def test_nothing_accepted_is_nothing_to_scale():
    assert each([]) is None
    assert each([usage(0)]) is None


@pytest.mark.parametrize(("said", "share"), [({}, 2 / 20), ({"provisioned_share": 0.5}, 0.5)])
def test_what_environments_that_are_kept_do_of_the_work_is_what_the_traffic_leaves_them(said, share):
    """20/s of a second each keep twenty busy, of which two are kept; a share that is declared stands."""
    prices = PriceModel("aws-2026-11", "us-east-1", "lambda-url", {"memory_mb": 1024, "provisioned": 2, **said})
    of = Asked(
        replace(TARGET, prices=prices),
        priced.fitted(replace(priced.on_demand(), least=declared(2, "kept")), (1.0,) * 40, start_s=0.01),
        each([usage(100)]),
        MonthOf.of_week(Traffic(round(20 * MONTH_S), 20.0)),
    )
    lines = {x.label: float(x.quantity) for x in predicted(of, 1.0, 1, LIGHT).billed.month.lines}
    kept, spilled = lines["Compute on provisioned environments"], lines["Compute, billed duration"]

    assert kept / (kept + spilled) == pytest.approx(share, rel=0.05)
