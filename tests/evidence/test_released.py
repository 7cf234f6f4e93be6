"""Evidence of every release is read by this one, and what a newer one writes is refused by name."""

import json
import shutil
from pathlib import Path

import pytest

from harness import pipeline
from harness.analysis.dataset import load
from harness.errors import Exit, TooNew
from harness.evidence.digests import digests_of
from harness.evidence.schema import FORMATS, VERSION
from harness.evidence.store import Store
from harness.words import all_said
from harness.workspace import open_workspace
from tests.builders import LIGHT

RELEASED = Path(__file__).parent / "released"


@pytest.fixture(params=sorted(path.name for path in RELEASED.iterdir()))
def released(request, tmp_path):
    """A pilot of two targets and three blocks, as that release left it."""
    return shutil.copytree(RELEASED / request.param, tmp_path / "pilot")


def test_it_is_decided_and_reported(released):
    outcome, page = pipeline.report(open_workspace(released), released / "report", effort=LIGHT)

    assert len(outcome.findings.data.blocks_valid) == 3
    assert {v.slo.metric for v in outcome.findings.slos} >= {"p95_s", "ttft_p95_s", "error_rate"}
    assert not [doubt for doubt in all_said(outcome.doubts) if doubt.startswith("Sealed")]
    assert "local_function" in page.read_text() or "Function" in page.read_text()


def test_status_counts_what_it_spent(released):
    board = pipeline.status(open_workspace(released))

    assert [line.state for line in board.blocks] == ["done"] * 3
    assert float(board.spent_usd) > 0


def test_what_0_1_0_did_not_record_is_a_doubt(tmp_path):
    root = shutil.copytree(RELEASED / "0.1.0", tmp_path / "pilot")
    [doubt] = [
        d for d in all_said(pipeline.decide(open_workspace(root), effort=LIGHT).doubts) if "earlier version" in d
    ]

    for lacking in ("digests of its files", "a tamper-evident journal", "first_reasoning_s", "contention"):
        assert lacking in doubt


def test_a_promise_that_was_changed_since_0_1_0_sealed_it_is_still_named(tmp_path):
    root = shutil.copytree(RELEASED / "0.1.0", tmp_path / "pilot")
    for file, was, now in (
        ("pilot.toml", "p95_s               = 1.5", "p95_s = 1.6"),
        ("targets/local_function/target.toml", "idle_s         = 3", "idle_s = 4"),
    ):
        text = (root / file).read_text()
        assert was in text
        (root / file).write_text(text.replace(was, now, 1))
    sealed = [
        doubt
        for doubt in all_said(pipeline.decide(open_workspace(root), effort=LIGHT).doubts)
        if doubt.startswith("Sealed criteria")
    ]

    assert [doubt.split(": ")[2] for doubt in sealed] == ["slo.p95_s", "targets.local_function"]


def test_every_older_version_of_a_format_has_a_way_to_the_newest():
    for one in FORMATS:
        if one.holds is not None:
            assert set(one.migrations) == set(range(1, one.newest)), one.file


NEWER = ["plan.json", "seal.json", "run.json", "ledger.json", "target.json", "local-logs.json", "journal.jsonl"]


@pytest.mark.parametrize("file", NEWER)
def test_a_newer_file_is_refused_with_the_version_to_install(tmp_path, file):
    root = shutil.copytree(RELEASED / "0.1.0", tmp_path / "pilot")
    path = min((root / "evidence").rglob(file))
    lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    value = json.loads(lines[-1]) | {"schema_version": 99, "written_by": "runtime-pilot 9.4.0"}
    path.write_text("\n".join([*lines[:-1], json.dumps(value)]) + "\n")

    with pytest.raises(TooNew, match="schema_version 99") as refused:
        pipeline.decide(open_workspace(root), effort=LIGHT)
    assert refused.value.exit_code is Exit.REFUSED
    assert str(path) in str(refused.value)
    assert f"runtime-pilot {VERSION} understands is" in str(refused.value)
    assert refused.value.hint == (
        "install the version that wrote it, or a later one: pip install --upgrade 'runtime-pilot>=9.4.0'"
    )


def test_the_name_of_a_writer_is_never_a_command(tmp_path):
    root = shutil.copytree(RELEASED / "0.1.0", tmp_path / "pilot")
    path = root / "evidence" / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 99, "written_by": "x; rm -rf /"}))

    with pytest.raises(TooNew) as refused:
        pipeline.decide(open_workspace(root), effort=LIGHT)
    assert refused.value.hint.endswith("pip install --upgrade runtime-pilot")


def unreadable(root, name="samples.parquet"):
    store = Store(root / "evidence")
    plan = store.plan()
    record = store.record(plan.blocks[1].runs[0], 1)
    (record.path / name).write_bytes(b"PAR1 no more")
    return store, plan, record


@pytest.mark.parametrize("name", ["samples.parquet", "run.json", "ledger.json"])
def test_one_unreadable_run_costs_its_block_and_nothing_else(released, name):
    store, plan, record = unreadable(released, name)
    data = load(store, plan)
    assert data.blocks_valid == (1, 3)
    assert [u.record.path for u in data.unread] == [record.path]
    outcome = pipeline.decide(open_workspace(released), effort=LIGHT)
    [said] = [d for d in all_said(outcome.doubts) if "attempt without data" in d]

    assert f"{record.path.relative_to(store.root)}/{name}" in said
    assert record.path in {one.path for one in outcome.findings.data.invalid}
    assert digests_of(record.path)
