"""A provider that fails every request: noticed after the block, written down, asked before the next."""

import shutil

import pytest

from harness.analysis.dataset import load
from harness.campaign.progress import Progress
from harness.decision.doubts import doubts
from harness.decision.gather import gather
from harness.domain.ledger import only_upstream, unanswered
from harness.errors import Exit, LimitReached
from harness.evidence.events import CHECKED
from harness.run.drive import Driven
from harness.run.execute import Campaign
from harness.run.silence import MOST_UNANSWERED, note_silence, note_unanswered, stopped, unheard
from harness.words import all_said
from tests.builders import LIGHT, Pilot, failed, sample


def dead(n=20):
    return [failed(k, "upstream_error", scheduled_s=k * 0.05) for k in range(n)]


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ({"upstream_error": 20}, True),
        ({"upstream_error": 15, "upstream_throttled": 5, "not_sent": 3}, True),
        ({"upstream_error": 19, "ok": 1}, False),
        ({"upstream_error": 4}, False),
        ({"connection_error": 20}, False),
        ({}, False),
    ],
)
def test_only_what_failed_wholly_and_by_the_provider_is_silent(outcomes, told):
    assert only_upstream(outcomes) is told


def test_a_block_of_a_dead_provider_stays_valid_and_says_how_to_go_on(tmp_path):
    pilot = Pilot(tmp_path, blocks=2)
    pilot._samples = lambda run: dead() if run.block == 1 else [sample(k) for k in range(20)]
    _, plan, store = pilot.write()
    words = note_silence(store, plan.blocks[0], 1)

    assert words == "block 1: the provider failed every request of steady on alpha and of steady on beta"
    assert store.valid_attempt(plan.blocks[0]) == 1
    assert note_silence(store, plan.blocks[1], 1) is None
    assert stopped(words, "pilot run").exit_code == Exit.LIMIT
    assert "pilot run checks it and goes on" in (stopped(words, "pilot run").hint or "")


def test_the_contract_is_checked_again_before_anything_more_is_sent(tmp_path):
    pilot = Pilot(tmp_path, blocks=2)
    pilot._samples = lambda run: dead()
    _, plan, store = pilot.write()
    store.note(CHECKED, checks=1)
    assert not unheard(store.journal())
    note_silence(store, plan.blocks[0], 1)

    assert unheard(store.journal())
    store.note(CHECKED, checks=1)
    assert not unheard(store.journal())


def test_runs_that_the_provider_failed_count_and_are_doubted(tmp_path):
    pilot = Pilot(tmp_path, blocks=2)
    pilot._samples = lambda run: dead() if run.block == 1 else [sample(k) for k in range(20)]
    workspace, plan, store = pilot.write()
    found = all_said(doubts(workspace, plan, store, gather(workspace, load(store, plan), store, plan, effort=LIGHT)))

    assert "In 2 of 4 runs the provider failed every request; they count, but say nothing about the runtimes." in found


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ({"upstream_error": 20}, True),
        ({"connection_error": 20}, True),
        ({"throttled": 96, "ok": 4}, True),
        ({"throttled": 90, "ok": 10}, False),
        ({"overloaded": 4}, False),
        ({"not_sent": 50, "ok": 1}, False),
        ({"ok": 20}, False),
        ({}, False),
    ],
)
def test_nearly_nothing_answered_is_told_by_what_was_sent(outcomes, told):
    assert unanswered(outcomes) is told


def broken(n=20):
    return [failed(k, "connection_error", scheduled_s=k * 0.05) for k in range(n)]


def test_a_bad_image_ends_a_campaign_after_three_runs_that_are_kept_and_count(tmp_path):
    pilot = Pilot(tmp_path, blocks=MOST_UNANSWERED, kept=True)
    pilot._samples = lambda run: broken() if run.target == "beta" else [sample(k) for k in range(20)]
    _, plan, store = pilot.write()
    found = note_unanswered(store, plan)

    assert found.words == "beta answered (nearly) nothing in 3 runs in a row"
    assert found.stopped("pilot run").exit_code == Exit.LIMIT
    assert "pilot doctor beta" in found.stopped("pilot run").hint
    assert "these runs are kept and count" in str(found.stopped("pilot run"))
    assert all(store.valid_attempt(block) == 1 for block in plan.blocks)
    assert unheard(store.journal())


@pytest.mark.parametrize(
    ("spoilt", "says"), [(1, "kept, and 2 count; the blocks of the others are INVALID"), (3, "do not count")]
)
def test_unanswered_runs_of_invalid_blocks_are_not_said_to_count(tmp_path, spoilt, says):
    pilot = Pilot(tmp_path, blocks=MOST_UNANSWERED, kept=True)
    pilot._samples = lambda run: broken() if run.target == "beta" else [sample(k) for k in range(20)]
    _, plan, store = pilot.write()
    for block in plan.blocks[:spoilt]:
        [run] = [run for run in block.runs if run.target == "beta"]
        path = store.run_folder(run, 1) / "ledger.json"
        path.write_text(path.read_text().replace('"valid": true', '"valid": false'))

    assert says in str(note_unanswered(store, plan).stopped("pilot run"))


def test_a_run_that_was_answered_or_a_contract_that_was_checked_begins_the_count_anew(tmp_path):
    pilot = Pilot(tmp_path, blocks=4, kept=True)
    pilot._samples = lambda run: [sample(k) for k in range(20)] if run.block == 3 else broken()
    _, plan, store = pilot.write()
    assert note_unanswered(store, plan) is None  # two, an answer, one

    (tmp_path / "again").mkdir()
    again = Pilot(tmp_path / "again", blocks=4, kept=True)
    again._samples = lambda run: broken()
    _, plan, store = again.write()
    store.note(CHECKED, checks=1)
    assert note_unanswered(store, plan) is None


def dead_image(tmp_path, **more):
    """A campaign whose candidate answered nothing in three blocks of four, and nothing was measured of the last."""
    pilot = Pilot(tmp_path, blocks=4, kept=True)
    pilot._samples = lambda run: broken() if run.target == "beta" else [sample(k) for k in range(20)]
    workspace, plan, store = pilot.write()
    shutil.rmtree(store.root / "blocks" / "b04")
    return Campaign(workspace, plan, store, Progress(), **more), plan, store


def test_a_campaign_stops_between_blocks_and_says_what_to_do(tmp_path):
    campaign, plan, store = dead_image(tmp_path)
    with pytest.raises(LimitReached, match="beta answered") as stop:
        campaign._hear(plan.blocks[2], plan.units)

    assert stop.value.exit_code == Exit.LIMIT
    assert "pilot run checks the contract and goes on" in stop.value.hint
    assert store.valid_attempt(plan.blocks[2]) == 1


def test_a_setting_of_a_sweep_that_answers_nothing_ends_nothing(tmp_path):
    campaign, plan, _ = dead_image(tmp_path, of=Driven((), command="pilot sweep", stops_unanswered=False))

    campaign._hear(plan.blocks[2], plan.units)
