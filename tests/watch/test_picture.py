"""What the live page is given while a block is measured, and afterwards."""

import json
from dataclasses import replace

import pytest

from harness.domain.plan import Purpose
from harness.errors import Refused
from harness.evidence.store import Store
from harness.watch.lane import MOST_DOTS, Lane
from harness.watch.picture import Picture
from harness.watch.shown import Wanted, bin_s
from tests.builders import Pilot, failed, sample
from tests.watch.live import LENGTH_S, RATE, Going


def answered(n, **more):
    return [sample(k, scheduled_s=k / RATE, response_s=0.3, instance_id=f"i{k % 3}", **more) for k in range(n)]


@pytest.fixture
def going(tmp_path):
    return Going(tmp_path)


def picture(going, judge=dict):
    return Picture(going.workspace, going.store, judge)


def test_what_was_appended_is_there_at_the_next_question(going):
    made = picture(going)
    before = made.now(Wanted())["shown"]["lanes"][1]
    going.append(*answered(40))
    after = made.now(Wanted())["shown"]["lanes"][1]
    going.append(failed(40, scheduled_s=4.0), failed(41, "server_error", scheduled_s=4.1))
    last = made.now(Wanted())["shown"]["lanes"][1]

    assert (before["answered"], after["answered"]) == (0, 40)
    assert (last["answered"], last["refused"], last["failed"], last["instances"]) == (40, 1, 1, 3)
    assert last["dots"][-1][3] == 2, "a failure stays in the picture"
    assert sum(row[0] for row in last["stretches"]) == 40
    assert (last["state"], last["valid"]) == ("going", None)


def test_half_a_line_waits_for_its_end(going):
    made = picture(going)
    with (going.folder / "samples.spool.jsonl").open("ab") as file:
        file.write(b"[0,")

    assert made.now(Wanted())["shown"]["lanes"][1]["answered"] == 0


def test_what_is_offered_is_drawn_from_the_run_itself_and_is_one_for_both(going):
    before_s = going.since_s
    shown = picture(going).now(Wanted())["shown"]

    assert sum(shown["offered"]) * shown["bin_s"] == RATE * LENGTH_S
    assert shown["length_s"] == LENGTH_S
    assert before_s >= 8
    assert int(before_s * RATE) <= shown["lanes"][1]["due"] <= going.since_s * RATE + 1


def test_a_page_gets_only_the_dots_that_it_has_not(going):
    going.append(*answered(30))
    made = picture(going)
    first = made.now(Wanted())["shown"]
    going.append(*answered(32)[30:])
    then = made.now(Wanted(key=first["key"], dots=(200, 30)))["shown"]
    other = made.now(Wanted(key="another", dots=(200, 30)))["shown"]

    assert [len(lane["dots"]) for lane in then["lanes"]] == [0, 2]
    assert [len(lane["dots"]) for lane in other["lanes"]] == [200, 32]


def test_the_block_in_progress_is_shown_until_somebody_looks_back(going):
    made = picture(going)
    now, back = made.now(Wanted()), made.now(Wanted(block=1))

    assert now["going"] == [{"block": 2, "track": None, "profile": "steady", "target": "beta", "attempt": 1}]
    assert (now["shown"]["block"], back["shown"]["block"]) == (2, 1)
    assert [lane["valid"] for lane in back["shown"]["lanes"]] == [True, True]


def test_what_is_left_is_what_the_plan_says_without_what_is_done(going):
    left = picture(going).now(Wanted())["left"]

    assert left["runs"] == 4 * 2 + 1
    assert 80 <= left["measuring_s"] <= 90, "nine runs of ten seconds, eight of them behind one"


def test_spend_grows_with_the_answers_and_the_total_has_the_run_that_goes(going):
    made = picture(going)
    going.append(*answered(80))
    said = made.now(Wanted())

    assert said["shown"]["lanes"][1]["spend"] == sorted(said["shown"]["lanes"][1]["spend"])
    assert said["spend"]["spent_usd"] == pytest.approx(3 * 0.5 + said["shown"]["lanes"][1]["spent_usd"], rel=0.01)


def test_no_verdict_and_no_difference_is_made_between_two_looks(tmp_path):
    asked = []

    def judge():
        asked.append(1)
        return {"rows": []}

    def keys(value):
        if isinstance(value, dict):
            return {*value, *(k for one in value.values() for k in keys(one))}
        return {k for one in value for k in keys(one)} if isinstance(value, list) else set()

    for name in ("early", "between"):
        (tmp_path / name).mkdir()
    said = picture(Going(tmp_path / "early", done=5, blocks=12), judge).now(Wanted())
    between = picture(Going(tmp_path / "between", done=7, blocks=12), judge)
    first, again = between.now(Wanted()), between.now(Wanted())

    assert said["looks"]["verdicts"] is None
    assert (said["looks"]["valid"], said["looks"]["following"]) == (5, 6)
    assert first["looks"]["verdicts"] == again["looks"]["verdicts"] == {"rows": []}
    assert first["looks"]["following"] == 8
    assert asked == [1], "once a look, not once a question"
    words = ("ratio", "difference", "p_value", "p95", "mean", "faster", "better", "winner", "high", "interval")
    assert [key for key in keys(said) if any(word in key for word in words)] == []


def test_without_a_seal_there_is_no_look(tmp_path):
    made = picture(Going(tmp_path, done=6, blocks=12, seal=False), lambda: 1 / 0)

    assert made.now(Wanted())["looks"]["verdicts"] is None


def test_a_look_that_cannot_be_read_is_said_and_ends_nothing(tmp_path):
    def judge():
        raise Refused("the seal is broken")

    made = picture(Going(tmp_path, done=6, blocks=12), judge)

    assert made.now(Wanted())["looks"]["verdicts"] == {"problem": "the seal is broken"}


def test_a_campaign_that_has_ended_reads_the_same_from_its_evidence(tmp_path):
    workspace, _, store = Pilot(tmp_path, blocks=2, per_run=100).write()
    said = Picture(workspace, store, None).now(Wanted(block=2))

    assert said["going"] == []
    assert said["left"]["runs"] == 0
    assert [(lane["state"], lane["valid"], lane["answered"]) for lane in said["shown"]["lanes"]] == [
        ("ended", True, 100)
    ] * 2
    json.dumps(said)


def test_a_race_says_what_it_is_and_has_no_looks(tmp_path):
    going = Going(tmp_path, plan=lambda made: replace(made, purpose=Purpose.EYES))
    said = picture(going).now(Wanted())

    assert said["race"]
    assert said["looks"] is None


def test_without_a_plan_it_says_what_to_do(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    with pytest.raises(Refused, match="no plan yet"):
        Picture(workspace, Store(workspace.evidence), None).now(Wanted())


def test_a_run_that_nobody_ended_is_not_shown_as_live(going, monkeypatch):
    monkeypatch.setattr("harness.watch.lane.SILENT_S", -1.0)
    said = picture(going).now(Wanted())

    assert said["going"] == []
    assert said["shown"]["lanes"][1]["state"] == "did not end"


def test_a_long_run_is_drawn_in_few_stretches_and_few_dots(tmp_path):
    lane = Lane(tmp_path, None, {"planned": 1_000_000}, bin_s(3600))

    assert lane.every == -(-1_000_000 // MOST_DOTS)
    assert [bin_s(length) for length in (5, 90, 91, 600, 3600, 86400)] == [1, 1, 2, 10, 60, 600]
    assert lane.spent_usd() is None


def test_a_run_that_began_and_left_no_file_is_not_waited_for_for_ever(going, monkeypatch):
    run = going.plan.blocks[2].runs[0]
    going.store.note("run begun", run=run.id, attempt=1)
    assert [one["block"] for one in picture(going).now(Wanted())["going"]] == [2, 3]
    monkeypatch.setattr("harness.watch.picture.SILENT_S", -1.0)

    assert [one["block"] for one in picture(going).now(Wanted())["going"]] == [2]


def test_its_stamp_changes_as_soon_as_there_is_something_new(going):
    made = picture(going)
    first = made.now(Wanted())
    before = made.stamp()
    going.append(*answered(1))
    after = made.stamp()
    going.store.note("block begun", block=3, attempt=1)

    assert made.now(Wanted())["stamp"] == made.stamp() != after != before
    assert first["stamp"] != before, "nothing was watched yet when it was asked first: the next answer comes at once"


def test_a_campaign_that_has_ended_opens_at_its_last_block_of_both_targets(tmp_path):
    """Not at the experiment that was measured last, which may be of one target under both labels."""
    probe = {target: ([sample()], {}) for target in ("alpha", "beta")}
    workspace, plan, store = Pilot(tmp_path, blocks=2, per_run=20, tracks={"coldstart": probe}).write()
    for run in (run for unit in plan.units for run in unit.runs):
        store.note("run begun", run=run.id, attempt=1)
        store.note("run ended", run=run.id, attempt=1, cost_usd="0", exit_code=0)
    assert Picture(workspace, store, None).now(Wanted())["shown"]["block"] == 2
