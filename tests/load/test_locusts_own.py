"""Locust's own options: honoured, taken as ours or refused; none is ignored in silence."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import pytest

from tests.fakes import ScriptedServer
from tests.load.run import ROOT, STEADY, described, questions_file, run
from tests.suite import warm

TABLE = (ROOT / "docs" / "load.md").read_text().split("## Locust's own options", 1)[1].split("\n## ", 1)[0]
REFUSED = {
    ("--spawn-rate", "5"): "--spawn-rate: all slots start at once",
    ("-r", "5"): "--rate sets requests a second",
    ("--tags", "chat"): "--tags: a locustfile here has one user and one task",
    ("-E", "chat"): "--exclude-tags: a locustfile",
    ("--config-users", '{"user_class_name": "Steady"}'): "--config-users:",
    ("--class-picker",): "--class-picker:",
    ("--equal-weights",): "--equal-weights:",
    ("--profile", "burst"): "-f loadprofiles/NAME.py chooses the profile",
    ("--stop-timeout", "10"): "--stop-timeout: a run ends when its last answer is there",
    ("-s", "10"): "--stop-timeout:",
    ("--enable-rebalancing",): "--enable-rebalancing:",
    ("--otel",): "--otel: only Locust's own clients",
    ("-t", "10s", "--duration", "20"): "-t 10 and --duration 20: both say the same thing",
    ("-u", "10", "--slots", "20"): "-u 10 and --slots 20: both say the same thing",
    ("--exit-code-on-error", "3"): "want 0 to 255, and none of 2, 3, 4, 130",
    ("--exit-code-on-error", "256"): "want 0 to 255",
    ("--json", "--json-file", "x"): "--json with --json-file:",
}
ALL_WRONG = ("--tags", "x", "-r", "1", "--otel")
FROM_FILE = ("--config", "own.conf")
TAKEN = {("-t", "1m"): 60, ("--run-time", "90"): 90, ("--stop-timeout", "0"): None, ("--exit-code-on-error", "7"): None}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    server = ScriptedServer()
    yield folder, ["--host", server.url, "--questions", str(questions_file(folder, ["ok"]))]
    server.close()


@pytest.fixture(scope="module")
def told(place):
    """What each of these says, by its words: all of them asked in one process."""
    folder, given = place
    (folder / "own.conf").write_text("tags = chat\n")
    asked = [*REFUSED, *TAKEN, ALL_WRONG, FROM_FILE]
    said = described(folder, *([str(STEADY), *given, *options] for options in asked))
    return dict(zip(asked, said, strict=True))


def test_what_would_be_ignored_is_refused_with_what_to_use_instead(told):
    for options, words in REFUSED.items():
        said = told[options]
        assert said["code"] == 2
        assert words in said["err"]
        assert "Traceback" not in said["err"]


def test_all_that_is_wrong_is_said_at_once(told):
    assert all(f"{name}:" in told[ALL_WRONG]["err"] for name in ("--tags", "--spawn-rate", "--otel"))


def test_what_is_taken_as_ours_counts(told):
    for options, seconds in TAKEN.items():
        said = told[options]
        assert said["code"] == 0, said["err"]
        load = json.loads(said["out"])["load"]
        assert seconds is None or load["duration_s"] == seconds


def test_variables_and_config_files_are_held_to_the_same(place, told):
    folder, given = place
    [by_variable] = described(folder, [str(STEADY), *given], LOCUST_SPAWN_RATE="5")
    by_file = told[FROM_FILE]

    assert (by_variable["code"], by_file["code"]) == (2, 2)
    assert "--spawn-rate:" in by_variable["err"]
    assert "--tags:" in by_file["err"]


@pytest.mark.parametrize(("surroundings", "code"), [({}, 2), ({"PILOT_CAMPAIGN": "1"}, 0)])
def test_a_campaign_reads_no_config_file_that_lies_about(tmp_path, monkeypatch, surroundings, code):
    (tmp_path / "locust.conf").write_text("tags = chat\n")
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    done = warm.run("locust", "-f", str(STEADY), "--list", cwd=tmp_path)

    assert done.returncode == code, done.stderr
    assert ("--tags:" in done.stderr) is (code == 2)


def test_a_variable_that_no_option_reads_is_said(place):
    folder, given = place
    [said] = described(folder, [str(STEADY), *given], LOCUST_RATE="5", LOCUST_RUN_TIME="10s")

    assert said["code"] == 0
    assert said["err"].count("warning: LOCUST_") == 1
    assert "warning: LOCUST_RATE is read by no option" in said["err"]


def test_every_option_that_locust_has_is_decided_on():
    """A new version of Locust may bring one that would do nothing here."""
    code = (
        "import json, harness.load; from harness.load import locusts_own as own;"
        "from locust.argument_parser import get_empty_argument_parser as empty, setup_parser_arguments as all_of;"
        "p = empty(); all_of(p); known = {*own.HONOURED, *own.TAKEN, *own.REFUSED, *own.FORMER};"
        "print(json.dumps([[a.dest, max(a.option_strings, key=len, default=''), a.dest in known] for a in p._actions]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    options = json.loads(done.stdout)
    former = (
        "web_auth",
        "legacy_ui",
        "expect_slaves",
        "slave",
        "headful",
        "build_path",
        "web_host_display_name",
        "help",
    )

    assert [name for name, _, known in options if not known] == []
    assert [long for name, long, _ in options if long and name not in former and f"`{long}" not in TABLE] == []


@pytest.mark.parametrize("option", ["--list", "--show-task-ratio"])
def test_what_only_tells_needs_no_pilot(tmp_path, option):
    done = warm.run("locust", "-f", str(STEADY), option, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "SteadyUser" in done.stdout


# -- real runs


def test_failed_requests_end_in_the_code_that_was_asked_for_and_good_ones_in_0(tmp_path):
    codes = []
    for act in ("throttled by platform", "ok"):
        folder = tmp_path / act.split()[0]
        folder.mkdir()
        server = ScriptedServer()
        given = ["--host", server.url, "--questions", str(questions_file(folder, [act])), "--exit-code-on-error", "7"]
        done = run(folder, *given, "--rate", "10", "--duration", "1", "--warmup", "0")
        codes.append((done.code, done.json("ledger.json")["valid"]))
        server.close()

    assert [code for code, valid in codes if valid] == [c for c, (_, valid) in zip((7, 0), codes, strict=True) if valid]


def test_files_of_locusts_have_the_whole_run_and_workers_write_none(tmp_path):
    """The last interval too; with workers one of each, the master's."""
    server = ScriptedServer()
    given = ["--host", server.url, "--questions", str(questions_file(tmp_path, ["ok"])), "--mode", "json"]
    given += ["--rate", "20", "--duration", "1.5", "--warmup", "0", "--processes", "2"]
    files = [
        "--csv",
        str(tmp_path / "x"),
        "--json-file",
        str(tmp_path / "x"),
        "--html",
        str(tmp_path / "x.html"),
    ]
    done = run(tmp_path, *given, *files)
    server.close()
    with (tmp_path / "x_stats.csv").open() as file:
        rows = {row["Name"]: int(row["Request Count"]) for row in csv.DictReader(file)}
    with (tmp_path / "x_stats_history.csv").open() as file:
        last = list(csv.DictReader(file))[-1]

    assert done.code in (0, 3)
    assert rows["Aggregated"] == 30
    assert last["Total Request Count"] == "30"
    assert {row["name"]: row["num_requests"] for row in json.loads((tmp_path / "x.json").read_text())}["json"] == 30
    assert "<html" in (tmp_path / "x.html").read_text()
