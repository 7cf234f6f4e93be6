"""What `pilot check URL` drafted: where it is written, and the command that takes it from there."""

import shlex

import pytest

from harness.workspace import open_workspace
from tests.cli.inside import pilot
from tests.peers.queued import Queued
from tests.peers.serving import serving
from tests.peers.start import oddchat

HOW = ("--path", "/api/ask", "--body", '{"question": "{prompt}"}', "--stream-path", "/api/ask/live")


def following(done):
    return shlex.split(done.stdout.rpartition("\nnext: pilot ")[2])


@pytest.mark.slow  # 15 s; tests/cli/test_check.py does it for one kind of API
def test_two_apis_of_their_own_become_a_workspace_by_what_the_commands_print(tmp_path):
    with oddchat(tmp_path) as one, oddchat(tmp_path) as other:
        checked = pilot(tmp_path, "check", one, other, *HOW)
        drafting = following(checked)
        written = pilot(tmp_path, *drafting)
        made = pilot(tmp_path, *following(written))
        held = pilot(tmp_path / "ours", "check")

    assert drafting == ["check", one, other, *HOW, "--draft", "drafts"]
    assert made.returncode == 0, made.stderr
    assert held.returncode == 0, held.stdout
    workspace = open_workspace(tmp_path / "ours")
    assert [target.base_url for target in workspace.measured()] == [one, other]
    assert {target.fields.path for target in workspace.measured()} == {"/api/ask"}


def test_nothing_follows_where_one_of_them_cannot_be_piloted(tmp_path):
    with oddchat(tmp_path) as one, serving(Queued) as other:
        assert "next:" not in pilot(tmp_path, "check", one, other).stdout


def test_a_draft_that_is_there_is_not_replaced(tmp_path):
    (tmp_path / "mine.toml").write_text("# mine")
    with oddchat(tmp_path) as one:
        done = pilot(tmp_path, "check", one, *HOW, "--draft", "mine.toml")

    assert done.returncode == 2
    assert "mine.toml already exists" in done.stderr
    assert (tmp_path / "mine.toml").read_text() == "# mine"


def test_a_draft_says_the_url_itself(tmp_path):
    draft = tmp_path / "a.toml"
    draft.write_text('base_url = "http://a.example"\ndialect = "openai-chat"\n[runtime]\nkind = "external"\n')
    done = pilot(tmp_path, "init", "ours", "--baseline-draft", "a.toml", "--baseline-model", "m")

    assert done.returncode == 2
    assert "--baseline-draft says its kind, dialect and model itself" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("base_url = ", "a.toml"),
        ('base_url = "http://a.example"\ndialect = "mapped"\n[runtime]\nkind = "external"\n', "mapping"),
        ('dialect = "openai-chat"\n', "base_url"),
    ],
)
def test_a_file_that_is_not_a_draft_is_refused(tmp_path, text, said):
    (tmp_path / "a.toml").write_text(text)
    done = pilot(tmp_path, "init", "ours", "--baseline-draft", "a.toml")

    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "ours").exists()
