"""Cold-start probes and bursts from zero: order, gaps, and when cold is made."""

import pytest

from harness.domain.experiments import CapacitySearch, ColdStarts, FromZeroBursts, KeepAlive, design_from
from tests.domain.experiments.drive import Windowed, drive, given


def test_each_forced_probe_follows_a_cold_target_and_each_probe_has_a_warm_control():
    done = drive(ColdStarts(forced=2, idle=2, idle_s=60, control_after_s=5).begin(given()), Windowed(lambda rng: 30))

    assert [s.phase for s in done.seen] == ["forced", "control"] * 2 + ["idle", "control"] * 2
    assert [s.cold for s in done.seen] == [True, False] * 4
    assert done.colds == 2


def test_gaps_count_from_the_end_of_the_answer_before():
    done = drive(ColdStarts(forced=1, idle=1, idle_s=60, control_after_s=5).begin(given()), Windowed(lambda rng: 30))
    forced, control, idle, _ = done.seen

    assert control.scheduled_s - forced.finished_s == pytest.approx(5)
    assert idle.scheduled_s - control.finished_s == pytest.approx(60)


def test_a_target_that_cannot_be_made_cold_gets_only_idle_gaps_and_the_record_says_so():
    made = ColdStarts(forced=2, idle=1, idle_s=60).begin(given(can_cold=False))
    done = drive(made, Windowed(lambda rng: 30))

    assert [s.phase for s in done.seen] == ["idle", "control"]
    assert made.record()["skipped"] == "this target cannot be made cold"
    assert done.colds == 0


def test_a_burst_from_zero_starts_every_request_at_one_instant_on_a_cold_target():
    done = drive(FromZeroBursts(requests=6, repeats=3, rest_s=2).begin(given()), Windowed(lambda rng: 30))
    instants = {phase: {s.scheduled_s for s in done.seen if s.phase == phase} for phase in ("zero-01", "zero-03")}

    assert done.colds == 3
    assert len(done.seen) == 18
    assert [len(at) for at in instants.values()] == [1, 1]


def test_where_cold_cannot_be_forced_bursts_wait_for_the_idle_gap():
    done = drive(
        FromZeroBursts(requests=2, repeats=2, idle_s=100).begin(given(can_cold=False)), Windowed(lambda rng: 30)
    )
    first, second = sorted({s.scheduled_s for s in done.seen})

    assert first >= 100
    assert second - first >= 100


@pytest.mark.parametrize("design", [ColdStarts(), FromZeroBursts(), KeepAlive(), CapacitySearch()])
def test_a_design_survives_its_way_through_a_file(design):
    from dataclasses import asdict

    assert design_from(asdict(design)) == design
