"""A sweep's rounds: each setting once a round, each place once a cycle, the same arrivals for all of a round."""

import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.errors import Refused
from harness.evidence.store import Store
from harness.planning.sweep import draw_sweep, profiles_of
from harness.run.board import board
from harness.workspace import open_workspace
from tests.local.platform import workspace as demo

NOW = datetime(2026, 11, 26, tzinfo=UTC)
TARGETS = Path(__file__).parent.parent.parent / "targets"


@pytest.fixture
def swept(tmp_path, corpus):
    root = demo(tmp_path, corpus)
    shutil.copy(TARGETS / "local_container" / "sweep.toml", root / "targets" / "local_container")
    return open_workspace(root)


def plan(workspace, rounds, most_s=6.0):
    return draw_sweep(workspace, workspace.sweep("local_container"), profiles_of(workspace, most_s), rounds, NOW)


def test_every_setting_takes_every_place_once(swept):
    made = plan(swept, 3)
    firsts = [list(dict.fromkeys(run.target for run in block.runs)) for block in made.blocks]

    assert all(sorted(order) == sorted(firsts[0]) for order in firsts)
    assert all(Counter(order[place] for order in firsts).most_common(1)[0][1] == 1 for place in range(3))


def test_all_settings_of_a_round_get_the_same_arrivals_and_rounds_do_not(swept):
    made = plan(swept, 2)
    digests = {}
    for run in made.runs:
        digests.setdefault((run.block, run.profile), set()).add(run.schedule_digest)

    assert {profile for _, profile in digests} == {"steady", "burst"}, "tracks are no part of it"
    assert all(len(found) == 1 for found in digests.values())
    assert len({*map(tuple, digests.values())}) == len(digests)


def test_the_board_says_that_settings_were_not_tried_yet(swept):
    assert board(swept, Store(swept.evidence)).swept == ("local_container: 3 declared, not tried: pilot sweep",)


def test_profiles_are_no_longer_than_asked_for(swept):
    assert {p.duration_s for p in plan(swept, 3, most_s=6.0).profiles} == {6.0}
    assert {p.duration_s for p in plan(swept, 3, most_s=500.0).profiles} == {8.0}


def test_without_a_judged_profile_there_is_nothing_to_choose_by(swept):
    text = (swept.root / "pilot.toml").read_text()
    assert "[slo]" in text
    (swept.root / "pilot.toml").write_text(text.replace("[slo]", '[slo]\nprofiles = ["keepalive"]', 1))
    with pytest.raises(Refused, match="no profile is judged"):
        profiles_of(open_workspace(swept.root), 2.0)


def test_rounds_that_cannot_tell_a_p95_are_refused_with_what_it_takes(swept):
    with pytest.raises(Refused) as refused:
        plan(swept, 2, most_s=1.0)

    assert "2 rounds of 7 measured requests under steady cannot certify a p95: 59 are the least" in str(refused.value)
    assert "--rounds" in refused.value.hint
