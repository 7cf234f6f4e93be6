"""Blocks: balanced, shuffled by the seed, spread over days and day-parts."""

import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from harness.domain.role import Role
from harness.planning.blocks import _driven, _orders, _slots, draw_plan, run_seed
from harness.planning.profiles import describe
from harness.workspace import open_workspace
from harness.workspace.pilot_toml import PilotTable
from tests.local.platform import workspace as demo

pytestmark = pytest.mark.usefixtures("planned_soon")


@pytest.mark.parametrize("blocks", [2, 6, 7, 12, 13])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_orders_are_balanced_within_each_day_part_and_overall(blocks, seed):
    orders = _orders(blocks, 3, seed)

    assert abs(orders.count("AB") - orders.count("BA")) <= 1
    for part in range(3):
        mine = Counter(orders[part::3])
        assert abs(mine["AB"] - mine["BA"]) <= 1


def test_the_order_is_random_but_the_seeds_own():
    assert _orders(12, 3, 1) == _orders(12, 3, 1)
    assert len({tuple(_orders(12, 3, seed)) for seed in range(20)}) > 10


def test_blocks_spread_over_days_and_day_parts():
    slots = _slots(12, 10, ("09:00", "14:00", "20:00"), datetime(2026, 11, 22, 15, tzinfo=UTC))

    assert slots[0] == (1, "09:00", datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert [s[2] for s in slots] == sorted(s[2] for s in slots)
    assert Counter(s[1] for s in slots) == {"09:00": 4, "14:00": 4, "20:00": 4}
    assert len({s[0] for s in slots}) == 10


def test_both_targets_of_a_block_share_a_seed_and_blocks_do_not():
    assert run_seed(1, 2, "steady") == run_seed(1, 2, "steady")
    assert len({run_seed(1, block, p) for block in range(20) for p in ("steady", "burst")}) == 40


EXPERIMENTS = {
    "coldstart": "arrivals.cold_starts(forced=1, idle=1, idle_s=60, control_after_s=1)",
    "keepalive": "arrivals.keep_alive(first_s=60, shortest_s=30, longest_s=600, duration_s=900)",
    "capacity": "arrivals.capacity(rate=5)",
}


def drawn(root):
    """Each experiment's unit, of targets that are embedded or strangers' as the test left them."""
    (root / "pilot.toml").write_text(
        re.sub(r"(?s)\[profiles\..*?(?=\[scaling\])", "", (root / "pilot.toml").read_text())
        + "[profiles.steady]\n[profiles.burst]\n"
        + "".join(f"[profiles.{name}]\nrepeats = 1\n" for name in EXPERIMENTS)
    )
    for name, schedule in EXPERIMENTS.items():
        text = f"from harness.load import ChatUser, arrivals\n\nclass One(ChatUser):\n    schedule = {schedule}\n"
        (root / "loadprofiles" / f"{name}.py").write_text(text)
    workspace = open_workspace(root)
    made = draw_plan(workspace, describe(workspace), datetime(2026, 11, 26, tzinfo=UTC), Decimal(0))
    return {unit.track: unit.side_by_side for unit in made.tracks}


def test_on_one_machine_only_what_is_not_timed_goes_side_by_side(tmp_path, corpus):
    assert drawn(demo(tmp_path, corpus)) == {"coldstart": False, "keepalive": True, "capacity": False}


def test_deployments_that_share_nothing_are_probed_at_the_same_time(tmp_path, corpus):
    root = demo(tmp_path, corpus)
    for port, name in enumerate(("local_container", "local_function", "local_function_provisioned"), 9001):
        (root / "targets" / name / "target.toml").write_text(
            f'dialect = "rag-chat/1"\nbase_url = "http://127.0.0.1:{port}"\n[runtime]\nkind = "external"\n'
        )

    assert drawn(root) == {"coldstart": True, "keepalive": True, "capacity": False}


def test_the_hybrid_gets_the_pairs_schedules_at_each_place_alike_and_no_experiment():
    def profile(role, kind, *, aa=False):
        return SimpleNamespace(plan=SimpleNamespace(role=role, aa=aa), load=SimpleNamespace(kind=kind))

    pilot = PilotTable(question="?", baseline="a", candidate="b", hybrid="both", variants=("more",), seed=5)
    steady, cold = profile(Role.EVERYDAY, "poisson"), profile(Role.COLD, "cold-starts")
    drawn = [(order, _driven(pilot, steady, order, number)) for number, order in enumerate(["AB", "BA"] * 3, start=1)]

    assert Counter(made.index("both") for _, made in drawn) == {0: 2, 1: 2, 2: 2}
    assert all(
        [t for t in made if t != "both"] == (["a", "b"] if order == "AB" else ["b", "a"]) for order, made in drawn
    )
    assert _driven(pilot, cold, "AB", 1) == ("a", "b", "more")
    assert _driven(pilot, profile(Role.EVERYDAY, "poisson", aa=True), "AB", 1) == ("a", "a")
    assert _driven(pilot, profile(Role.CAPACITY, "capacity"), "BA", 1) == ("b", "a")
