"""What is left, at the pace so far."""

from datetime import UTC, datetime, timedelta

from harness.evidence.store import Store
from harness.status.board import block_lines
from harness.watch.left import left, pace
from tests.builders import Pilot

NOW = datetime(2026, 11, 10, tzinfo=UTC)


def event(name, minute, **more):
    return {"event": name, "utc": (NOW + timedelta(seconds=minute)).isoformat(), "attempt": 1, **more}


def found(tmp_path, journal):
    pilot = Pilot(tmp_path, blocks=2)
    pilot.workspace()
    plan = pilot.plan()
    store = Store(tmp_path / "evidence")
    store.write_plan(plan)
    lines, _ = block_lines(store, plan, journal, 3)
    return plan, left(plan, lines, journal, NOW)


def test_everything_is_left_before_the_first_run_and_its_slots_are_waited_for(tmp_path):
    _, said = found(tmp_path, [])

    assert (said.runs, said.measuring_s) == (4, 40.0)
    assert said.last_slot == "2026-11-12T09:00+00:00"


def test_runs_that_took_longer_than_planned_make_the_rest_longer(tmp_path):
    begun = [event("block begun", 0, block=1), event("run begun", 0, run="b01-steady-1-alpha")]
    plan, said = found(tmp_path, [*begun, event("run ended", 15, run="b01-steady-1-alpha")])

    assert (said.runs, said.measuring_s) == (3, 45.0)
    assert said.last_slot is None, "a rehearsal: it began before its slot"
    assert pace(plan, begun).factor == 1.0


def test_a_block_that_begins_anew_is_measured_whole(tmp_path):
    journal = [event("block begun", 0, block=1), event("run begun", 0, run="b01-steady-1-alpha")]
    journal += [event("run ended", 10, run="b01-steady-1-alpha"), event("block begun", 20, block=1)]

    assert found(tmp_path, journal)[1].runs == 4
