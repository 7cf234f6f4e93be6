"""Collection: once, in time, whole; and a report that says what is missing."""

import gzip
import json
from decimal import Decimal

import pytest

from harness.campaign.limits import spent
from harness.campaign.progress import Progress
from harness.collect.collect import collect
from harness.domain.reasons.absence import BilledMissing
from harness.domain.reasons.choice import Modelled
from harness.pipeline import decide, report
from harness.platforms.shared.cloudwatch import CloudWatch
from harness.platforms.shared.cost_explorer import BilledDay
from harness.platforms.shared.recorded import Recorded
from harness.words import all_said
from tests.builders import LIGHT
from tests.campaign.clouds import ACCOUNT, Cloud, CloudPilot, later
from tests.platforms.shared.rigs import ONE


@pytest.fixture
def made(tmp_path):
    workspace, plan, store = CloudPilot(tmp_path, per_run=60).write()
    return workspace, plan, store, Cloud(store)


def run(made, days):
    workspace, plan, store, cloud = made
    with Progress(quiet=True) as progress:
        return collect(workspace, plan, store, progress, lambda: later(days), cloud.make, cloud.make_bills)


def files(store):
    return {p: p.read_bytes() for p in (store.root / "blocks").rglob("*") if p.is_file()}


def test_what_has_settled_is_pulled_and_the_rest_waits_with_its_last_day(made):
    done = run(made, 1.2)

    assert done.pulled == 4, "two sources of the two runs that have ended by then"
    assert len(done.unsettled) == 8
    assert done.next_expiry.source == "cloudwatch"
    assert done.next_expiry.expires_unix_s == pytest.approx(later(1) + 86_400 * 16, abs=600)


def test_a_second_pass_asks_for_nothing_that_is_there_and_changes_nothing(made):
    first = run(made, 8)
    before, asked = files(made[2]), len(made[3].asked)
    second = run(made, 8)

    assert (first.pulled, second.pulled, second.kept) == (12, 0, 12)
    assert files(made[2]) == before
    assert len(made[3].asked) == asked, "bills too are asked for once a day at most"


def test_pages_of_a_day_that_then_failed_were_paid_for_too(made):
    class Broken:
        kind, verified = "cost-explorer", "spec only"

        def bill(self, day):
            return BilledDay(day, (), estimated=True, pages=1, query={}, failed="Throttling on the second page")

    workspace, plan, store, cloud = made
    with Progress(quiet=True) as progress:
        done = collect(workspace, plan, store, progress, lambda: later(8), cloud.make, lambda _: Broken())

    assert (done.bills.days, done.bills.pages) == (0, 8)
    assert done.bills.usd == Decimal("0.08")


def test_a_question_without_an_answer_is_kept_with_its_reason_and_asked_again(made):
    made[3].dead_days = {"2026-11-13"}
    first = run(made, 8)
    [tried] = made[2].root.rglob("lambda-logs.try-1.json")
    made[3].dead_days = set()
    second = run(made, 8.1)

    assert first.failed == [
        "lambda-logs of beta: ThrottlingException on arn:aws:logs:us-east-1:[account]:log-group:beta"
    ]
    assert "ThrottlingException" in tried.read_text()
    assert second.pulled == 1
    assert (tried.parent / "lambda-logs.json").exists()


def test_an_answer_that_cannot_be_read_is_kept_as_it_came_and_asked_again(made):
    workspace, plan, store, cloud = made
    odd = {"MetricDataResults": [{"Id": "m0", "Timestamps": "yesterday", "owner": ACCOUNT}]}

    class Odd:
        def get_metric_data(self, **_):
            return odd

    def make(config):
        if config.kind != "cloudwatch":
            return cloud.make(config)
        return CloudWatch(Recorded(Odd()), [(ONE, {})], now=lambda: later(8))

    with Progress(quiet=True) as progress:
        first = collect(workspace, plan, store, progress, lambda: later(8), make, cloud.make_bills)
    [failed] = first.failed
    [tried, *_] = sorted(store.root.rglob("cloudwatch.try-1.json"))
    with gzip.open(tried.parent / "raw" / "cloudwatch.try-1.json.gz", "rt") as file:
        [kept] = json.load(file)

    assert "MetricDataResults[0].Timestamps: want a list, found 'yesterday'" in failed
    assert kept["answer"]["MetricDataResults"][0] == {"Id": "m0", "Timestamps": "yesterday", "owner": "[account]"}
    assert run(made, 8.1).pulled == 6, "it is asked again"


def test_no_account_id_is_in_the_evidence(made):
    made[3].dead_days = {"2026-11-13"}
    run(made, 8)
    raw = list(made[2].root.rglob("raw/*.json.gz"))

    assert len(raw) == 6
    for path in made[2].root.rglob("*"):
        if path.is_file():
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            assert ACCOUNT.encode() not in content, path


def test_the_coverage_table_is_source_by_day(made):
    made[3].dead_days = {"2026-11-13"}
    cells = {(c.source, c.day): c.said for c in run(made, 8).cells}

    assert cells[("lambda-logs", "2026-11-13")] == "0/1"
    assert cells[("lambda-logs", "2026-11-12")] == "1/1"
    assert cells[("cloudwatch", "2026-11-13")] == "1/1"


def test_a_day_that_was_not_collected_ends_in_a_report_that_says_what_it_weakens(made):
    made[3].dead_days = {"2026-11-13"}
    run(made, 8)
    outcome = decide(made[0], effort=LIGHT)
    [said] = [d for d in all_said(outcome.doubts) if d.startswith("Not collected")]

    assert "lambda-logs of beta for 1 of 6 runs, on 2026-11-13 (1 of 1)" in said
    assert "That weakens billed durations and so the cost" in said
    cost = outcome.findings.cost_of("beta")
    assert cost.coverage == Modelled(5, 6)
    assert cost.per_month_usd.blocks == 5


def test_without_any_collection_the_cost_is_not_known_rather_than_small(made):
    outcome = decide(made[0], effort=LIGHT)

    assert outcome.findings.cost_of("beta").coverage == BilledMissing(0, 6)


def test_what_the_questions_cost_is_the_pilots_own_layer(made):
    run(made, 8)
    asking = {line.label: line for line in decide(made[0], effort=LIGHT).findings.asking.lines}

    assert asking["Cost Explorer questions"].quantity == 8, "a page a day from the first run's day to yesterday"
    assert asking["GetMetricData (price unconfirmed)"].quantity == 12, "two metrics of each run"
    assert {line.layer.value for line in asking.values()} == {"pilot-only"}


def test_the_report_shows_what_was_collected_and_no_account(made, tmp_path):
    made[3].dead_days = {"2026-11-13"}
    run(made, 9.5)
    _, path = report(made[0], tmp_path / "out", effort=LIGHT)
    page = path.read_text()

    assert ACCOUNT not in page
    for words in (
        "What was collected",
        "Client against platform",
        "Modelled against billed",
        "What the pilot itself used",
    ):
        assert words in page, words
    assert "billed coverage 6 of 6 days" in page
    assert "spec only" in page
    assert "own rate, which describes the test and not the expected traffic" in page


def test_the_pilots_own_bill_is_metered_where_the_platform_said_it(made):
    run(made, 8)
    [beta] = [u for u in decide(made[0], effort=LIGHT).findings.used if u.target == "beta"]
    basis = {line.price_key: line.basis.value for line in beta.bill.lines}

    assert beta.joined == 1.0
    assert basis["lambda_gb_second"] == basis["lambda_request"] == "METERED"
    assert basis["log_gb"] == "MODELLED"


def test_modelled_and_billed_agree_when_they_are_the_same_and_differ_when_not(made):
    run(made, 9.5)
    [agrees] = decide(made[0], effort=LIGHT).findings.reconciliations
    made[3].billed_factor *= 2
    for path in (made[2].root / "bills").rglob("*.json"):
        path.unlink()
    run(made, 9.6)
    outcome = decide(made[0], effort=LIGHT)
    [differs] = outcome.findings.reconciliations

    assert (agrees.days, agrees.days_final) == (6, 6)
    assert all(line.agrees for line in agrees.lines)
    assert {line.price_key for line in agrees.lines} == {"lambda_gb_second", "lambda_request"}
    assert dict(agrees.only_billed).keys() == {"USE1-Something-Else"}
    [off] = [line for line in differs.lines if not line.agrees]
    assert off.quantity_error == pytest.approx(-0.5)
    assert any(
        "Compute, billed duration of beta: model and bill differ: quantity -50 %" in d for d in all_said(outcome.doubts)
    )


def test_a_bill_that_is_still_an_estimate_is_asked_again_and_both_answers_are_kept(made):
    _, _, store, cloud = made
    real = cloud.make_bills(None)

    class Estimated:
        kind, verified = real.kind, real.verified

        def bill(self, day):
            made_ = real.bill(day)
            return type(made_)(day, made_.lines, estimated=True, pages=2, query={})

    cloud.make_bills = lambda config: Estimated()
    first = run(made, 2.0)
    soon = run(made, 2.1)
    again = run(made, 2.8)
    one = sorted(p.name for p in (store.root / "bills" / "beta").glob("2026-11-11.*"))

    assert (first.bills.days, soon.bills.days, again.bills.days) == (2, 0, 3)
    assert str(first.bills.usd) == "0.04"
    assert one == ["2026-11-11.1.json", "2026-11-11.2.json"]


def test_a_runs_cost_is_counted_by_what_was_billed_once_it_is_known(made):
    _, plan, store, _ = made
    for unit in plan.units:
        for item in unit.runs:
            store.note("run ended", run=item.id, attempt=1, exit_code=0, cost_usd="1.00")
    before = spent(store.journal())
    done = run(made, 8)
    notes = [e for e in store.journal() if e["event"] == "run reconciled"]

    assert before == 12
    assert len(notes) == 6
    assert done.spent_usd < 7
    run(made, 8)
    assert len([e for e in store.journal() if e["event"] == "run reconciled"]) == 6


def test_disagreement_between_client_and_platform_is_a_doubt(made):
    run(made, 8)
    quiet = all_said(decide(made[0], effort=LIGHT).doubts)
    for path in made[2].root.rglob("lambda-logs.log"):
        path.write_text("".join(path.read_text().splitlines(keepends=True)[::2]))
    for path in made[2].root.rglob("cloudwatch.json"):
        content = json.loads(path.read_text())
        content["readings"][0]["points"][0][1] = 5000.0
        path.write_text(json.dumps(content))
    loud = all_said(decide(made[0], effort=LIGHT).doubts)

    assert not [d for d in quiet if "platform" in d and d.startswith("beta")]
    assert any("have no line in the platform's log" in d for d in loud)
    assert any("something else used the function" in d for d in loud)
