"""[workloads.NAME]: the product's kinds of work, with their promises, and every problem of them at once."""

import pytest

from harness.domain.workload import Promise, WorkKind
from harness.errors import BadFile
from harness.planning import seal_of
from harness.planning.seal import judged_otherwise
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import Pilot

INGESTION = """
[workloads.ingestion]
kind = "job"
waited_for = false
per_month = 4e4
size_kb = 250
duration_s = 1200
memory_mb = 900
[workloads.ingestion.slo]
done_within_s = 900
lost = 0
usd_per_thousand = 4
"""


def opened(root, more):
    Pilot(root).workspace()
    path = root / "pilot.toml"
    path.write_text(path.read_text() + more)
    return open_workspace(root)


def test_a_workload_says_what_it_is_and_what_it_promises(tmp_path):
    [(name, made)] = opened(tmp_path, INGESTION).config.workloads.items()

    assert (name, made.kind, made.per_month, made.measured_by) == ("ingestion", WorkKind.JOB, 40_000, None)
    assert made.slo.said == {Promise.DONE: 900, Promise.LOST: 0, Promise.COST: 4}


def test_most_of_it_may_be_unknown(tmp_path):
    made = opened(tmp_path, '[workloads.hooks]\nkind = "request"\nwaited_for = false\n').config.workloads["hooks"]

    assert (made.per_month, made.duration_s, made.memory_mb, made.slo.said) == (None, None, None, {})


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('kind = "batch"\nwaited_for = true', ["workloads.x.kind"]),
        ("duration_s = -1", ["workloads.x.kind", "workloads.x.waited_for", "workloads.x.duration_s"]),
        ('kind = "job"\nwaited_for = "no"', ["workloads.x.waited_for"]),
        ('kind = "job"\nwaited_for = true\nslo = { lost = 1 }', ["workloads.x.slo.lost"]),
        ('kind = "job"\nwaited_for = true\nslo = { response_p59_s = 1 }', ["did you mean response_p95_s?"]),
        (
            'kind = "request"\nwaited_for = true\nslo = { lost = 0, done_within_s = 4 }',
            ["workloads.x", "slo.done_within_s, slo.lost: only a job promises this", 'set kind = "job"'],
        ),
        (
            'kind = "request"\nwaited_for = true\nduration_s = 7200',
            ["duration_s: a request takes", 'is a kind = "job"'],
        ),
        ('kind = "job"\nwaited_for = true\nmeasured_by = "stedy"', ["workloads.x.measured_by", "did you mean steady?"]),
    ],
)
def test_what_is_wrong_with_a_workload_is_said_with_its_fix(tmp_path, table, says):
    with pytest.raises(BadFile) as caught:
        opened(tmp_path, f"[workloads.x]\n{table}\n")

    assert all(words in str(caught.value) for words in says)


def test_every_workload_that_no_profile_measures_is_named_at_once(tmp_path):
    table = '[workloads.{0}]\nkind = "job"\nwaited_for = false\nmeasured_by = "nightly"\n'

    with pytest.raises(BadFile) as caught:
        opened(tmp_path, table.format("one") + table.format("two"))

    assert "workloads.one.measured_by" in str(caught.value)
    assert "workloads.two.measured_by" in str(caught.value)


def test_jobs_of_two_workloads_need_a_profile_each_and_requests_may_share_one(tmp_path):
    table = '[workloads.{0}]\nkind = "{1}"\nwaited_for = true\nmeasured_by = "steady"\n'

    assert opened(tmp_path, table.format("one", "request") + table.format("two", "request"))
    with pytest.raises(BadFile, match=r"workloads.four.measured_by: steady measures workloads.three already"):
        opened(tmp_path, table.format("three", "job") + table.format("four", "job"))


def test_a_promise_that_changes_after_the_seal_is_named_and_a_verdict_may_come_out_otherwise(tmp_path):
    plan = Pilot(tmp_path).plan()
    sealed = seal_of(opened(tmp_path, INGESTION), plan)
    now = seal_of(opened(tmp_path, INGESTION.replace("= 900", "= 1800", 2)), plan)

    changed = sealed.changes(now)
    assert [said(c) for c in changed] == [
        "workloads.ingestion.memory_mb: 900.0 → 1800.0",
        "workloads.ingestion.slo.done_within_s: 900.0 → 1800.0",
    ]
    assert judged_otherwise(changed) == changed


def test_a_pilot_that_declares_none_keeps_the_seal_that_it_had(tmp_path):
    assert "workloads" not in seal_of(Pilot(tmp_path).workspace(), Pilot(tmp_path).plan()).content
