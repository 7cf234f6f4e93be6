"""The first line of a report that was rendered before the end, or of a machine that could not carry the load."""

import shutil
from datetime import UTC, datetime

from harness import pipeline
from harness.domain.ledger import GeneratorHealth
from harness.report.state import state
from harness.workspace import open_workspace
from tests.builders import LIGHT, sample, write_run


def said(pilot, change):
    _, plan, store = pilot.write()
    change(plan, store)
    return state(pipeline.decide(open_workspace(pilot.root), effort=LIGHT).findings, plan)


def without(first):
    """Blocks from this one on were not measured yet."""

    def change(plan, store):
        for block in plan.units[first - 1 :]:
            shutil.rmtree(store.attempt_folder(block.number, 1))

    return change


def test_a_pilot_that_is_done_says_nothing_of_its_state(pilot):
    assert said(pilot, lambda plan, store: None) == ()


def test_a_pilot_under_way_says_how_far_it_is_and_what_verdicts_need(pilot):
    assert said(pilot, without(3)) == ("2 of 6 blocks are valid; verdicts need 6.",)


def test_the_page_begins_with_it(pilot, tmp_path):
    _, plan, store = pilot.write()
    without(3)(plan, store)
    pipeline.report(open_workspace(pilot.root), tmp_path / "r", effort=LIGHT)
    html, text = ((tmp_path / "r" / f"report.{kind}").read_text() for kind in ("html", "md"))

    words = "2 of 6 blocks are valid; verdicts need 6."
    assert html.index(words) < html.index("Which runtime should serve it?", html.index("<body"))
    assert text.startswith(f"**{words}**")


def test_a_machine_that_could_not_carry_a_block_is_named_first(pilot):
    def spoil(plan, store):
        run = plan.blocks[0].runs[0]
        folder = store.run_folder(run, 1)
        shutil.rmtree(folder)
        started = datetime(2026, 11, 10, 9, tzinfo=UTC)
        write_run(folder, [sample(k) for k in range(20)], started, health=GeneratorHealth(no_free_slot=3))

    lines = said(pilot, spoil)

    assert lines[0].startswith("The machine that sends the load could not carry 1 of 6 blocks (")
    assert lines[0].endswith("it is INVALID, and nothing below is drawn from it.")
    assert lines[1] == "5 of 6 blocks are valid; verdicts need 6."
