"""Charts as drawn: nothing leaves the picture, no two labels touch, whatever the names and the width."""

import re
from itertools import combinations

import pytest

from harness.predict.prediction import Quantity
from harness.report import charts, charts_cold, charts_decided, charts_jobs, charts_predicted, charts_trend
from harness.report.plot import (
    BAND,
    NEAR,
    Scale,
    above_cut,
    clock,
    dollars,
    finer,
    log_ticks,
    panel,
    plain,
    round_ticks,
    up_to,
)
from harness.report.svg import NARROW, WIDE, Canvas, render

PAIR = ("Alpha", "Beta")
LONG = ("Container (embedded), two of them", "Function (embedded), two provisioned")
CURVE = [(0.5, 0.4), (0.9, 0.6), (0.95, 0.7)]
LETTER = 6.2  # of a usual font, at 12 px


def of_both(pair, **each):
    return [{"target": target, "said": target, **each} for target in pair]


def curve(pair, times=1.0):
    return [
        row for p, v in CURVE for row in of_both(pair, p=p, value=v * times, low=v * times * 0.9, high=v * times * 1.1)
    ]


def all_of(pair):
    second = {"offered": 12, "answered": 9, "refused": 3, "in_flight": 1, "p95": 0.4}
    at = [r for f in (0.1, 1, 30) for r in of_both(pair, factor=f, value=1e9 * f, low=9e8 * f, high=2e9 * f)]
    inputs = [{"input": f"scaling and operations, {name}", "low": -1.0, "high": 1.0, "said": name} for name in pair]
    pareto = of_both(pair, cost=1, cost_low=1, cost_high=1, p95=1, p95_low=1, p95_high=1)
    wins = [{"alternative": a, "share": 1.0, "weights": "any", "said": a} for a in pair]
    bracket = of_both(pair, value=9.0, low=8.0, high=10.0)
    night = {"value": 0.4, "low": 0.3, "high": None, "joined": True}
    campaigns = [r for k in range(31) for r in of_both(pair, place=k, **night)]
    limits = {k: 0.5 if k < 9 else 0.6 for k in range(31)}
    parts = [
        {"label": f"{a}: cold, after deployment", "part": p, "order": k, "milliseconds": 9.0}
        for a in pair
        for k, p in enumerate("ab")
    ]
    return {
        "quantiles": charts.quantile_curves(curve(pair), pair, ("response time", "share of requests"), 0.9),
        "limit far off": charts.quantile_curves(curve(pair), pair, ("response time", "share of requests"), 30.0),
        "no limit": charts.quantile_curves(curve(pair), pair, ("response time", "share of requests"), None),
        "blocks": charts.paired_blocks(of_both(pair, block=1, value=0.4), pair, "p95"),
        "burst": charts.burst_timeline([r for k in range(9) for r in of_both(pair, second=k, **second)], pair),
        "pareto": charts.cost_against_latency(pareto, pair, 2.0),
        "parts": charts_cold.cold_parts(parts, ("a", "b")),
        "strip": charts_cold.cold_strip([{"label": a, "state": "cold", "milliseconds": 1.0} for a in pair]),
        "keep": charts_cold.keep_alive([], of_both(pair, gap=2.0, cold=1), bracket, pair),
        "funnel": charts_cold.funnel(
            [{**r, "share": s} for r, s in zip(of_both(pair, stage="offered", label="80 %"), (1.0, 0.8), strict=True)],
            ("offered",),
            pair,
        ),
        "knee": charts_cold.knee(of_both(pair, rate=2.0, p95=1.0, kept="kept"), bracket, pair, 2.0),
        "acceptability": charts_decided.acceptability(wins, pair),
        "tornado": charts_decided.tornado(inputs, 0.4),
        "backlog": charts_jobs.backlog([r for k in range(3) for r in of_both(pair, second=k, jobs=k)], pair),
        "trend": charts_trend.over_campaigns(
            campaigns, pair, [f"10-{k:02d}" for k in range(1, 32)], limits, clock, "p95"
        ),
        "over": charts_predicted.over_factors([{**r, "quantity": Quantity.COST.value} for r in at], [], pair, 2.0),
    }


def texts(svg):
    """Left, baseline, right and words of every text."""
    out = []
    for x, y, rest, inner in re.findall(r'<text x="([-\d.]+)" y="([-\d.]+)"([^>]*)>(.*?)</text>', svg):
        words = re.sub(r"<[^>]+>", "", inner)
        wide = LETTER * len(words)
        left = float(x) - {"end": wide, "middle": wide / 2}.get((re.search(r'anchor="(\w+)"', rest) or ["", ""])[1], 0)
        out.append((left, float(y), left + wide, words))
    return out


@pytest.mark.parametrize("pair", [PAIR, LONG], ids=["short names", "long names"])
@pytest.mark.parametrize("name", all_of(PAIR))
def test_labels_stay_inside_and_apart(name, pair):
    drawn = render(all_of(pair)[name], name)
    for svg, width in ((drawn.wide, WIDE), (drawn.narrow, NARROW)):
        found = texts(svg)
        assert found
        assert [t for t in found if t[0] < -1 or t[2] > width + 1] == []
        touching = [
            (a[3], b[3]) for a, b in combinations(found, 2) if abs(a[1] - b[1]) < 11 and a[0] < b[2] and b[0] < a[2]
        ]
        assert touching == []


def test_a_limit_that_would_flatten_the_data_is_named_at_the_edge():
    near, far = (render(all_of(PAIR)[name], name).wide for name in ("quantiles", "limit far off"))
    assert ">SLO 900 ms<" in near
    assert "↑ SLO 30 s, off this scale" in far
    assert ">20 s<" not in far  # the axis ends with the data
    assert NEAR * 0.77 > 0.9


def test_a_bar_is_as_long_as_its_share_at_every_width():
    drawn = render(all_of(PAIR)["funnel"], "funnel")
    for svg in (drawn.wide, drawn.narrow):
        ends = [
            float(x) for x in re.findall(r'd="M0,[\d.]+H([\d.]+)V[^"]*" fill="var\(--(?:baseline|candidate)\)"', svg)
        ]
        assert ends[1] / ends[0] == pytest.approx(0.8, abs=0.01)


def test_a_phone_gets_a_chart_of_its_own_without_marks_to_point_at():
    drawn = render(all_of(PAIR)["quantiles"], "label <b>")
    assert f'width="{NARROW}"' in drawn.narrow
    assert "<title>" in drawn.wide
    assert "<title>" not in drawn.narrow
    assert 'aria-label="label &lt;b&gt;"' in drawn.wide


def test_axes_have_plain_units():
    assert plain(1e9) == "1 billion"
    assert plain(12_000) == "12,000"
    assert [dollars(v) for v in (2e6, 0.02, 20)] == ["$2 million", "$0.02", "$20"]
    assert [clock(v) for v in (0, 0.25, 1.5, 21600)] == ["0", "250 ms", "1.5 s", "6 h"]
    assert round_ticks(0, 1.6, 5) == [0, 0.5, 1, 1.5]
    assert log_ticks(0.1, 100, 9) == [0.1, 0.3, 1, 3, 10, 30, 100]
    assert log_ticks(1, 1e9, 4)[0] == 1
    assert log_ticks(2.2, 2.9, 6)[0] == pytest.approx(2.2)
    assert log_ticks(4, 4, 6) == [4]
    assert log_ticks(56, 195, 4) == [100, 150], "one tick is no scale"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_name_lies_clear_of_the_line_that_it_names(width):
    """A line that rises to its end ran through the name below that end."""
    canvas = Canvas(width)
    plot = panel(canvas, 190, (0, 10), (0, 10))
    flat, rising = ([plot.at(x, y(x)) for x in range(11)] for y in (lambda _: 9.0, lambda x: 2 + 0.5 * x))
    plot.name([(flat, "Container", "blue"), (rising, "Function", "red")])
    found = re.search(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*><tspan[^>]*>●</tspan> Function<', canvas.svg("a chart"))
    right, below = float(found[1]), float(found[2])
    under = [y for x, y in rising if right - LETTER * len("● Function") <= x <= right]

    assert below - 9 >= max(under), "the top of its letters"


def test_what_is_over_the_axis_can_be_drawn_again_for_a_part_of_it():
    """Absolute places are those that the page's script moves; a mark's own shape begins at its middle."""
    for name, spec in all_of(PAIR).items():
        wide, narrow = (drawn for drawn in (render(spec, name).wide, render(spec, name).narrow))
        assert wide.count("<title>") == narrow.count('class="m"'), name
        for plot in re.findall(r'<svg class="plot".*?</svg>', wide, re.DOTALL):
            left, _, width, _ = map(float, re.search(r'viewBox="([^"]+)"', plot)[1].split())
            assert "<text" not in plot, name
            starts = [float(x) for x in re.findall(r'd="M([-\d.]+)', plot)]
            assert [x for x in starts if not left - 1 <= x <= left + width + 1] == [], name


def test_an_axis_offers_finer_values_for_a_part_of_it():
    wide = render(all_of(PAIR)["burst"], "burst").wide
    fine = [one.split("=") for one in re.search(r'data-fine="([^"]+)"', wide)[1].split("|")]

    assert len(fine) > wide.count("<text") / 2
    assert all(0 <= float(place) <= 1 for place, _ in fine)
    assert next(place for place, words in fine if words == "4.5") == "0.5"
    assert list(finer(Scale(1, 100, 0, 1, logarithmic=True), plain).values())[:3] == ["1", "10", "100"]


def test_a_band_far_beyond_its_curve_is_cut_and_does_not_flatten_it():
    assert up_to([0.7], 2.0, [25.0]) == pytest.approx(0.7 * BAND)
    assert up_to([0.7], None, [0.9]) == pytest.approx(0.9 * 1.12)
    band = above_cut([(0, 10), (10, -90), (10, 20), (0, 20)], top=0)
    assert min(y for _, y in band) == 0
    assert (pytest.approx(1), 0) in band, "where the edge is passed, not where the next value lies"


def test_a_name_leaves_the_end_of_its_line_where_another_line_or_text_is():
    canvas = Canvas(WIDE)
    plot = panel(canvas, 100, (0, 10), (0, 10))
    flat, falling = ([plot.at(x, y(x)) for x in range(11)] for y in (lambda _: 0.2, lambda x: 9 - 0.85 * x))
    plot.name([(falling, "Function (embedded)", "red"), (flat, "Container (embedded)", "blue")])
    for left, y, right in canvas.taken:
        for line in (flat, falling):
            assert not [at for x, at in line if left <= x <= right and y - 9 < at < y + 2]


def test_a_panel_of_nothing_but_nought_is_not_drawn():
    def at(quantity, value):
        return of_both(PAIR, quantity=quantity.value, factor=1.0, value=value, low=value, high=value)

    drawn = render(
        charts_predicted.over_factors([*at(Quantity.COLD_SHARE, 0.0), *at(Quantity.COST, 9.0)], [], PAIR, 2.0), "x"
    )
    assert ("runtime a month" in drawn.wide, "share of cold answers" in drawn.wide) == (True, False)


def test_an_open_end_of_a_cost_chart_goes_to_the_edge():
    row = {"target": "Alpha", "said": "", "cost": 1.0, "cost_low": 0.9, "cost_high": 1.1, "p95": 0.7, "p95_low": 0.6}
    line, ends = re.compile(r'd="(M[^"]+)" fill="none" stroke="var\(--baseline\)"'), []
    for high in (None, 0.75):
        drawn = render(charts.cost_against_latency([{**row, "p95_high": high}], PAIR, 2.0), "x").wide
        ends.append(min(float(y) for y in re.findall(r",([\d.]+)", line.findall(drawn)[1])))
    assert ends[0] < ends[1]
