"""pilot compare A B: what each says, what changed, and never more than two reports can tell."""

import json

import pytest

from tests.cli.inside import pilot
from tests.report.test_trend import folder_of, night, verdict

GOODPUT = {"metric": "goodput", "unit": "share", "limit": 0.9}
MONTH = {"value": 100.0, "low": 95.0, "high": 105.0, "confidence": 0.95, "blocks": 6}


@pytest.fixture
def beside(tmp_path):
    """Both as reports, compared: the exit code and the JSON."""

    def compare(a, b, *words):
        for name, said in (("a", a), ("b", b)):
            folder_of(tmp_path, name, said)
        return pilot(tmp_path, "compare", "a", "b", *words)

    return compare


@pytest.fixture
def rows(beside):
    def compare(a, b):
        done = beside(a, b, "--json")
        said = json.loads(done.stdout)
        return done.returncode, said, said["rows"]

    return compare


@pytest.mark.parametrize(
    ("then", "now", "relation"),
    [
        (verdict(), verdict(value=0.2), "better"),
        (verdict(), verdict(value=0.8), "worse"),
        (verdict(value=0.40, wide=0.1), verdict(value=0.43, wide=0.1), "no change shown"),
        (verdict(value=0.5, **GOODPUT), verdict(value=0.8, **GOODPUT), "better"),
        (verdict(value=0.8, **GOODPUT), verdict(value=0.5, **GOODPUT), "worse"),
    ],
)
def test_a_change_is_told_by_what_is_better_of_its_measure_with_its_interval(rows, then, now, relation):
    code, said, [row] = rows(night(1, then), night(2, now))

    assert (code, said["comparable"], said["reasons"]) == (0, True, [])
    assert (row["relation"], row["reason"], row["a"]["blocks"]) == (relation, None, 6)
    same = 1.0 if row["by"] == "times" else 0.0
    assert row["low"] < row["change"] < row["high"]
    assert (row["low"] <= same <= row["high"]) is (relation == "no change shown")


def test_a_person_reads_both_values_their_blocks_the_change_and_what_was_configured_otherwise(beside):
    now = night(2, verdict(value=0.8), versions={"harness": "2"}, labels={"beta": "Our fleet"})
    said = beside(night(1, verdict()), now).stdout
    row = next(line for line in said.splitlines() if line.startswith("worse"))

    assert "Our fleet" in row
    assert "400 ms (380 ms to 420 ms, 6 blocks)" in row
    assert "2.00 times (1." in row
    assert "5 % for all 1 together, Holm" in said
    assert "versions.harness: 1, then 2" in said


def test_the_intervals_of_changes_hold_for_all_of_them_together(rows):
    _, _, [alone] = rows(night(1, verdict()), night(2, verdict()))
    _, said, [one, _] = rows(night(1, verdict(), verdict("alpha")), night(2, verdict(), verdict("alpha")))

    assert said["compared_together"] == 2
    assert one["high"] - one["low"] > alone["high"] - alone["low"]


@pytest.mark.parametrize(
    ("then", "kind"),
    [
        (night(1, verdict(), method="share-beyond/2"), "judged_otherwise"),
        (night(1, verdict(limit=1.5)), "other_promise"),
        (night(1, verdict(), sealed={"profiles.steady.rate": 4.0}), "asked_otherwise"),
        (night(1, verdict(), scale=0.5), "other_model_time"),
        (night(1, verdict("gone")), "only_in"),
        (night(2, verdict(value=0.5)), "same_campaign"),
        (night(1), "only_in"),
    ],
)
def test_campaigns_that_may_not_be_compared_exit_with_6_and_the_kind_of_reason(rows, then, kind):
    code, said, found = rows(then, night(2, verdict()))

    assert (code, said["comparable"]) == (6, False)
    assert {row["relation"] for row in found} == {"not comparable"}
    assert {row["reason_kind"] for row in found} == {reason["reason_kind"] for reason in said["reasons"]} == {kind}
    assert [row["change"] for row in found] == [None] * len(found)


def test_one_promise_that_cannot_be_told_exits_with_6_beside_others_that_are(rows, beside):
    infinite = verdict("alpha", value=None)
    code, said, found = rows(night(1, verdict(), infinite), night(2, verdict(), infinite))

    assert (code, said["comparable"]) == (6, True)
    assert [row["relation"] for row in found] == ["no change shown", "can't tell"]
    assert found[1]["a"] == {
        **dict.fromkeys(("value", "low", "high", "blocks", "beyond")),
        "reason": "too many failed",
    }
    assert "open: 1 of 2 comparisons" in beside(night(1, verdict(), infinite), night(2, verdict(), infinite)).stdout


def test_where_a_value_is_infinite_the_share_beyond_the_limit_is_compared_and_more_of_it_is_worse(rows):
    few = {"value": 0.01, "low": 0.001, "high": 0.03, "confidence": 0.95, "blocks": 6}
    many = {**few, "value": 0.3, "low": 0.2, "high": 0.4}
    then, now = verdict(beyond=few, **GOODPUT), verdict(value=None, beyond=many, **GOODPUT)
    code, _, [row] = rows(night(1, then), night(2, now))

    assert (code, row["relation"], row["by"], row["of"]) == (0, "worse", "points", "share beyond the limit")
    assert row["change"] == pytest.approx(0.29)
    assert row["low"] < row["change"] < row["high"]


@pytest.mark.parametrize(
    ("sealed", "relation", "kind"),
    [
        ({}, "better", None),
        ({"prices.a-cloud-2026-11": "sha256:2"}, "not comparable", "other_prices"),
        ({"traffic.requests_per_month": 2e6}, "not comparable", "asked_otherwise"),
    ],
)
def test_a_monthly_cost_without_a_promise_is_compared_too_where_prices_and_traffic_are_the_same(
    rows, sealed, relation, kind
):
    then = night(1, verdict()) | {"cost": {"beta": {"per_month": MONTH}}}
    half = {name: value / 2 if name in ("value", "low", "high") else value for name, value in MONTH.items()}
    code, _, [_, row] = rows(then, night(2, verdict(), sealed=sealed) | {"cost": {"beta": {"per_month": half}}})

    assert (row["metric"], row["unit"], row["relation"], row["reason_kind"]) == (
        *("monthly_runtime_usd", "USD"),
        *(relation, kind),
    )
    assert code == (6 if kind else 0)


def test_two_reports_without_a_verdict_or_a_cost_can_tell_nothing(rows):
    code, said, found = rows(night(1), night(2))
    assert (code, said["comparable"], found) == (6, False, [])
    assert [reason["reason_kind"] for reason in said["reasons"]] == ["nothing_judged"]


def test_the_order_is_as_given_and_one_that_turns_time_round_is_said(beside):
    said = beside(night(2, verdict()), night(1, verdict(value=0.8))).stdout
    assert "B was measured before A" in said
    assert "\nworse" in said


def test_a_workspace_and_its_evidence_are_read_by_their_report(tmp_path):
    folder_of(tmp_path / "ws" / "reports", "rendered", night(1, verdict()))
    (tmp_path / "ws" / "evidence").mkdir()
    (tmp_path / "ws" / "evidence" / "plan.json").write_text("{}")
    folder_of(tmp_path, "b", night(2, verdict()))

    assert pilot(tmp_path, "compare", "ws", "b/decision.json").returncode == 0
    same = pilot(tmp_path, "compare", "ws", "ws/evidence")
    assert (same.returncode, same.stdout) == (2, "")
    assert "are the same report" in same.stderr


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("{", "is not valid JSON"),
        ("[]", "is not an object"),
        ('{"slos": []}', "recommendation: is missing"),
        (json.dumps({**night(1), "schema_version": 99, "written_by": "runtime-pilot 9.0.0"}), "schema_version 99"),
        (None, "no such file"),
    ],
)
def test_a_file_that_is_missing_broken_or_too_new_is_refused_with_its_name_and_a_hint(tmp_path, broken, says):
    folder_of(tmp_path, "a", night(1, verdict()))
    if broken is not None:
        (tmp_path / "b.json").write_text(broken)
    done = pilot(tmp_path, "compare", "a", "b.json")

    assert (done.returncode, done.stdout) == (2, "")
    assert "b.json" in done.stderr
    assert says in done.stderr
    assert done.stderr.splitlines()[-1].startswith("  ")  # the hint


def test_a_folder_of_nights_is_refused_by_the_number_of_its_reports(tmp_path):
    for k in range(3):
        folder_of(tmp_path / "nights", f"n{k}", night(k, verdict()))
    done = pilot(tmp_path, "compare", "nights", "nights/n1")

    assert done.returncode == 2
    assert "nights holds 3 reports" in done.stderr
