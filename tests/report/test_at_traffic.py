"""What a report says of your traffic: figures with intervals, where it can't be told, and who becomes cheaper where."""

from dataclasses import replace

import pytest

from harness import pipeline
from harness.campaign.progress import Progress
from harness.domain.estimate import Estimate, Infinite, Unknown
from harness.domain.reasons import absence
from harness.predict.prediction import AtTraffic, Predicted, Prediction, Quantity
from harness.predict.validate import Held, Validation
from harness.predict.whole import Foretold
from harness.report import at_traffic
from tests.builders import LIGHT, Pilot

NAMES = {"alpha": "Container", "beta": "Function"}


def known(value):
    return Estimate(value, value * 0.9, value * 1.1, 0.9, 100, 6, "simulated")


def at(target, factor, usd, *, p95=0.5):
    """One target at one factor; None: it can't be told."""
    values = dict.fromkeys(Quantity, 0.1) | {Quantity.COST: usd, Quantity.P95: p95}
    figures = [
        Predicted(q, Unknown(absence.NotMeasured()) if value is None else known(value)) for q, value in values.items()
    ]
    return AtTraffic(target, factor, factor * 2.0, tuple(figures))


def foretold(*rows, held=()):
    names = dict.fromkeys(row.target for row in rows)
    made = Prediction("2,000,000 requests a month", tuple(rows), dict.fromkeys(names, ()), dict.fromkeys(names, ()), {})
    return Foretold(made, Validation(tuple(held)))


PAIR = [
    *(at("alpha", factor, 100.0, p95=None if factor == 100 else 0.5) for factor in (0.1, 1, 10, 100)),
    *(at("beta", factor, 20.0 * factor) for factor in (0.1, 1, 10, 100)),
]


def test_your_own_traffic_stands_among_the_volumes():
    shown = at_traffic.factors(foretold(*PAIR), NAMES)
    mine = [row for row in shown.rows if row[1].text == "1.00"]

    assert [row[0].text for row in mine] == ["Container", "Function"]
    assert mine[1][-1].text == "$20.00 ($18.00 to $22.00)"


def test_an_infinite_percentile_is_an_answer_and_no_refusal():
    one = at("alpha", 1, 100.0)
    failed = Predicted(Quantity.P95, Infinite(absence.ManyWouldFail(0.05), 10, 6))
    rest = tuple(f for f in one.figures if f.quantity is not Quantity.P95)

    assert at_traffic.refusals(foretold(replace(one, figures=(failed, *rest))), NAMES) == ()


def test_what_cannot_be_told_is_said_with_its_volumes_and_never_zero():
    told = at_traffic.factors(foretold(*PAIR), NAMES)

    assert at_traffic.refusals(foretold(*PAIR), NAMES) == ("Container, at 100 times: not measured.",)
    assert told.rows[3][3].text == "not measured"
    assert told.note.startswith("Simulated; 90 % intervals, of the cost 90 %, as promises are judged.")


def test_predictions_stand_beside_how_far_such_predictions_were_off():
    held = [Held("alpha", "steady", block, Quantity.P95, 0.5, 0.55, 0.4, 0.54 if block else 0.49) for block in (0, 1)]
    (row,) = at_traffic.held_out(foretold(*PAIR, held=held), NAMES).rows

    assert [cell.text for cell in row] == ["Container", "p95", "block", "2", "50 %", "10 %", "10 %"]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    root = tmp_path_factory.mktemp("pilot")
    workspace, *_ = Pilot(root).write()
    pipeline.report(workspace, root / "with", progress=Progress(quiet=True), effort=LIGHT)
    pipeline.report(workspace, root / "without", effort=LIGHT)
    return [(root / name / "report.md").read_text() for name in ("with", "without")]


@pytest.mark.slow  # 7 s; the README's story holds the first page to it
def test_a_report_that_was_asked_to_says_it_on_page_one_and_in_its_own_section(page):
    said, silent = page

    assert said.index("requests, simulated from what was measured") < said.index("**What would change it**")
    assert "Predicted runs against measured ones" in said
    assert "Predicted runs against measured ones" not in silent


def test_only_the_volumes_of_a_target_that_is_drawn_are_shaded():
    """Of one that never answered nothing can be told, and all of the other's curve stood in the shade."""
    silent = [at("beta", factor, None, p95=None) for factor in (0.1, 1, 10, 100)]
    alone = [one for one in PAIR if one.target == "alpha"]
    assert at_traffic._untold([*alone, *silent], Quantity.COST) == []
    assert at_traffic._untold([*alone, *silent], Quantity.P95) == [((10 * 100) ** 0.5, 100)]
