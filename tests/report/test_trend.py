"""A pilot over its campaigns: what may be compared is, what may not never is, and chance is not called a change."""

import json
import random
import re
from itertools import pairwise

import pytest

from harness import pipeline
from harness.analysis.trend import By, Seen, change
from harness.domain.reasons.between import AskedOtherwise, NoValue
from harness.domain.verdict import PROMISED as PROMISES
from harness.errors import BadFile, Refused
from harness.evidence.files import dump
from harness.planning import seal_of
from harness.report.earlier import as_earlier, changes, read_all
from harness.report.trend import MOST, THIS, trend_of
from harness.report.trend_json import trend_json
from harness.report.trend_shown import changed, figures, sentences
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot

NAMES = {"alpha": "Alpha", "beta": "Beta"}
PROMISED = {"p95_s": "p95 response time", "error_rate": "error rate"}
SEALED = {
    "load.deadline_s": 6.0,
    "profiles.steady.rate": 2.0,
    "traffic.requests_per_month": 1e6,
    "targets.beta.memory": "sha256:1",
}


def verdict(target="beta", value=0.4, wide=0.05, metric="p95_s", unit="s", limit=2.0, profile="steady", **more):
    ends = {"low": value * (1 - wide), "high": value * (1 + wide)} if value is not None else {"low": None, "high": None}
    said = {"target": target, "profile": profile, "slo": metric, "verdict": "PASS", "value": value, "confidence": 0.95}
    return {**said, **ends, "blocks": 6, "limit": limit, "unit": unit, "reason": "too many failed", **more}


def decision(day, *verdicts, sealed=None, method="share-beyond/3", scale=1.0, **campaign):
    about = {
        "from_utc": f"{day}T02:00:00+00:00",
        "to_utc": f"{day}T03:00:00+00:00",
        "plan": "sha256:p",
        "model_time_scale": scale,
    }
    about |= {"sealed": SEALED | (sealed or {}), "versions": {"harness": "1"}, **campaign}
    whole = {"recommendation": "open", "confidence": "low", "cost": {}, "blocks": {"valid": [1]}, "method": method}
    return as_earlier({**whole, "slos": list(verdicts), "campaign": about}, "decision.json")


def night(k, *verdicts, **more):
    return decision(f"2026-{1 + k // 28:02d}-{1 + k % 28:02d}", *verdicts, **more)


def over(*every):
    """The last one is this report."""
    return trend_of([(f"n{k}", said) for k, said in enumerate(every[:-1])], every[-1])


def words(trend):
    return " ".join(sentences(trend, NAMES, PROMISED))


def test_a_change_far_beyond_both_intervals_is_told_with_the_number_of_changes_it_was_judged_among():
    trend = over(night(1, verdict("alpha"), verdict()), night(2, verdict("alpha"), verdict(value=0.8)))

    assert (
        "1 of 2 changes is beyond chance (5 % for all 2 together, Holm): Beta, p95 response time under steady: 2.00 times."
        in words(trend)
    )
    assert [s.beyond for s in trend.steps] == [False, True]
    assert trend.campaigns[-1].source == THIS


def test_a_change_within_the_intervals_is_not_told():
    trend = over(night(1, verdict(value=0.40, wide=0.1)), night(2, verdict(value=0.43, wide=0.1)))

    assert "none of 1 change is beyond chance" in words(trend)
    assert trend.steps[0].change.apart is False


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (night(1, verdict(), method="share-beyond/2"), "judged by share-beyond/2, then by share-beyond/3"),
        (night(1, verdict(limit=1.5)), "promise of 1.50 s, then of 2.00 s"),
        (night(1, verdict(), sealed={"profiles.steady.rate": 4.0}), "asked otherwise: profiles.steady.rate"),
        (night(1, verdict(), scale=0.5), "model time times 0.5, then times 1.0"),
        (decision("2026-01-02", verdict()) | {"campaign": night(1)["campaign"] | {"sealed": None}}, "without a seal"),
    ],
)
def test_what_was_asked_or_judged_otherwise_is_not_comparable_and_no_line_joins_it(then, why):
    trend = over(then, night(2, verdict(value=9.0)))
    [drawn] = figures(trend, NAMES, PROMISED)
    [told] = trend.steps

    assert told.change is None
    assert told.lack.startswith(f"not comparable: {why}")
    assert re.search(r'stroke-width="1.5" opacity', drawn.svg.wide)  # intervals are drawn
    assert not re.search(
        r'stroke-width="1.5"/>', drawn.svg.wide.split('class="plot"')[1].replace('stroke-dasharray="5,4"/>', "")
    )
    assert why in " ".join(cell.text for row in drawn.table.rows for cell in row)


def test_promises_of_other_work_that_came_to_decide_change_nothing_about_the_others():
    [told] = over(night(1, verdict()), night(2, verdict(), method="share-beyond/4")).steps
    assert told.change is not None


def test_a_line_joins_two_that_may_be_compared():
    [drawn] = figures(over(night(1, verdict()), night(2, verdict())), NAMES, PROMISED)
    assert re.search(r'stroke="var\(--baseline\)" stroke-width="1.5"/>', drawn.svg.wide)


def test_a_promise_of_money_is_another_where_the_traffic_is():
    usd = {"metric": "monthly_usd", "unit": "USD", "limit": 600.0, "profile": "expected traffic"}
    trend = over(
        night(1, verdict(value=100.0, **usd), verdict()),
        night(2, verdict(value=100.0, **usd), verdict(), sealed={"traffic.requests_per_month": 2e6}),
    )
    assert [s.why for s in trend.steps] == [AskedOtherwise(("traffic.requests_per_month",)), None]


def test_a_percentile_that_failures_made_infinite_is_compared_by_the_share_beyond_the_limit():
    known = {"value": 0.01, "low": 0.001, "high": 0.03, "confidence": 0.95, "blocks": 6}
    broken = {**known, "value": 0.3, "low": 0.2, "high": 0.4}
    trend = over(night(1, verdict(beyond=known)), night(2, verdict(value=None, beyond=broken)))

    assert trend.steps[0].change.by is By.POINTS
    assert "+29.00 points" in words(trend)
    [drawn] = figures(trend, NAMES, PROMISED)
    assert drawn.svg.wide.count("<title>") == 1  # a value that is not there has no mark


def test_where_neither_is_known_nothing_is_compared_and_the_reason_stays():
    trend = over(night(1, verdict()), night(2, verdict(value=None)))
    assert trend.steps[0].why == NoValue("too many failed")
    assert "could not be judged: no value: too many failed" in words(trend)


def test_small_steps_that_add_up_are_told_against_the_first_of_an_unbroken_row():
    creeping = [night(k, verdict(value=0.4 * 1.05**k, wide=0.06)) for k in range(12)]
    trend = over(*creeping)
    beyond = [s for s in trend.steps if s.beyond]

    assert [(s.before, s.after) for s in beyond] == [(0, 11)]
    assert "since 2026-01-01" in words(trend)
    broken = over(*creeping[:6], night(6, verdict(value=0.5, limit=3.0)), *creeping[7:])
    assert [s for s in broken.steps if s.after - s.before > 1 and s.before < 7] == []


def test_thirty_earlier_campaigns_are_kept_and_the_older_ones_counted():
    trend = over(*(night(k, verdict()) for k in range(42)))

    assert len(trend.campaigns) == MOST + 1
    assert trend.older == 11
    assert "31 campaigns, 2026-01-12 to 2026-02-14 (11 older left out)." in words(trend)


def test_the_order_is_that_of_measuring_and_a_campaign_counts_once():
    early = night(3, verdict(), to_utc="2026-01-04T02:10:00+00:00")
    trend = over(night(2, verdict()), night(1, verdict()), early, night(2, verdict()), night(3, verdict()))

    assert [c.label for c in trend.campaigns] == ["2026-01-02", "2026-01-03", "2026-01-04"]
    assert trend.repeated == 2

    alone = over(night(3, verdict()), night(3, verdict()))
    assert not alone.several
    assert words(alone) == (
        "No trend: there is no other campaign to compare this one with "
        "(1 report left out that another one of the same campaign replaces)."
    )
    assert list(figures(alone, NAMES, PROMISED)) == []


def test_a_report_from_before_reports_said_when_they_measured_is_named_not_guessed():
    old = as_earlier({k: v for k, v in night(1, verdict()).items() if k != "campaign"}, "decision.json")
    trend = trend_of([("old", old), ("n", night(2, verdict()))], night(3, verdict()))

    assert trend.undated == ("old",)
    assert "1 report left out without the time of measuring" in words(trend)


def test_where_no_report_says_when_it_measured_the_page_says_that_there_is_no_trend():
    undated = night(1, verdict(), from_utc=None)
    trend = over(undated, undated, night(3, verdict()))

    assert "No trend: there is no other campaign" in words(trend)
    assert "2 reports left out without the time of measuring" in words(trend)
    assert trend_json(trend)["left_out"]["undated"] == ["n0", "n1"]
    assert words(over(night(1, verdict()), undated)) == "No trend: this report does not say when it measured."


def test_what_only_an_earlier_report_had_is_called_as_that_report_called_it():
    then = night(1, verdict("gone"), verdict("gone", metric="goodput"), labels={"gone": "Our old fleet"})
    now = night(2, verdict(), labels={"beta": "Beta"})
    rows = [row[0].text for row in changes(then, now, NAMES, PROMISES).rows]

    assert rows == [
        "p95 response time of Our old fleet under steady",
        "goodput over offered load of Our old fleet under steady",
        "p95 response time of Beta under steady",
    ]
    assert over(then, now).labels == {"gone": "Our old fleet", "beta": "Beta"}


def test_what_was_configured_otherwise_is_listed_with_both_values():
    now = night(2, verdict(), sealed={"targets.beta.memory": "sha256:2"}, versions={"harness": "2"})
    rows = [[cell.text for cell in row] for row in changed(over(night(1, verdict()), now)).rows]

    assert rows == [
        ["2026-01-03", "targets.beta.memory", "sha256:1", "sha256:2"],
        ["2026-01-03", "versions.harness", "1", "2"],
    ]


def test_the_json_says_what_the_page_says():
    said = trend_json(over(night(1, verdict()), night(2, verdict(value=0.8)), night(3, verdict(limit=1.0))))
    [promise] = said["promises"]
    changes = [point["change"] for point in promise["points"]]

    assert changes[0] is None
    assert (changes[1]["beyond_chance"], round(changes[1]["size"], 2), changes[1]["compared_together"]) == (
        True,
        2.0,
        1,
    )
    assert (changes[2]["comparable"], changes[2]["p_holm"]) == (False, None)
    assert json.dumps(said)


def test_the_interval_of_a_difference_is_movers():
    """Worked by hand: at exactly the distance of the root of the squared facing halves p is one less the confidence."""
    facing = (0.03**2 + 0.04**2) ** 0.5
    one, two = Seen(0.10, 0.01, 0.13, 0.95, 6), Seen(0.10 + facing, 0.10 + facing - 0.04, 0.9, 0.95, 9)

    assert change(one, two, By.POINTS).p == pytest.approx(0.05, abs=1e-9)
    assert change(two, one, By.POINTS).p == pytest.approx(0.05, abs=1e-9)
    assert change(Seen(1.0, 0.9, None, 0.95, 6), Seen(2.0, 1.9, 2.1, 0.95, 6), By.TIMES) is None


def test_an_interval_of_an_early_look_is_read_inwards_by_the_more_cautious_tails():
    """At 0.95 of the facing halves of two 99 % intervals Student's tails alone would tell a change, with p = 0.042."""
    one = Seen(0.5, 0.4, 0.6, 0.99, 6)
    two = Seen(0.5 + 0.095, 0.4 + 0.095, 0.6 + 0.095, 0.99, 6)

    assert change(one, two, By.POINTS).p == pytest.approx(0.0836, abs=1e-3)


def test_where_nothing_changes_a_whole_report_seldom_says_that_something_did():
    """Sixteen figures, means of six blocks with Student intervals, 300 nights: 5 % of the nights at most, by chance up to 8 %.

    tests/analysis/test_trend_slow.py measures it over laws of response times, with the intervals of verdicts.
    """
    rng, quantile, wrong = random.Random(5), 2.5706, 0

    def seen():
        blocks = [rng.gauss(0.4, 0.05) for _ in range(6)]
        mean = sum(blocks) / 6
        spread = (sum((b - mean) ** 2 for b in blocks) / 5 / 6) ** 0.5
        return {"value": mean, "low": mean - quantile * spread, "high": mean + quantile * spread}

    nights = [night(k, *(verdict(f"t{t}") | seen() for t in range(16))) for k in range(300)]
    for before, after in pairwise(nights):
        wrong += any(s.beyond for s in over(before, after).steps)

    assert wrong / 299 <= 0.08


def folder_of(root, name, said):
    (root / name).mkdir(parents=True, exist_ok=True)
    (root / name / "decision.json").write_text(json.dumps(said))
    return root / name


def test_a_report_a_workspace_its_evidence_and_a_folder_of_nights_are_found(tmp_path):
    said = night(1, verdict())
    report = folder_of(tmp_path, "one", said)
    folder_of(tmp_path / "ws" / "reports", "rendered", said)
    (tmp_path / "ws" / "evidence").mkdir()
    (tmp_path / "ws" / "evidence" / "plan.json").write_text("{}")
    for k in range(3):
        folder_of(tmp_path / "nights" / f"n{k}", "report", said)

    assert [name for name, _ in read_all([report])] == ["one"]
    assert [name for name, _ in read_all([report / "decision.json", report])] == ["one"]
    assert [name for name, _ in read_all([tmp_path / "ws"])] == ["ws"]
    assert [name for name, _ in read_all([tmp_path / "ws" / "evidence"])] == ["ws"]
    assert [name for name, _ in read_all([tmp_path / "nights"])] == ["n0", "n1", "n2"]


def test_a_folder_without_a_report_and_a_broken_one_among_many_are_refused_by_name(tmp_path):
    with pytest.raises(Refused, match="holds no report") as refused:
        read_all([tmp_path])
    assert "pilot report writes one" in refused.value.hint
    folder_of(tmp_path, "n1", night(1, verdict()))
    folder_of(tmp_path, "n2", {})
    with pytest.raises(BadFile, match=r"(?s)n2.*recommendation: is missing"):
        read_all([tmp_path])


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """The report of a campaign beside that of an earlier one, which found the same."""
    root = tmp_path_factory.mktemp("second")
    workspace, plan, store = Pilot(root).write()
    seal = seal_of(workspace, plan)
    store.write_seal(seal.digest, dict(seal.content))
    said = json.loads(dump(pipeline.decide(workspace, effort=LIGHT).as_json()))
    said["campaign"]["from_utc"] = "2026-10-01T09:00:00.000+00:00"
    _, page = pipeline.report(workspace, root / "r", [folder_of(root, "then", said)], effort=LIGHT)
    return page


def test_the_page_has_a_chart_and_a_table_for_each_promise(second):
    page = second.read_text()
    text = (second.parent / "report.md").read_text()

    assert "2 campaigns, 2026-10-01 to 2026-11-11." in page
    assert 'id="trend-steady-p95-s"' in page
    assert "no change is shown beyond chance" in page
    assert "## Over the campaigns" in text
    assert json.loads((second.parent / "trends.json").read_text())["promises"]
    assert (second.parent / "tables" / "trend-steady-p95-s-table.csv").is_file()


def test_a_report_without_earlier_ones_leaves_no_trend_behind(second):
    pipeline.report(open_workspace(second.parent.parent), second.parent, effort=LIGHT)

    assert not (second.parent / "trends.json").exists()
    assert "Over the campaigns" not in second.read_text()
