"""Each chart is held to Altair's own checks, which are off where a report is made."""

import pytest

from harness.report import charts, charts_cold, charts_decided

PAIR = ("Alpha", "Beta")
LATENCY = {"target": "Alpha", "p": 0.5, "value": 0.4, "low": 0.3, "high": 0.5, "said": "Alpha"}
SECOND = {
    "target": "Alpha",
    "second": 0,
    "offered": 2,
    "answered": 1,
    "refused": 1,
    "in_flight": 1,
    "p95": 0.4,
    "said": "a",
}
COST = {"target": "Alpha", "requests": 10, "usd": 1.0, "low": 0.9, "high": 1.1, "said": "a"}
PARETO = {
    "cost": 1,
    "cost_low": 1,
    "cost_high": 1,
    "p95": 1,
    "p95_low": 1,
    "p95_high": 1,
    "target": "Alpha",
    "said": "a",
}
BRACKET = {"target": "Alpha", "value": 9.0, "low": 8.0, "high": 10.0}
WINS = [{"alternative": a, "share": 0.5, "weights": "any", "said": a} for a in PAIR]

DRAWN = (
    (charts.quantile_curves, ([LATENCY], PAIR, "s", 2.0)),
    (charts.quantile_curves, ([LATENCY], PAIR, "s", None)),
    (charts.paired_blocks, ([{"block": 1, "target": "Alpha", "value": 0.4}], PAIR, "s")),
    (charts.burst_timeline, ([SECOND], PAIR)),
    (charts.cost_against_latency, ([PARETO], PAIR, 2.0)),
    (charts_cold.cold_parts, ([{"label": "a", "part": "init", "order": 0, "milliseconds": 1.0}], ("init",))),
    (charts_cold.cold_strip, ([{"label": "a", "state": "cold", "milliseconds": 1.0}],)),
    (charts_cold.keep_alive, ([], [{"target": "Alpha", "gap": 2.0, "cold": 1}], [BRACKET], PAIR)),
    (charts_cold.funnel, ([{"target": "Alpha", "stage": "offered", "share": 1.0, "label": "1"}], ("offered",), PAIR)),
    (charts_cold.knee, ([{"target": "Alpha", "rate": 2.0, "p95": 1.0, "kept": "kept"}], [BRACKET], PAIR, 2.0)),
    (charts_decided.acceptability, (WINS, PAIR)),
    (charts_decided.tornado, ([{"input": "cost", "low": -1.0, "high": 1.0}], 0.4)),
)


@pytest.mark.parametrize(("draw", "told"), DRAWN, ids=lambda one: getattr(one, "__name__", ""))
def test_altair_finds_nothing_wrong_with_a_chart(draw, told):
    checked = draw.__wrapped__(*told).to_dict(validate=True)

    assert checked.keys() - {"config", "$schema", "datasets"} <= draw(*told).keys() | {"data"}
