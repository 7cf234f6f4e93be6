"""The command line: help for everything, one clear error each, the documented exit codes."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.analysis.decidable import Lacks, Unsettled
from harness.cli.app import COMMANDS, registered
from harness.cli.plan import _open
from harness.cli.up import ended_with
from harness.errors import Exit
from harness.evidence.files import write_text
from harness.planning import seal_of
from tests.builders import Pilot, lognormal
from tests.cli.inside import lighter, pilot


def apart(cwd, *words):
    return subprocess.run(
        [sys.executable, "-m", "harness", *words], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command, tmp_path):
    done = pilot(tmp_path, command, "--help")

    assert done.returncode == 0
    assert "Usage: pilot" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("plan",), "no pilot.toml"),
        (("nonsense",), "No such command"),
        (("plan", "--nope"), "No such option"),
        (("up",), "Missing argument"),
    ],
)
def test_what_is_refused_exits_with_2_and_one_message(tmp_path, words, says):
    done = pilot(tmp_path, *words)

    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


NO_WORKSPACE = {"init", "demo", "prices", "compare", "verify"}
NEEDED = {"race": ("x",), "up": ("x",), "cold": ("x",), "time": ("x", "deploy", "--", "true")}


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in NO_WORKSPACE])
def test_without_a_workspace_every_command_says_how_to_make_one(command, tmp_path):
    done = pilot(tmp_path, command, *NEEDED.get(command, ()))

    assert done.returncode == 2
    assert "pilot init DIR makes a workspace" in done.stderr


def test_the_version_is_the_packages(tmp_path):
    done = pilot(tmp_path, "--version")
    assert (done.returncode, done.stdout) == (0, f"pilot {version('runtime-pilot')}\n")


def test_every_summary_is_whole_and_the_docs_are_where_it_says(tmp_path):
    said = pilot(tmp_path, "--help").stdout
    flat = " ".join(said.split())

    assert "..." not in said.partition("Commands:")[2]
    for command in registered().registered_commands:
        summary = " ".join(command.callback.__doc__.split())
        assert summary in flat, command.name
    assert Path(said.split("Docs: ")[1].strip(), "tutorial.md").is_file()


def test_a_run_without_a_seal_is_refused(tmp_path):
    Pilot(tmp_path).workspace()
    done = apart(tmp_path, "run", "--now")

    assert done.returncode == 2
    assert "pilot plan --seal" in done.stderr


def test_a_plan_says_in_words_what_it_cannot_settle():
    head, line = _open((Unsettled("steady", "error rate", Lacks.REQUESTS, 240, 368),))

    assert head == "these stay INCONCLUSIVE even if every answer is good:"
    assert "error rate under steady: 240 measured requests planned on each target, 368 needed" in line


def test_decide_prints_one_document_and_its_exit_code_is_the_gate(tmp_path, monkeypatch):
    lighter(monkeypatch.setattr)
    made = Pilot(tmp_path, laws={"alpha": lognormal(), "beta": lognormal(median_s=0.2)})
    workspace, plan, store = made.write()
    seal = seal_of(workspace, plan)
    store.write_seal(seal.digest, dict(seal.content))
    wrong = pilot(tmp_path, "decide", "--expect-seal", "sha256:0")
    right = pilot(tmp_path, "decide", "--json", "--expect-seal", seal.digest)

    assert json.loads(right.stdout)["recommendation"] == "candidate"
    assert (wrong.returncode, right.returncode) == (5, 0)
    assert "the seal is sha256:" in wrong.stderr


def test_the_board_says_what_comes_next(tmp_path):
    made = Pilot(tmp_path)
    made.workspace()
    assert "next: pilot check" in pilot(tmp_path, "status").stdout
    workspace, plan, store = made.write()
    seal = seal_of(workspace, plan)
    store.write_seal(seal.digest, dict(seal.content))
    board = json.loads(pilot(tmp_path, "status", "--json").stdout)

    assert board["next_command"] == "pilot decide", "no target has a source to collect from"
    assert board["uncollected"] == 0
    assert board["calibrated"] is None
    assert [b["state"] for b in board["blocks"]] == ["done"] * 6


def test_broken_files_exit_with_2_and_name_every_problem(tmp_path):
    (tmp_path / "pilot.toml").write_text("[pilot]\nblocks = 'many'\n")
    done = pilot(tmp_path, "status")

    assert done.returncode == 2
    assert done.stderr.count("\n  - ") >= 4


def test_the_demo_leaves_other_peoples_folders_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    done = pilot(tmp_path, "demo", "mine")

    assert done.returncode == 2
    assert (tmp_path / "mine" / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("report", "--out", "file"), "--out file is not a folder"),
        (("report", "--out", "file/below"), "--out file/below: "),
        (("report", "--out", "loop"), "--out loop is not a folder"),
        (("report", "--table", "slos", "--out", "new"), "--table only prints; it cannot be combined with --out"),
        (("dashboards", "--out", "file"), "--out file is not a folder"),
        (("init", "file"), "file is not a folder"),
        (("init", "loop"), "loop is not a folder"),
        (("demo", "file"), "file is not a folder"),
        (
            ("check", "--trace", "alpha", "beta", "--path", "/ask"),
            "follows one request; it cannot be combined with beta, --path",
        ),
        (("check", "http://127.0.0.1:9", "--draft", "file/x.toml"), "--draft file is not a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_before_any_work(tmp_path, words, says):
    Pilot(tmp_path).workspace()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    done = pilot(tmp_path, *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "\n  " in done.stderr, "and what to do"
    assert (tmp_path / "file").read_text() == "mine"


def test_a_file_that_cannot_be_written_is_named_as_it_was_asked_for(tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(OSError, match="there") as error:
        write_text(tmp_path / "there", "text")
    assert error.value.filename == str(tmp_path / "there")


@pytest.mark.parametrize(
    ("code", "told"), [(2, Exit.REFUSED), (0, Exit.FAILED), (-9, Exit.FAILED), (None, Exit.FAILED)]
)
def test_targets_that_were_killed_while_they_came_up_end_as_a_failure(code, told):
    assert ended_with(code) is told
