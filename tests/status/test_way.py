"""`pilot status` leads from a new workspace to its report, and names no step that can do nothing."""

import json
import os
import time

import pytest

from harness.check.checks import gates
from harness.evidence.files import dump, write_text
from harness.evidence.store import Store
from harness.planning import sealing
from harness.status.board import board
from harness.status.way import State
from harness.workspace import open_workspace
from tests.builders import Pilot

PASSED = {"alpha": [{"name": "A whole answer", "answer": "pass", "detail": "", "shown_by": None}]}
CALIBRATED = {
    "schema_version": 1,
    "measured_utc": "2026-11-09T09:00:00+00:00",
    "passed": True,
    "checks": [],
    "versions": {},
}
SOURCE = '[[sources]]\nkind = "prometheus"\nurl = "http://127.0.0.1:9/"\nqueries = [{ name = "up", promql = "up", unit = "1" }]\n'


class Person:
    """Does each step as its command would leave it, without the command's work."""

    def __init__(self, root):
        self.pilot = Pilot(root, per_run=20)
        self.root = root
        self.pilot.workspace()

    @property
    def store(self):
        return Store(self.root / "evidence")

    def next(self):
        return board(open_workspace(self.root), self.store).next_command

    def step(self, name):
        return next(s for s in board(open_workspace(self.root), self.store).steps if s.name == name)

    def checks(self, results=PASSED):
        self.store.write_checks(results)

    def calibrates(self):
        write_text(self.root / "evidence" / "calibration.json", dump(CALIBRATED))

    def seals(self):
        sealing.write(open_workspace(self.root), self.store, self.pilot.plan())

    def names_a_source(self):
        with (self.root / "targets" / "beta" / "target.toml").open("a") as file:
            file.write(SOURCE)

    def measures(self):
        said = {path: path.read_text() for path in self.root.rglob("*.toml")}
        self.pilot.write()
        for path, text in said.items():
            path.write_text(text)  # the builder writes its own files again
        self.store.note("run begun", run="b01-steady-1-alpha", attempt=1)
        self.store.note("run ended", run="b01-steady-1-alpha", attempt=1, exit_code=0, cost_usd="0")

    def reports(self):
        page = self.root / "reports" / "rendered" / "report.html"
        page.parent.mkdir(parents=True)
        page.write_text("<html>")
        os.utime(page, (time.time() + 5, time.time() + 5))


@pytest.fixture
def person(tmp_path):
    return Person(tmp_path)


def test_the_whole_way_of_two_strangers_without_sources(person):
    said = [person.next()]
    for step in (person.checks, person.calibrates, person.seals, person.measures, person.reports):
        step()
        said.append(person.next())

    assert said == ["pilot check", "pilot calibrate", "pilot plan --seal", "pilot run", "pilot decide", None]
    assert person.step("collect").state is State.ABSENT


def test_a_check_that_failed_comes_again_with_what_is_to_be_fixed(person):
    person.checks({"alpha": [{"name": "X is echoed", "answer": "fail", "detail": "", "shown_by": None}]})
    assert person.next() == "pilot check"
    assert "X is echoed" in person.step("check").words


def test_what_cannot_be_told_of_the_same_work_is_no_reason_to_check_again(person):
    person.checks({"same work": [{"name": "same model", "answer": "not told", "detail": "", "shown_by": "answers"}]})
    assert person.next() == "pilot calibrate"


def test_a_change_before_the_first_request_leads_back_to_the_seal(person):
    person.checks()
    person.calibrates()
    person.seals()
    path = person.root / "pilot.toml"
    path.write_text(path.read_text().replace("p95_s = 2.0", "p95_s = 3.0"))
    assert person.next() == "pilot plan --seal"


def test_settings_come_before_the_seal_and_not_after_it(person):
    (person.root / "targets" / "alpha" / "sweep.toml").write_text(
        'apply = [["true", "{vcpu}"]]\n'
        '[[settings]]\nname = "half"\nfill = { vcpu = 0.5 }\nprices = { parameters = { vcpu = 0.5 } }\n'
        '[[settings]]\nname = "one"\nfill = { vcpu = 1 }\nprices = { parameters = { vcpu = 1 } }\n'
    )
    person.checks()
    person.calibrates()
    assert person.next() == "pilot sweep"
    person.seals()
    assert person.next() == "pilot run"


def test_collecting_waits_until_figures_have_settled(person):
    person.names_a_source()
    person.seals()
    person.measures()
    person.calibrates()
    assert person.next() == "pilot collect"
    assert person.step("collect").words == "6 runs not collected"

    person.store.note("collected", unsettled=6, settles_unix_s=time.time() + 3600)
    assert person.step("collect").state is State.WAITING
    assert person.next() == "pilot decide"

    person.store.note("collected", unsettled=6, settles_unix_s=time.time() - 1)
    assert person.next() == "pilot collect"


def test_only_runs_of_targets_with_a_source_are_uncollected(person):
    person.names_a_source()
    person.measures()
    assert board(open_workspace(person.root), person.store).uncollected == 6


def test_a_block_that_was_given_up_is_no_reason_to_run_again(person):
    person.seals()
    person.measures()
    for ledger in person.root.glob("evidence/blocks/b06/*/*/ledger.json"):
        ledger.write_text(json.dumps({**json.loads(ledger.read_text()), "valid": False}))
    assert person.next() == "pilot run", "two of the three attempts are left"
    blocks = person.store.plan().blocks
    assert [b.number for b in person.store.due(blocks, 3)] == [6], "what is left to wait for, whatever comes after it"

    path = person.root / "pilot.toml"
    path.write_text(path.read_text() + "[limits]\nattempts = 1\n")
    assert person.step("run").words == ("5 of 6 blocks valid, 1 given up: a higher limits.attempts measures it again")
    assert (person.store.due(blocks, 1), [b.number for b in person.store.given_up(blocks, 1)]) == ([], [6])
    assert person.next() == "pilot decide"


def test_advice_that_does_not_stand_keeps_nobody_from_measuring_whatever_its_group_is_called():
    poor = {"name": "quota", "answer": "fail"}

    assert gates({"rooms": [{**poor, "weight": "advice"}], "quotas": [{**poor, "weight": "gate"}]}) == [
        ("quotas", {**poor, "weight": "gate"})
    ]
    assert gates({"quotas": [poor], "contract": [poor]}) == [("contract", poor)]
