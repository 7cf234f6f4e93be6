"""A run's last word, whatever stands in its samples, its target's answers or its way."""

import json

import orjson
import pytest

from harness.domain.ledger import close
from harness.domain.reasons.fault import NotClosed
from harness.domain.sample import COLUMNS
from harness.evidence.last_word import last_word
from harness.evidence.run_folder import JOBS_SPOOL, RunFolder
from tests.builders import sample


def deep(levels=100_000):
    value = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "run")
    made.open()
    return made


def ledger_of(folder):
    return json.loads((folder.path / "ledger.json").read_text())


@pytest.mark.parametrize("meta", [deep(), {"x": "\ud800"}, {"x": float("nan")}, {1: {2: {"y"}}}, {"x": object()}])
def test_whatever_a_target_says_of_itself_the_ledger_is_written(folder, meta):
    folder.write_target({"name": "t", "meta": meta})
    folder.close(close(0, {}, [], health=last_word(folder.path, []).health))

    assert ledger_of(folder)["planned"] == 0


@pytest.mark.parametrize("value", [2**63, 2**200, "\ud800", [[]], 1e300])
def test_whatever_a_sample_holds_the_samples_that_were_spooled_are_counted(folder, value):
    rows = [sample(k).row() for k in range(3)]
    bad = list(rows[1])
    bad[COLUMNS.index("input_tokens")] = value
    folder.append(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    folder.write_samples(iter([[rows[0], bad, rows[2]]]), [])

    ledger = last_word(folder.path, [NotClosed("a value")], planned=4)
    folder.close(ledger)
    assert ledger_of(folder)["outcomes"] in ({"ok": 3, "lost": 1}, {"lost": 1, "ok": 3})
    assert not list(folder.path.glob("*.partial"))


def test_jobs_that_cannot_be_read_any_more_are_not_told_as_none(tmp_path):
    """A folder stands where the lines of jobs were: no state of any job is known, which is no run without jobs."""
    made = RunFolder(tmp_path / "run")
    made.open(jobs=True)
    (made.path / JOBS_SPOOL).unlink()
    (made.path / JOBS_SPOOL).mkdir()
    ledger = last_word(made.path, [NotClosed("a value")], planned=4)
    made.close(ledger)

    assert ledger.jobs is None
    assert "jobs_not_read" in ledger_of(made)["reason_kinds"]
    assert any(reason.startswith("what became of its jobs can't be told: ") for reason in ledger_of(made)["reasons"])
