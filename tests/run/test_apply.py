"""A setting is applied by the team's own commands, once while it is on, and held to what the control plane then says."""

import sys

import pytest

from harness.campaign.progress import Progress
from harness.domain.sweep import Setting, Sweep
from harness.domain.target import Dialect, Target
from harness.errors import PilotError
from harness.evidence.store import Store
from harness.platforms.external.config import External
from harness.run.apply import Applied


class Plane:
    """A control side that says what it is told to say."""

    def __init__(self, **said):
        self.said = said
        self.waited = 0

    def facts(self):
        return self.said

    def wait_ready(self):
        self.waited += 1


def writes(text):
    return (sys.executable, "-c", f"open('applied', 'a').write({text!r})")


def applied(tmp_path, *settings):
    sweep = Sweep("alpha", settings, "0" * 64, ())
    return Applied(sweep, Store(tmp_path / "e"), tmp_path, tmp_path / "words.log", Progress(quiet=True))


def named(setting):
    return Target(f"alpha@{setting}", None, Dialect.RAG_CHAT, External())


def test_commands_run_in_the_workspace_once_while_the_setting_is_on(tmp_path):
    plane = Plane()
    apply = applied(tmp_path, Setting("a", {}, (writes("a"), writes("b"))), Setting("c", {}, (writes("c"),)))
    for name in ("a", "a", "c", "a"):
        apply(named(name), plane)

    assert (tmp_path / "applied").read_text() == "abcab"
    assert plane.waited == 3
    assert [e["setting"] for e in Store(tmp_path / "e").journal()] == ["a", "c", "a"]


def test_a_command_that_fails_ends_it_and_its_words_are_kept(tmp_path):
    fails = (sys.executable, "-c", "import sys; print('no such stack'); sys.exit(254)")
    with pytest.raises(PilotError, match="ended with 254") as error:
        applied(tmp_path, Setting("a", {}, (fails,)))(named("a"), Plane())

    assert "words.log" in error.value.hint
    assert (tmp_path / "words.log").read_text() == "no such stack\n"


def test_what_is_no_command_is_named(tmp_path):
    with pytest.raises(PilotError, match=r"no-such-command.*No such file"):
        applied(tmp_path, Setting("a", {}, (("no-such-command",),)))(named("a"), Plane())


def test_a_control_plane_that_says_something_else_ends_it(tmp_path):
    setting = Setting("a", {}, (), {"MemorySize": 1024, "limits.cpu": 2})
    with pytest.raises(PilotError) as error:
        applied(tmp_path, setting)(named("a"), Plane(MemorySize=1769, limits={}))

    assert "MemorySize is 1769, not 1024; limits.cpu is untold, not 2" in str(error.value)


def test_numbers_are_the_same_however_a_control_plane_writes_them(tmp_path):
    setting = Setting("a", {}, (), {"cpu": 1.0, "memory": "2Gi", "tasks": 2})
    applied(tmp_path, setting)(named("a"), Plane(cpu="1", memory="2Gi", tasks=2.0))


def test_a_setting_that_was_not_applied_is_tried_again_at_the_next_run(tmp_path):
    plane = Plane(x=1)
    apply = applied(tmp_path, Setting("a", {}, (writes("a"),), {"x": 2}))
    with pytest.raises(PilotError):
        apply(named("a"), plane)
    plane.said = {"x": 2}
    apply(named("a"), plane)

    assert (tmp_path / "applied").read_text() == "aa"
