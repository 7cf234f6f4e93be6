"""pilot plan says what it takes before anything is spent."""

import json

import pytest

from harness.analysis.outlook import outlook
from harness.cli.plan import expected, plan
from harness.errors import BadFile
from harness.evidence.store import Store
from harness.scaffold import write
from harness.scaffold.answers import Answers, Side
from harness.workspace import find
from tests.builders import with_corpus

PAIR = (Side("external", "http://a.example"), Side("external", "https://b.example/chat"))

pytestmark = pytest.mark.usefixtures("planned_soon")


@pytest.fixture
def folder(tmp_path, monkeypatch, corpus):
    def made(**changes):
        write(tmp_path / "ours", Answers(*PAIR, **changes))
        with_corpus(tmp_path / "ours", corpus)
        monkeypatch.chdir(tmp_path / "ours")
        return tmp_path / "ours" / "pilot.toml"

    return made


def test_a_new_pilot_says_blocks_hours_and_dollars_expected_and_at_worst(folder, capsys):
    folder()
    plan(as_json=True)
    said = json.loads(capsys.readouterr().out)
    worst = said["at_worst"]

    assert worst["blocks"] == 12
    assert len(said["expected"]) == 4
    for one in said["expected"]:
        assert 6 <= one["length"]["blocks"] <= 12
        assert 0 < one["hours"] <= worst["hours"]
    workspace = find()
    drawn = Store(workspace.evidence).plan()
    text = "\n".join(expected(outlook(workspace, drawn), drawn))
    assert "p95 33 % below its limit, blocks that differ by 5 %: about " in text
    assert "at worst, as where the two are nearly equal or p95 is near its limit: all 12 blocks" in text


def test_a_plan_that_is_measured_whole_expects_just_that(folder, capsys):
    path = folder()
    path.write_text(path.read_text().replace('stop      = "settled"', 'stop      = "never"'))
    plan(as_json=True)
    assert json.loads(capsys.readouterr().out)["expected"] == []


def test_a_plan_with_one_look_has_nothing_to_stop_at(folder, capsys):
    folder(quick=True)
    plan()
    assert "expected to stop" not in capsys.readouterr().out


def test_a_trace_whose_times_are_not_seconds_is_said(folder, capsys):
    path = folder()
    start_ms = 1_796_000_000_000
    rows = "".join(f"{start_ms + k * 600_000}\n" for k in range(7 * 144))
    (path.parent / "week.csv").write_text("timestamp\n" + rows)
    text = path.read_text()
    head = text.index("\n", text.index("\n[traffic]") + 1)
    path.write_text(f'{text[:head]}\ntrace = "week.csv"{text[head:]}')
    plan()

    assert "week.csv: times read as milliseconds" in capsys.readouterr().out.splitlines()


def test_a_default_plan_fits_its_own_default_budget(tmp_path, monkeypatch, corpus, capsys):
    """A replay's tokens were counted at list price: it forecast 314 dollars against 50, and would have stopped on day 6."""
    answers = Answers(Side("local_container"), Side("local_function"))
    write(tmp_path / "ours", answers)
    monkeypatch.chdir(with_corpus(tmp_path / "ours", corpus))
    plan(as_json=True)

    assert 0 < float(json.loads(capsys.readouterr().out)["at_worst"]["usd"]) < answers.budget_usd


SENDERS = """
[generator]
kind = "hosts"
address = "10.0.0.5"
[generator.hosts]
one = ["ssh", "one"]
[on.aws]
region = "us-east-1"
until = "2099-12-11"
"""


def test_a_plan_says_what_it_costs_before_anything_is_deployed(tmp_path, monkeypatch, corpus, capsys):
    for name in ("RAG_LAMBDA_URL", "RAG_FARGATE_URL", "RAG_LOAD_BALANCER"):
        monkeypatch.delenv(name, raising=False)
    write(tmp_path / "ours", Answers(Side("aws_fargate"), Side("aws_lambda"), quick=True))
    monkeypatch.chdir(with_corpus(tmp_path / "ours", corpus))
    toml = tmp_path / "ours" / "pilot.toml"
    toml.write_text(toml.read_text() + SENDERS)
    plan()

    said = capsys.readouterr().out
    assert "of it by what is deployed for" in said
    assert "of it by c7i.large of [on.aws] for" in said
    assert "hosts generators: no price is known (no price book knows these machines" in said
    with pytest.raises(BadFile, match="RAG_LAMBDA_URL is not set"):
        plan(seal=True)
