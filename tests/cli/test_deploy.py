"""What ``pilot deploy`` refuses before it asks any account."""

from types import SimpleNamespace

import pytest

from harness.cli.deploy import _goes_on, _known, _minutes, _settings
from harness.errors import Refused
from harness.platforms.deploying import Step

MADE = SimpleNamespace(targets=(SimpleNamespace(name="aws_lambda"),))


@pytest.mark.parametrize("said", ["Tasks", "=4", "--Tasks=4"])
def test_a_setting_without_a_name_or_a_value_is_refused(said):
    with pytest.raises(Refused, match="is not NAME=VALUE"):
        _settings([said])


def test_a_setting_may_hold_further_equals_signs_or_nothing():
    assert _settings(["Url=https://x/?a=1", "Store="]) == {"Url": "https://x/?a=1", "Store": ""}
    assert _settings(["STORE_URL=postgresql://db"]) == {"STORE_URL": "postgresql://db"}


def test_an_unknown_builder_is_refused_with_those_there_are():
    with pytest.raises(Refused, match="unknown builder 'kaniko'") as error:
        _known("kaniko")
    assert "buildah" in error.value.hint


@pytest.mark.parametrize(
    ("minutes", "measured", "words"),
    [(0, False, ""), (0.5, False, "~1 min"), (0.2, True, "<1 min"), (4, True, "4 min")],
)
def test_a_step_of_seconds_does_not_take_0_minutes(minutes, measured, words):
    assert _minutes(Step("image", "build", minutes, measured)) == words


@pytest.mark.parametrize(("as_json", "why"), [(True, "--json does not ask"), (False, "no terminal to ask")])
def test_without_a_yes_nothing_is_done(as_json, why, monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: as_json))
    with pytest.raises(Refused, match=f"nothing was done: {why} for confirmation of aws_lambda") as error:
        _goes_on([], MADE, plan=False, yes=False, as_json=as_json, what="Deploy")
    assert "--yes" in error.value.hint
    assert _goes_on([], MADE, plan=False, yes=True, as_json=as_json, what="Deploy")
    assert not _goes_on([], MADE, plan=True, yes=True, as_json=as_json, what="Deploy")
