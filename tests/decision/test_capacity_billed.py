"""Whatever is billed by capacity is sized, crossed and joined as a fleet: no list of names says which those are."""

import re

import pytest

from harness import pipeline
from harness.campaign.progress import Progress
from harness.collect.collect import collect
from harness.domain.estimate import Estimate
from harness.predict.predict import predicted
from harness.predict.prediction import Quantity
from harness.predict.whole import QUICK
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import LIGHT
from tests.campaign.clouds import Cloud, CloudPilot, later
from tests.report.test_experiments import both, search


@pytest.mark.parametrize(
    ("model", "book", "parameters", "each_usd"),
    [
        ("eks", "aws-2026-11", "t3_large = 2", 730 * 0.0832),
        pytest.param("ec2-alb", "aws-2026-11", "m5_large = 2", 730 * 0.096, marks=pytest.mark.slow),
        pytest.param("gke", "gcp-2026-11", "e2_standard_2 = 2", 730 * 0.067006, marks=pytest.mark.slow),
        pytest.param("aks", "azure-2026-11", "d2s_v5 = 2", 730 * 0.096, marks=pytest.mark.slow),
        ("lambda-managed", "aws-2026-11", "m5_large = 2", 730 * 0.096 * 1.15),
    ],
)
def test_two_machines_that_carry_six_a_second_are_five_for_a_peak_of_ten(tmp_path, model, book, parameters, each_usd):
    """At 70 % of 3.15 a second each; the cost of a month is that of five, and grows by machines.

    Slow: three of those that are billed by machines, each with its own book and machine.
    """
    pilot = CloudPilot(tmp_path, per_run=60, tracks={"capacity": both(search(6.0, 6.66))})
    _, plan, store = pilot.write()
    path = tmp_path / "targets" / "alpha" / "target.toml"
    prices = f'[prices]\nbook = "{book}"\nregion = "here"\nmodel = "{model}"\nparameters = {{ {parameters} }}\n'
    path.write_text(re.sub(r"\[prices\](\n[^\[]*)", prices, path.read_text()))
    workspace, cloud = open_workspace(tmp_path), Cloud(store)
    with Progress(quiet=True) as progress:
        collect(workspace, plan, store, progress, lambda: later(20), cloud.make, cloud.make_bills)
    outcome = pipeline.decide(workspace, effort=LIGHT)
    cost, played = outcome.findings.cost_of("alpha"), outcome.findings.played.asked["alpha"]
    one, more = (predicted(played, f, 1, QUICK).of(Quantity.COST).known.value for f in (1, 1.2))

    assert "priced at 5 machines for the expected peak (2 were measured)" in said(cost.coverage)
    assert more - one == pytest.approx(each_usd, rel=0.01)  # a peak of 12 wants six
    assert isinstance(outcome.findings.hybrids[0], Estimate)
