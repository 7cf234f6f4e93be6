"""``pilot check URL``: its options, what it prints, and its exit codes."""

import json
import tomllib

import pytest

from harness.cli.told import HowAsked
from harness.errors import Exit, Refused
from tests.check.test_draft import own
from tests.check.test_recognise import completion
from tests.cli.test_cli import pilot
from tests.peers.raw import raw, whole

pytestmark = pytest.mark.usefixtures("planned_soon")


@pytest.fixture
def team():
    with raw(own) as url:
        yield url


def test_an_endpoint_that_keeps_its_dialect_ends_in_0(tmp_path):
    with raw(completion) as url:
        done = pilot(tmp_path, "check", url)
    assert done.returncode == Exit.DONE, done.stdout
    assert "pass       API dialect: openai-chat" in done.stdout
    assert "requests of this check: 5 in all" in done.stdout


def test_one_that_is_busy_ends_in_cant_tell_with_its_own_words(tmp_path):
    with raw(lambda _: whole({"error": {"message": "quota used up"}}, "429 Busy", more=["Retry-After: 9"])) as url:
        done = pilot(tmp_path, "check", url)
    assert done.returncode == Exit.CANT_TELL
    assert "can't tell now: answered 429" in done.stdout
    assert 'it said: 429 application/json: {"error": {"message": "quota used up"}}' in done.stdout
    assert "to do: check again after 9 s" in done.stdout


def test_a_machine_reads_the_same(tmp_path, team):
    done = pilot(tmp_path, "check", team, "--json")
    groups = json.loads(done.stdout)
    seen = groups[team][0]
    assert (seen["name"], seen["answer"]) == ("API dialect", "pass")
    assert {"detail", "said", "mend"} <= set(seen)
    drafted = groups[f"evidence of {team}"][-1]
    assert tomllib.loads(drafted["detail"])["dialect"] == "mapped"


def test_two_apis_of_a_teams_own_become_a_workspace_by_what_is_printed(tmp_path):
    with raw(own) as one, raw(own) as other:
        first = pilot(tmp_path, "check", one, other)
        assert "--draft drafts" in first.stdout.splitlines()[-1]
        second = pilot(tmp_path, "check", one, other, "--draft", "drafts")
        [line] = [line for line in second.stdout.splitlines() if line.startswith("next: pilot init ")]
        made = pilot(tmp_path, *line.removeprefix("next: pilot ").split())
        assert made.returncode == Exit.DONE, made.stderr
        checked = pilot(tmp_path / "ours", "check")
    assert checked.returncode == Exit.DONE, checked.stdout + checked.stderr


def test_a_draft_replaces_no_file(tmp_path, team):
    (tmp_path / "there.toml").write_text("mine")
    done = pilot(tmp_path, "check", team, "--draft", "there.toml")
    assert done.returncode == Exit.REFUSED
    assert (tmp_path / "there.toml").read_text() == "mine"


def test_options_of_a_url_are_refused_for_a_target(tmp_path):
    done = pilot(tmp_path, "check", "alpha", "--path", "/ask", "--draft", "x.toml")
    assert done.returncode == Exit.REFUSED
    assert "--path, --draft: only for a URL" in done.stderr


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"body": "{}"}, "--body requires --path or --dialect"),
        ({"path": "/a", "body": "{nope"}, "--body is not valid JSON"),
        ({"path": "/a", "body": "[]"}, "--body is not a JSON object"),
        ({"path": "/a", "body": "@/nowhere.json"}, "No such file"),
        ({"header": ["X-Key"]}, "--header must be NAME=VALUE"),
        ({"auth": "aws-sigv4 eu-west-1"}, "--auth must be NAME=VALUE"),
        ({"api": ["assistant=agent"]}, "--api requires --dialect"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(given, words):
    def meant():
        how = HowAsked(**given)
        return how.told(), how.asking()

    with pytest.raises(Refused, match=words):
        meant()


def test_options_say_what_a_target_toml_would():
    how = HowAsked(
        header=["X-Tenant=blue"], auth="aws-sigv4 region=eu-west-1", dialect="langgraph", api=["assistant=agent"]
    )
    assert how.told().tables == {
        "headers": {"X-Tenant": "blue"},
        "auth": {"kind": "aws-sigv4", "region": "eu-west-1"},
        "api": {"assistant": "agent"},
        "dialect": "langgraph",
    }
    other = HowAsked(dialect="openai-chat", path="/api/v1/chat/completions", model="m")
    assert other.told().tables == {
        "dialect": "openai-chat",
        "model": "m",
        "openai": {"path": "/api/v1/chat/completions"},
    }
