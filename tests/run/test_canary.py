"""The split on the run's own clock, and back at 0 however it ends."""

import json
import threading
from types import SimpleNamespace

import pytest

from harness import aside
from harness.campaign.progress import Progress
from harness.cli.canary import shares_of
from harness.domain.routing import RoutingRule, When
from harness.errors import GateFailed, PilotError, Refused
from harness.planning.canary import WARMUP_S, steps_of
from harness.run import canary as splitting
from harness.run.canary import Splits, Splitting, router_of
from harness.workspace import open_workspace
from tests.builders import Pilot
from tests.peers.raw import not_found, raw

ROUTER = SimpleNamespace(
    name="router", runtime=SimpleNamespace(routing=(RoutingRule(When.CANARY, "beta", 0.0, ("request",)),))
)


class Clock:
    """Goes on by itself, a second each time that it is read."""

    def __init__(self, at_s):
        self.at_s = at_s

    def __call__(self):
        self.at_s += 1.0
        return self.at_s


class Router:
    def __init__(self, clock, broken_at=None):
        self.clock, self.broken_at, self.shares = clock, broken_at, []
        self.whole = threading.Event()

    def __call__(self, share):
        if len(self.shares) == self.broken_at:
            self.whole.set()
            self.broken_at = None
            raise PilotError("gone")
        self.shares.append(share)
        if len(self.shares) == 7:
            self.whole.set()
        return self.clock.at_s


def splits(tmp_path, router, clock, shares=(0.01, 0.05, 0.25, 1.0), step_s=2.0):
    (tmp_path / "run.json").write_text(json.dumps({"started_monotonic_s": 1000.0}))
    return Splits(router, steps_of(shares), step_s, tmp_path, lambda _: None, clock)


def test_every_step_begins_when_it_is_due_on_the_runs_clock_and_the_split_ends_at_nought(tmp_path):
    clock = Clock(1000.0)
    router = Router(clock)
    made = splits(tmp_path, router, clock)
    with made:
        assert router.whole.wait(10)

    assert router.shares == [0.0, 0.0, 0.01, 0.05, 0.25, 1.0, 0.0, 0.0]
    content = made.content(ROUTER)
    assert [step["share"] for step in content["steps"]] == [0.0, 0.01, 0.05, 0.25, 1.0, 0.0]
    for number, step in enumerate(content["steps"]):
        assert step["due_s"] == WARMUP_S + 2 * number <= step["changed_s"] <= step["due_s"] + 1.5
    assert content["side"] == "beta"


def test_a_run_that_is_stopped_leaves_the_split_at_nought_and_says_which_steps_began(tmp_path):
    clock = Clock(1000.0)
    router = Router(clock)
    made = splits(tmp_path, router, clock, step_s=1e6)

    def stopped():
        with made:
            while 0 not in made.changed:
                pass
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()

    assert router.shares[-1] == 0.0
    assert [step["changed_s"] is not None for step in made.content(ROUTER)["steps"]] == [True] + [False] * 5


def test_a_router_that_does_not_change_its_split_is_told_and_asked_back_to_nought(tmp_path):
    clock = Clock(1000.0)
    router = Router(clock, broken_at=3)
    made = splits(tmp_path, router, clock)
    with made:
        assert router.whole.wait(10)

    assert made.error == "gone"
    assert router.shares[-1] == 0.0


def test_only_a_router_with_a_split_can_be_driven(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    for name, words in ((None, "no router"), ("alpha", "no split")):
        with pytest.raises(Refused, match=words):
            router_of(workspace, name)
    routed = Pilot(tmp_path, hybrid=lambda _: []).workspace()
    assert router_of(routed, None).name == "router"
    path = tmp_path / "targets" / "router" / "target.toml"
    path.write_text(path.read_text().replace("[runtime.canary]\n", ""))
    with pytest.raises(Refused, match="no split"):
        router_of(open_workspace(tmp_path), "router")


def test_nothing_is_driven_at_a_router_that_breaks_its_contract(tmp_path, monkeypatch):
    """As pilot run: the same gate, asked at the router's own address once it is up."""
    asked = []

    def driven(workspace, router, wanted, progress, gate):
        with raw(not_found) as url:
            asked.append(url)
            gate(url)
        raise AssertionError("it was driven")

    monkeypatch.setattr(splitting, "canary", driven)
    Pilot(tmp_path, hybrid=lambda _: []).workspace()
    with Progress() as progress, pytest.raises(GateFailed, match="router: "):
        aside.canary(open_workspace(tmp_path), "router", Splitting((1.0,), 2.0), progress)

    assert len(asked) == 1


def test_steps_are_percentages_and_every_wrong_one_is_named():
    assert shares_of("1, 5%,25,100") == (0.01, 0.05, 0.25, 1.0)
    for wrong in ("0,five,101", ""):
        with pytest.raises(Refused) as raised:
            shares_of(wrong)
        assert all(repr(part) in str(raised.value) for part in wrong.split(","))
