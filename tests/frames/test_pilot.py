"""A pilot as frames: every row is there, absence is NA with a reason, types hold whatever the evidence, only what is asked is read."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import harness
from harness import pipeline
from harness.campaign.progress import Progress
from harness.collect.bills import _content as bill_content
from harness.domain.columns import Kind
from harness.domain.sample import COLUMNS, Outcome
from harness.errors import BadFile, Refused
from harness.evidence.bills import write as write_bill
from harness.evidence.files import dump, jsonable, write_text
from harness.evidence.store import Store
from harness.frames.bills import BILLS
from harness.frames.frame import DTYPES, frame
from harness.frames.judged import COMPARISONS, VERDICTS
from harness.frames.readings import READINGS
from harness.frames.runs import RUNS
from harness.frames.samples import COLUMNS as SAMPLES
from harness.platforms.shared.cost_explorer import BilledDay, BilledLine
from harness.report.blocks import Tone
from harness.words.numbers import money, span
from tests.builders import Pilot, failed, sample
from tests.report.test_experiments import both, gaps, probes, search, zero

pytestmark = pytest.mark.usefixtures("lightly")
FRAMES = ("samples", "runs", "readings", "bills", "verdicts", "comparisons")
DECLARED = dict(zip(FRAMES, (SAMPLES, RUNS, READINGS, BILLS, VERDICTS, COMPARISONS), strict=True))


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Pilot:
    """A tenth of one target's requests refused, one run invalid in a block that was repeated, readings and a bill."""
    made = Pilot(tmp_path_factory.mktemp("frames"), refused={"beta": 0.1})
    _, plan, store = made.write()
    block = plan.blocks[0]
    invalid = store.attempt_folder(1, 1)
    invalid.rename(store.attempt_folder(1, 2))
    for run in block.runs:
        source, folder = store.run_folder(run, 2), store.run_folder(run, 1)
        folder.mkdir(parents=True)
        for file in source.glob("*.*"):
            (folder / file.name).write_bytes(file.read_bytes())
    spoilt = store.run_folder(block.runs[0], 1) / "ledger.json"
    write_text(spoilt, dump({**json.loads(spoilt.read_text()), "valid": False, "reasons": ["lag p99 99 ms is above"]}))
    (store.run_folder(block.runs[1], 1) / "ledger.json").unlink()
    _readings(store, store.run_folder(block.runs[0], 2))
    line = BilledLine("AWS Lambda", "USE1-Request", 10, "Requests", 2, 1)
    day = BilledDay(date(2026, 11, 11), (line,), estimated=False, pages=1, query={})
    write_bill(store.root / "bills" / "alpha", day.day, jsonable(bill_content(day, 0.0, "spec only")))
    return made


def _readings(store, folder):
    series = {"kind": "series", "metric": "Invocations", "unit": "Count", "points": [[1.78e9, 3.0], [1.78e9 + 60, 0.0]]}
    absent = {"kind": "absent", "metric": "Throttles", "reason": "no such metric", "failed": False}
    asked = {"query": "q", "source": "cloudwatch"}
    content = {
        "schema_version": 1,
        "source": "cloudwatch",
        "verified": "spec only",
        "readings": [series | asked, absent | asked],
    }
    (folder / "readings").mkdir(exist_ok=True)
    write_text(folder / "readings" / "cloudwatch.json", dump(content))
    write_text(
        folder / "readings" / "cloudwatch.try-1.json",
        dump({**content, "readings": [{**absent, **asked, "failed": True}]}),
    )


@pytest.fixture(scope="module")
def opened(written):
    return harness.open(written.root)


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A plan and nothing measured."""
    made = Pilot(tmp_path_factory.mktemp("bare"))
    Store(made.workspace().evidence).write_plan(made.plan())
    return harness.open(made.root)


@pytest.mark.parametrize("name", FRAMES)
def test_the_types_are_those_declared_whatever_the_evidence(opened, bare, name):
    for pilot in (opened, bare):
        made = getattr(pilot, name)()

        assert [(c, str(t)) for c, t in made.dtypes.items()] == [(c.name, DTYPES[c.kind]) for c in DECLARED[name]]


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_says_what_it_is(opened, name):
    attrs = getattr(opened, name)().attrs

    assert attrs["schema_version"] == 1
    assert attrs["harness"] == harness.__version__
    assert attrs["seal"] is None
    assert attrs["row"].startswith("one ")
    assert attrs["source"]
    assert list(attrs["means"]) == [c.name for c in DECLARED[name]]
    assert all(len(text.split()) > 1 for text in attrs["means"].values())


def test_units_stand_in_the_names_and_in_attrs(opened):
    units = opened.samples().attrs["units"]

    assert (units["response_s"], units["queue_ms"]) == ("s", "ms")
    assert opened.bills().attrs["units"]["amount_usd"] == "USD"
    assert opened.runs().attrs["units"]["cpu_p95_pct"] == "%"


def test_samples_are_every_arrival_of_the_runs_that_verdicts_rest_on(opened):
    made = opened.samples()

    assert len(made) == 6 * 2 * 200
    assert set(COLUMNS) <= set(made.columns)
    assert made.groupby(["block", "target"], observed=True).attempt.first().loc[1].tolist() == [2, 2]


def test_a_failure_stays_in_the_samples_and_is_infinite(opened):
    made = opened.samples("beta", "steady")
    refused = made[made.outcome == "throttled"]

    assert 60 < len(refused) < 180
    assert np.isinf(refused.response_s.to_numpy(float)).all()
    assert refused.first_token_s.isna().all()
    assert refused.overhead_s.dtype == "Float64"


def test_the_times_are_those_that_the_verdicts_are_made_of(opened):
    found = opened.verdicts().set_index(["target", "metric"]).loc[("alpha", "p95_s")]
    ours = np.quantile(opened.samples("alpha").response_s.to_numpy(float), 0.95, method="inverted_cdf")

    assert found.value == pytest.approx(ours)


def test_only_the_files_that_are_asked_for_are_read(written, tmp_path):
    made = Pilot(tmp_path)
    _, plan, store = made.write()
    for block in plan.blocks:
        (store.run_folder(block.runs[1], 1) / "samples.parquet").unlink()
    pilot = harness.open(tmp_path)

    assert len(pilot.samples("alpha")) == 6 * 200
    with pytest.raises(BadFile, match=r"samples\.parquet"):
        pilot.samples("beta")


def test_columns_can_be_chosen(opened):
    made = opened.samples(columns=["outcome", "response_s", "outcome"])

    assert list(made.columns)[-2:] == ["outcome", "response_s"]
    assert "sent_s" not in made
    with pytest.raises(Refused, match="no column latency"):
        opened.samples(columns=["latency"])


def test_runs_are_those_that_do_not_count_too(opened):
    made = opened.runs()
    invalid, unended = made[made.block.eq(1) & made.attempt.eq(1)].itertuples()

    assert len(made) == 7 * 2
    assert made.used.sum() == 12
    assert (invalid.valid, invalid.invalid_reason) == (False, "lag p99 99 ms is above")
    assert (unended.ledger_absent, unended.invalid_reason) == ("the run did not end", "the run did not end")
    assert pd.isna(unended.ok_requests), "nothing is known is never none"


def test_the_outcomes_of_a_run_add_up(opened):
    made = opened.runs().dropna(subset="planned_requests")
    outcomes = made[[f"{o.value}_requests" for o in Outcome]]

    assert (outcomes.sum(axis=1) == made.planned_requests).all()


def test_a_reading_that_is_absent_has_its_reason_and_no_value(opened):
    made = opened.readings().set_index("metric")

    assert made.loc["Invocations", "value"].tolist() == [3.0, 0.0]
    assert pd.isna(made.loc["Throttles", "value"])
    assert made.loc["Throttles", "value_absent"] == "no such metric"
    assert len(made) == 3, "a question that was asked in vain is no reading"


def test_bills_are_told_apart_and_each_line_is_quantity_times_price(opened):
    made = opened.bills()
    priced = made.dropna(subset="unit_price_usd")

    assert set(made.bill) == {"month", "pilot", "asking", "billed"}
    np.testing.assert_allclose(priced.quantity * priced.unit_price_usd, priced.amount_usd.to_numpy(float))
    [billed] = made[made.bill == "billed"].itertuples()
    assert (billed.target, billed.day, billed.amount_usd, billed.net_usd) == (
        "alpha",
        pd.Timestamp("2026-11-11", tz="UTC"),
        2,
        1,
    )


def test_a_verdict_without_a_value_says_why(opened):
    made = opened.verdicts()
    without = made[made.value.isna()]

    assert len(without)
    assert without.value_absent.notna().all()
    assert made[made.value.notna()].value_absent.isna().all()


def test_verdicts_and_comparisons_are_those_of_the_decision(opened):
    said = opened.decision()
    verdicts, comparisons = opened.verdicts(), opened.comparisons()

    assert verdicts.verdict.tolist() == [s["verdict"] for s in said["slos"]]
    assert verdicts.limit.tolist() == [s["limit"] for s in said["slos"]]
    assert comparisons.relation.tolist() == [c["relation"] for c in said["comparisons"]]


def test_the_decision_is_the_documents_own_structure(opened, written):
    outcome = pipeline.decide(written.workspace(), Progress(quiet=True))

    assert opened.decision() == outcome.as_json()


def experiments(folder):
    bursts = {
        "alpha": [sample(k, phase="burst") for k in range(20)],
        "beta": [(failed if k % 3 else sample)(k, phase="burst") for k in range(20)],
    }
    tracks = {
        "coldstart": both(probes(cold=True)),
        "keepalive": both(gaps([False, True, True])),
        "fromzero": both(zero(cold=True)),
        "capacity": both(search(9.0, 10.0)),
    }
    return Pilot(folder, burst=bursts, tracks=tracks)


@pytest.fixture(scope="module")
def richer(lightly, tmp_path_factory):
    """Every kind of experiment, so that every table has rows where this evidence can give some: opened, and its tables."""
    made = experiments(tmp_path_factory.mktemp("richer"))
    workspace, _, _ = made.write()
    return harness.open(made.root), pipeline.report_tables(workspace, pipeline.decide(workspace))


def test_every_table_of_the_report_is_a_frame_of_the_values_that_it_is_written_from(richer):
    pilot, tables = richer

    assert pilot.tables() == {name: table.title for name, table in tables.items()}
    for name, table in tables.items():
        made = pilot.table(name)
        assert len(made) == len(table.rows)
        assert [(c, str(t)) for c, t in made.dtypes.items()] == [(c.name, DTYPES[c.kind]) for c in table.columns]
        assert made.attrs["title"] == table.title


def test_a_tables_words_are_its_frames_numbers(richer):
    pilot, tables = richer
    [costs] = [row for row in pilot.table("costs").itertuples() if row.target == "alpha"]
    words = next(row for row in tables["costs"].rows if row[0].text == "Alpha")

    assert words[1].text.startswith(money(costs.per_success_usd * 1000))
    assert words[3].text == money(costs.month_usd)
    assert words[4].text == span(costs.month_low_usd, costs.month_high_usd, money)


def test_a_number_of_a_table_that_is_missing_has_its_reason(richer):
    pilot, tables = richer
    for name in tables:
        made = pilot.table(name)
        for column in [c for c in made.columns if c.endswith("_absent")]:
            value = made[column.removesuffix("_absent")]
            assert (value.isna() == made[column].notna()).all(), f"{name}.{column}"


def test_a_cell_that_reads_as_a_number_is_one(richer):
    """What stands right-aligned, in tabular figures, is never text that somebody formatted before."""
    _, tables = richer
    for name in tables.keys() - {"changes"}:  # that one quotes an earlier report
        for column, cells in zip(tables[name].shown, zip(*tables[name].rows, strict=True), strict=False):
            if any(cell.tone is Tone.NUMBER for cell in cells):
                assert {p.kind for p in column.parts} & {Kind.INT, Kind.FLOAT}, f"{name}: {column.head}"


def test_every_column_of_a_frame_has_a_meaning(richer):
    pilot, tables = richer

    assert all(all(pilot.table(name).attrs["means"].values()) for name in tables)


def test_a_table_that_is_none_is_refused_with_those_that_are(opened):
    with pytest.raises(Refused, match="no table nonsense"):
        opened.table("nonsense")


@pytest.mark.parametrize("ask", ["samples", "readings"])
@pytest.mark.parametrize("what", [{"target": "gamma"}, {"profile": "weekly"}])
def test_a_name_that_the_plan_does_not_have_is_refused_with_those_that_it_has(opened, ask, what):
    with pytest.raises(Refused, match=next(iter(what.values()))) as refused:
        getattr(opened, ask)(**what)

    assert "alpha" in refused.value.hint or "steady" in refused.value.hint


def test_a_folder_without_a_pilot_is_refused_with_a_hint_that_a_notebook_shows(tmp_path):
    with pytest.raises(Refused) as refused:
        harness.open(tmp_path)

    assert "pilot.toml" in str(refused.value)
    assert refused.value.hint in refused.value.__notes__


def test_a_pilot_without_a_plan_has_no_evidence(tmp_path):
    Pilot(tmp_path).workspace()
    with pytest.raises(Refused, match="no evidence") as refused:
        harness.open(str(tmp_path))

    assert "pilot plan" in refused.value.hint


def test_nothing_is_written(written, opened):
    before = {p: p.stat().st_mtime_ns for p in Path(written.root).rglob("*")}
    for name in FRAMES:
        getattr(opened, name)()
    opened.decision()
    opened.tables()

    assert {p: p.stat().st_mtime_ns for p in Path(written.root).rglob("*")} == before


def test_frames_of_two_pilots_can_be_put_together(opened, bare):
    both_ = pd.concat([opened.runs(), bare.runs()], ignore_index=True)

    assert len(both_) == len(opened.runs())


def test_an_empty_text_list_is_na():
    [column] = [c for c in RUNS if c.name == "warnings"]
    assert frame([column], [([],), (["a", "b"],)]).warnings.tolist() == [pd.NA, "a; b"]
