"""Criteria may be sealed again until the first request is measured; then they stand, and a lost seal is not made anew."""

import json

import pytest

from harness import pipeline
from harness.campaign.lock import MEASURING, alone
from harness.decision.doubts import seal_doubts
from harness.errors import Refused
from harness.evidence.store import Store
from harness.planning import sealing
from harness.words import all_said
from harness.workspace import open_workspace
from tests.builders import Pilot

pytestmark = pytest.mark.usefixtures("planned_soon")


class Folder:
    """A workspace whose files a person edits between sealing and measuring; its plan is the builder's."""

    def __init__(self, root):
        self.pilot = Pilot(root)
        self.pilot.workspace()
        self.root = root

    def with_profile(self):
        """A real locustfile too, so that the plan is drawn and not built."""
        root = self.root
        (root / "loadprofiles").mkdir()
        (root / "loadprofiles" / "steady.py").write_text(
            "from harness.load import ChatUser, arrivals\n\n\n"
            "class SteadyUser(ChatUser):\n    schedule = arrivals.poisson(rate=2).during(60)\n"
        )
        (root / "questions.jsonl").write_text('{"id": "a", "messages": [{"role": "user", "content": "Why?"}]}\n')
        self.edit("[profiles.steady]", '[load]\nquestions = "questions.jsonl"\n[profiles.steady]')

    @property
    def store(self):
        return Store(self.root / "evidence")

    def edit(self, old, new, file="pilot.toml"):
        text = (self.root / file).read_text()
        assert old in text
        (self.root / file).write_text(text.replace(old, new))

    def plan(self, seal=True):
        """As ``pipeline.plan`` does, with a plan that costs no child process."""
        workspace = open_workspace(self.root)
        there = sealing.kept(workspace, self.store, seal=seal)
        return there or sealing.write(workspace, self.store, self.pilot.plan())

    def drawn(self):
        self.with_profile()
        return pipeline.plan(open_workspace(self.root), seal=False)

    def measure(self):
        self.store.note("run begun", run="b01-steady-1-alpha", attempt=1)
        self.store.note("run ended", run="b01-steady-1-alpha", attempt=1, exit_code=0, cost_usd="0")

    def doubts(self):
        return all_said(seal_doubts(open_workspace(self.root), self.store.plan(), self.store))


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_nothing_is_sealed_again_under_a_run_that_waits_for_its_first_slot(folder):
    """It has drawn its schedules from the seal that it began with, and would measure by those."""
    folder.drawn()
    pipeline.plan(open_workspace(folder.root), seal=True)
    sealed = folder.store.seal()
    folder.edit("p95_s = 2.0", "p95_s = 3.0")
    with (
        alone(open_workspace(folder.root).state / MEASURING, "pilot run"),
        pytest.raises(Refused, match="another pilot run is running in this workspace"),
    ):
        pipeline.plan(open_workspace(folder.root), seal=True)

    assert folder.store.seal() == sealed
    assert pipeline.plan(open_workspace(folder.root), seal=True).changes


def test_sealing_again_says_field_by_field_what_changed_and_leaves_no_doubt(folder):
    first = folder.plan()
    folder.edit("p95_s = 2.0", "p95_s = 3.0")
    folder.edit('title = "Beta"', 'title = "Beta 2"', "targets/beta/target.toml")
    again = folder.plan()

    assert all_said(again.changes) == ("slo.p95_s: 2.0 → 3.0", "targets.beta.title: changed")
    assert (again.replaced, again.seal == first.seal) == (first.seal, False)
    folder.measure()
    assert folder.doubts() == ()


def test_sealing_what_is_sealed_already_changes_nothing_and_says_so(folder):
    first = folder.plan()
    before = (folder.root / "evidence" / "seal.json").read_bytes()
    again = folder.plan()

    assert (again.seal, again.changes, again.asked_again) == (first.seal, (), True)
    assert (folder.root / "evidence" / "seal.json").read_bytes() == before


def test_a_comment_in_a_target_is_no_change(folder):
    folder.plan()
    folder.edit('title = "Beta"', '# a note\ntitle = "Beta"', "targets/beta/target.toml")
    assert folder.plan().changes == ()


def test_a_plan_that_is_only_looked_at_leaves_the_seal_and_says_what_differs(folder):
    first = folder.plan()
    folder.edit("p95_s = 2.0", "p95_s = 3.0")
    looked = folder.plan(seal=False)

    assert (looked.seal, all_said(looked.changes)) == (first.seal, ("slo.p95_s: 2.0 → 3.0",))
    assert folder.store.seal()["digest"] == first.seal


def test_after_the_first_measured_request_a_change_is_refused_and_a_doubt(folder):
    folder.plan()
    folder.measure()
    folder.edit("p95_s = 2.0", "p95_s = 3.0")

    with pytest.raises(Refused, match=r"slo\.p95_s: 2\.0 → 3\.0"):
        folder.plan()
    assert folder.doubts() == ("Sealed criteria: changed since the seal: slo.p95_s: 2.0 → 3.0",)


def test_a_run_that_was_refused_before_it_sent_anything_measures_nothing(folder):
    folder.plan()
    folder.store.note("run begun", run="r", attempt=1)
    folder.store.note("run ended", run="r", attempt=1, exit_code=2, cost_usd="0")
    folder.edit("p95_s = 2.0", "p95_s = 3.0")

    assert all_said(folder.plan().changes) == ("slo.p95_s: 2.0 → 3.0",)


@pytest.mark.parametrize("gone", ["seal.json", "plan.json"])
def test_a_seal_that_is_gone_is_made_anew_before_measuring_and_refused_after(folder, gone):
    first = folder.plan()
    (folder.root / "evidence" / gone).unlink()
    again = folder.plan()
    assert (again.seal, again.replaced) == (first.seal, first.seal)

    folder.measure()
    (folder.root / "evidence" / gone).unlink()
    for seal in (True, False):
        with pytest.raises(Refused, match=gone):
            folder.plan(seal=seal)


def test_the_doubts_know_a_seal_that_was_removed_replaced_or_made_after_the_data(folder):
    first = folder.plan()
    folder.measure()
    path = folder.root / "evidence" / "seal.json"
    kept = path.read_text()
    path.unlink()
    assert first.seal in folder.doubts()[0]

    path.write_text(json.dumps({**json.loads(kept), "digest": "sha256:other"}))
    assert any("not the seal that the journal records" in doubt for doubt in folder.doubts())

    path.write_text(kept)
    folder.store.note("sealed", digest=first.seal)
    assert folder.doubts() == ("Sealed criteria: sealed again after measuring had begun.",)


def test_measuring_waits_for_a_changed_criterion_to_be_sealed_again(folder):
    folder.plan()
    folder.edit("p95_s = 2.0", "p95_s = 3.0")

    with pytest.raises(Refused, match="nothing is measured yet") as refused:
        pipeline.run(open_workspace(folder.root), progress=None, now=True)
    assert "pilot plan --seal" in refused.value.hint


def test_a_plan_says_what_it_cannot_settle_before_it_is_sealed(folder):
    found = pipeline.open_promises(open_workspace(folder.root), folder.drawn().plan)
    assert {one.promise for one in found} == {"error rate", "p95 response time", "p95 time to first token"}
    assert {one.has for one in found} == {120}, "6 blocks of 10 s at 2 a second"


def test_an_old_plan_without_counts_of_measured_requests_is_read(folder):
    folder.drawn()
    path = folder.root / "evidence" / "plan.json"
    said = json.loads(path.read_text())
    for profile in said["profiles"]:
        profile.pop("measured")
        profile.pop("streams")
    path.write_text(json.dumps(said))
    assert pipeline.open_promises(open_workspace(folder.root), folder.store.plan()) == ()


def test_without_day_parts_every_block_may_start_at_once(folder):
    folder.edit("[profiles.steady]", "[slots]\nday_parts = []\n[profiles.steady]")
    made = folder.drawn().plan

    assert {(unit.day, unit.day_part) for unit in made.units} == {(1, "now")}
    assert {unit.not_before for unit in made.units} == {made.created[:16] + "+00:00"}
    assert sorted(unit.order for unit in made.units) == ["AB"] * 3 + ["BA"] * 3
