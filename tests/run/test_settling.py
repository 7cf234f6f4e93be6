"""Paired blocks end at the sealed look at which more of them change nothing; experiments go on."""

import json
import shutil

import pytest

from harness import pipeline
from harness.campaign.progress import Progress
from harness.cli.run import run as run_command
from harness.errors import BadFile
from harness.evidence.early_end import EarlyEnd, early_end
from harness.planning import Seal, seal_of
from harness.run.settling import Stopping
from harness.words import all_said
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot, lognormal

pytestmark = pytest.mark.usefixtures("lightly")
FASTER = {"alpha": lognormal(), "beta": lognormal(median_s=0.2)}
END = EarlyEnd(1, 3, 6, "the gates decide")


def measured(folder, blocks, laws=None, stop="settled", tracks=None):
    """Twelve blocks are planned and sealed, the first so many measured."""
    made = Pilot(folder, blocks=12, laws=laws or FASTER, tracks=tracks or {})
    _, plan, store = made.write()
    path = folder / "pilot.toml"
    path.write_text(path.read_text().replace("blocks = 12", f'blocks = 12\nstop = "{stop}"'))
    workspace = open_workspace(folder)
    for unit in plan.units:
        if unit.number > blocks:
            shutil.rmtree(store.attempt_folder(unit.number, 1).parent)
    seal = seal_of(workspace, plan)
    store.write_seal(seal.digest, dict(seal.content))
    store.note(pipeline.CHECKED, checks=1)
    return workspace, plan, store


def run(workspace):
    with Progress(quiet=True) as progress:
        return pipeline.run(workspace, progress, now=True)


@pytest.fixture(scope="module")
def ended(lightly, tmp_path_factory):
    """At its first look: beta is cheaper and faster, and both keep every promise."""
    workspace, _, store = measured(tmp_path_factory.mktemp("ended"), 6)
    return workspace, store, run(workspace)


def test_a_pilot_whose_answer_is_settled_at_its_first_look_leaves_the_other_blocks_out(ended):
    """Nothing is sent for the six blocks that are left."""
    _, store, tally = ended

    assert (tally.blocks_valid, tally.blocks_left, tally.not_needed) == (6, 0, 6)
    ended = early_end(store.journal())
    assert (ended.look, ended.of, ended.blocks, ended.not_needed) == (1, 3, 6, (7, 8, 9, 10, 11, 12))
    assert ended.because == "every promise and primary comparison is decided"


def test_what_was_left_out_is_told_by_status_decide_and_report_and_is_not_missing(ended, tmp_path, monkeypatch, capsys):
    workspace, _, _ = ended
    board = pipeline.status(workspace)
    outcome, page = pipeline.report(workspace, tmp_path / "r", effort=LIGHT)
    said = json.loads((tmp_path / "r" / "decision.json").read_text())

    assert [line.state for line in board.blocks] == ["done"] * 6 + ["not needed"] * 6
    assert board.settled.startswith("settled at look 1 of 3 (6 blocks)")
    assert board.next_command == "pilot decide", "no target names a source"
    assert said["blocks"]["not_needed"] == [7, 8, 9, 10, 11, 12]
    assert said["settled"] == "every promise and primary comparison is decided"
    assert not any("not measured or are not valid" in doubt for doubt in all_said(outcome.doubts))
    assert any("6 of 12 planned blocks were not needed" in doubt for doubt in all_said(outcome.doubts))
    assert any("biased away from its limit" in doubt for doubt in all_said(outcome.doubts))
    assert "6 not needed: settled at look 1 of 3" in page.read_text()
    assert "6 not needed: settled at look 1 of 3" in (tmp_path / "r" / "decision-record.md").read_text()
    monkeypatch.chdir(workspace.root)
    run_command(now=True)
    assert "6 blocks valid, 0 given up, 0 left, 6 not needed" in capsys.readouterr().out


@pytest.mark.parametrize("stop", ["never", "settled"])
def test_only_what_was_sealed_allows_it(tmp_path, stop):
    """pilot.toml says the other since the seal, which changes nothing but is listed."""
    workspace, _, store = measured(tmp_path, 6, stop=stop)
    other = {"never": "settled", "settled": "never"}[stop]
    path = tmp_path / "pilot.toml"
    path.write_text(path.read_text().replace(f'stop = "{stop}"', f'stop = "{other}"') + "[limits]\nbudget_usd = 0\n")
    changed = open_workspace(workspace.root)
    if stop == "settled":
        assert run(changed).not_needed == 6
    else:  # it would measure on: with no budget left that is refused before anything is sent
        with pytest.raises(Exception, match=r"limits\.budget_usd"):
            run(changed)
    assert any("pilot.stop" in change for line in store.journal() for change in line.get("changes", ()))


def test_a_promise_that_was_changed_since_the_seal_ends_nothing(tmp_path):
    """Else whoever loosens it would save the blocks that could have told."""
    workspace, plan, _ = measured(tmp_path, 6)
    sealed = Seal("", seal_of(workspace, plan).content)
    path = tmp_path / "pilot.toml"
    path.write_text(path.read_text().replace("p95_s = 2.0", "p95_s = 3.0", 1))
    said = pipeline.ending(open_workspace(tmp_path), sealed)

    assert said == ("sealed criteria were changed (slo.p95_s: 2.0 → 3.0)",)
    path.write_text(path.read_text().replace("p95_s = 3.0", "p95_s = 2.0", 1) + "[limits]\nbudget_usd = 90\n")
    assert isinstance(pipeline.ending(open_workspace(tmp_path), sealed), EarlyEnd), "a budget judges nothing"


def test_a_seal_from_before_there_was_a_choice_has_the_same_digest(tmp_path):
    workspace, plan, _ = Pilot(tmp_path).write()
    assert "stop" not in seal_of(workspace, plan).content["pilot"]


def stopping(measured_, ask, words=None):
    _, plan, store = measured_
    progress = Progress(quiet=True)
    if words is not None:
        progress.say = words.append
    return Stopping(plan, store, progress, ask), plan, store


def test_before_the_first_look_nobody_asks(tmp_path):
    made, plan, _ = stopping(measured(tmp_path, 5), lambda: 1 / 0)
    assert not made.leaves_out(plan.blocks[5])


def test_experiments_go_on(tmp_path):
    track = {"keepalive": {"alpha": ([], {}), "beta": ([], {})}}
    made, plan, _ = stopping(measured(tmp_path, 6, tracks=track), lambda: END)

    assert made.leaves_out(plan.blocks[6])
    assert not made.leaves_out(plan.tracks[0])
    assert [unit.number for unit in made.needed(plan.units)] == [1, 2, 3, 4, 5, 6, 13]


def test_what_is_open_is_said_once_and_asked_again_before_each_block(tmp_path):
    words, answers = [], [("p95 under steady of beta (the interval contains the limit)",)] * 2 + [END]
    made, plan, store = stopping(measured(tmp_path, 6), lambda: answers.pop(0), words)

    assert [made.leaves_out(block) for block in plan.blocks[6:]] == [False, False, True, True, True, True]
    assert words[0] == "look 1 of 3 (6 blocks): open: p95 under steady of beta (the interval contains the limit)"
    assert len(words) == 2
    assert early_end(store.journal()).not_needed == (7, 8, 9, 10, 11, 12)


def test_an_error_in_the_answer_leaves_nothing_out(tmp_path):
    words = []

    def broken():
        raise BadFile("samples.parquet", [])

    made, plan, store = stopping(measured(tmp_path, 6), broken, words)
    assert not made.leaves_out(plan.blocks[6])
    assert words[0].startswith("can't tell whether the answer is settled")
    assert early_end(store.journal()) is None


def test_an_answer_that_is_open_again_takes_the_blocks_back(tmp_path):
    """An A/A run that ended later calls the harness biased, say."""
    found = measured(tmp_path, 6)
    first, plan, store = stopping(found, lambda: END)
    assert first.leaves_out(plan.blocks[6])
    again, _, _ = stopping(found, lambda: ("the comparison (the harness is biased)",))
    assert not again.leaves_out(plan.blocks[6])

    assert early_end(store.journal()) is None
    assert "not needed" not in {line.state for line in pipeline.status(found[0]).blocks}
