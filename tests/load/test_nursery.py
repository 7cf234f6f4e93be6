"""Runs begun as forks of one process: what they inherit, how they end, and who hears of it."""

import json

import psutil
import pytest

from harness.errors import PilotError
from harness.launch import Launcher
from tests.fakes import ScriptedServer
from tests.suite.waiting import until

LOCUSTFILE = """
from harness.load import ChatUser, arrivals

class Short(ChatUser):
    schedule = arrivals.constant(rate=10).during(0.5)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("nursery")
    (root / "short.py").write_text(LOCUSTFILE)
    question = {"id": "q", "messages": [{"role": "user", "content": "ok"}]}
    (root / "questions.jsonl").write_text(json.dumps(question) + "\n")
    return root


@pytest.fixture(scope="module")
def launcher(folder):
    with Launcher(folder, folder / "nursery.err") as made:
        yield made


@pytest.fixture(scope="module")
def server():
    made = ScriptedServer()
    yield made
    made.close()


def begin(launcher, folder, server, name, *more, env=()):
    argv = ["-f", "short.py", "--headless", "--only-summary", "--host", server.url, "--questions", "questions.jsonl"]
    return launcher.begin([*argv, "--evidence", str(folder / name), *more], dict(env), folder / f"{name}.log")


def test_a_run_ends_with_its_own_code_words_and_evidence(launcher, folder, server):
    launched = begin(launcher, folder, server, "one")

    assert launched.wait(60)
    assert launched.code == 0, (folder / "one.log").read_text()
    assert json.loads((folder / "one" / "ledger.json").read_text())["planned"] == 5
    assert "VALID" in (folder / "one.log").read_text()


def test_what_is_refused_is_refused_by_that_run_alone(launcher, folder, server):
    refused, fine = (
        begin(launcher, folder, server, name, *more) for name, more in (("no", ["--rate", "-1"]), ("yes", []))
    )

    assert refused.wait(60)
    assert fine.wait(60)
    assert (refused.code, fine.code) == (2, 0)
    assert "--rate" in (folder / "no.log").read_text()
    assert "--rate" not in (folder / "yes.log").read_text()


def test_no_run_inherits_what_the_one_before_it_was_told(launcher, folder, server):
    first = begin(launcher, folder, server, "told", env={"PILOT_LANE_URLS": "http://203.0.113.9:1"}.items())
    assert first.wait(60)
    second = begin(launcher, folder, server, "untold")
    assert second.wait(60)

    assert (first.code, second.code) == (2, 0)


def test_a_run_that_is_stopped_closes_its_ledger(launcher, folder, server):
    launched = begin(launcher, folder, server, "stopped", "--duration", "30")
    until((folder / "stopped" / "run.json").exists)
    launched.terminate()

    assert launched.code == 130
    assert json.loads((folder / "stopped" / "ledger.json").read_text())["stopped_by"].startswith("interrupted")


def test_when_the_nursery_is_killed_its_runs_stop_whoever_waits_is_told_and_another_begins_the_next(folder, server):
    with Launcher(folder, folder / "killed.err") as launcher:
        launched = begin(launcher, folder, server, "orphan", "--duration", "30")
        until((folder / "orphan" / "run.json").exists)
        psutil.Process(launched.pid).parent().kill()

        assert launched.wait(60)
        assert launched.code is None
        launched.outlived()
        assert not launched.running
        assert begin(launcher, folder, server, "next").wait(60)
    orphan = json.loads((folder / "orphan" / "ledger.json").read_text())
    assert orphan["stopped_by"] == "interrupted: the process that began the run is gone"
    assert json.loads((folder / "next" / "ledger.json").read_text())["planned"] == 5


def test_a_nursery_that_cannot_live_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "gevent.py").write_text("raise SystemExit('no gevent here')")
    with (
        Launcher(tmp_path, tmp_path / "words.err") as launcher,
        pytest.raises(PilotError, match="cannot be kept alive"),
    ):
        launcher.begin([], {}, tmp_path / "log")
    assert "no gevent here" in (tmp_path / "words.err").read_text()
