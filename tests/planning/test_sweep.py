"""A sweep's rounds: each setting once a round, each place once a cycle, the same arrivals for all of a round."""

import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.errors import Refused
from harness.evidence.store import Store
from harness.planning.sweep import draw_sweep, profiles_of
from harness.status.board import board
from harness.workspace import open_workspace
from tests.local.platform import workspace as demo

NOW = datetime(2026, 11, 26, tzinfo=UTC)
TARGETS = Path(__file__).parent.parent.parent / "targets"

pytestmark = pytest.mark.usefixtures("planned_soon")


@pytest.fixture(scope="module")
def swept(tmp_path_factory, corpus):
    """Read by every test, changed by none."""
    root = demo(tmp_path_factory.mktemp("swept"), corpus)
    shutil.copy(TARGETS / "local_container" / "sweep.toml", root / "targets" / "local_container")
    return open_workspace(root)


@pytest.fixture(scope="module")
def short(planned_soon, swept):
    """What its locustfiles say, asked once: each answer is a process with Locust in it."""
    return profiles_of(swept, 6.0)


def plan(workspace, rounds, profiles):
    return draw_sweep(workspace, workspace.sweep("local_container"), profiles, rounds, NOW)


def test_every_setting_takes_every_place_once(swept, short):
    made = plan(swept, 3, short)
    firsts = [list(dict.fromkeys(run.target for run in block.runs)) for block in made.blocks]

    assert all(sorted(order) == sorted(firsts[0]) for order in firsts)
    assert all(Counter(order[place] for order in firsts).most_common(1)[0][1] == 1 for place in range(3))


def test_all_settings_of_a_round_get_the_same_arrivals_and_rounds_do_not(swept, short):
    made = plan(swept, 2, short)
    digests = {}
    for run in made.runs:
        digests.setdefault((run.block, run.profile), set()).add(run.schedule_digest)

    assert {profile for _, profile in digests} == {"steady", "burst"}, "tracks are no part of it"
    assert all(len(found) == 1 for found in digests.values())
    assert len({*map(tuple, digests.values())}) == len(digests)


def test_the_board_says_that_settings_were_not_tried_yet(swept):
    assert board(swept, Store(swept.evidence)).swept == ("local_container: 3 declared, not tried: pilot sweep",)


def test_profiles_are_no_longer_than_asked_for(swept, short):
    assert {d.plan.duration_s for d in short} == {6.0}
    assert {d.plan.duration_s for d in profiles_of(swept, 500.0)} == {8.0}


def test_without_a_judged_profile_there_is_nothing_to_choose_by(tmp_path, corpus):
    path = demo(tmp_path, corpus) / "pilot.toml"
    text = path.read_text()
    assert "[slo]" in text
    path.write_text(text.replace("[slo]", '[slo]\nprofiles = ["keepalive"]', 1))
    with pytest.raises(Refused, match="no profile is judged"):
        profiles_of(open_workspace(tmp_path), 2.0)


def test_rounds_that_cannot_tell_a_p95_are_refused_with_what_it_takes(swept):
    with pytest.raises(Refused) as refused:
        plan(swept, 2, profiles_of(swept, 1.0))

    assert "2 rounds of 7 measured requests under steady cannot certify a p95: at least 59 are needed" in str(
        refused.value
    )
    assert "--rounds" in refused.value.hint
