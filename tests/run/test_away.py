"""A campaign on another machine: handed over once, followed, fetched, removed; the machine is a fake that keeps a folder."""

import json
import shutil
import tarfile
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import PackagePath
from types import SimpleNamespace

import pytest

from harness import aside, pipeline
from harness.errors import PilotError, Refused
from harness.evidence.store import Store
from harness.platforms.elsewhere import Seen, Where
from harness.run.away import bundle
from harness.run.away.away import Order, at_home, away, is_away
from harness.run.upkeep import HANDED, OFF, stands_on
from harness.workspace import open_workspace
from harness.workspace.variables import as_file, from_file, named_by
from tests.builders import Pilot

ADD_PACKAGE = bundle._add_package
UTC = "2099-01-01T00:00:00+00:00"
BOARD = {"blocks": [{"state": "done"}, {"state": "not needed"}, {"state": "due"}]}
RUNS = Seen(UTC, "running", None, BOARD)
ENDED = Seen(UTC, "ended", 0, BOARD)


class Machine:
    """Says one thing after another; ``evidence`` is what it has measured."""

    def __init__(self, *says, evidence=None):
        self.says, self.evidence = list(says), evidence
        self.begun, self.stopped, self.removed, self.up, self.left = [], 0, 0, False, ()
        self.handed, self.taken = True, False  # of one that is up

    def there(self):
        return Where("stack", "bucket", made=False, handed=self.handed) if self.up else None

    def begin(self, variables, say):
        self.given, was = variables, self.up and self.handed
        self.handed = was
        self.up = True
        return Where("stack", "bucket", made=True, handed=was, address="198.51.100.7")

    def hand(self, made, say):
        with tarfile.open(made) as tar:
            self.begun.append((tar.getnames(), self.given))
            if self.evidence is not None and not self.taken:
                self.evidence, self.taken = gone_on(tar, self.evidence, made.parent.name), True
        self.handed = True

    def seen(self):
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]

    def fetch(self, into):
        shutil.copytree(self.evidence, into, dirs_exist_ok=True)
        return sum(path.is_file() for path in into.rglob("*"))

    def stop(self):
        self.stopped += 1

    def remove(self, say):
        self.removed, self.up = self.removed + 1, bool(self.left)
        return self.left


class Nowhere(nullcontext):
    """In place of the platform, which runs nothing here."""

    def __init__(self, *given):
        super().__init__(self)

    def url(self, name):
        return "http://127.0.0.1:9"


def gone_on(tar, measured, name):
    """A machine's evidence: what came with the bundle, and then what it measured."""
    folder = measured.parent / name
    come = [member for member in tar.getmembers() if member.name.startswith("workspace/evidence/")]
    tar.extraction_filter = getattr(tarfile, "data_filter", None)  # 3.11.2 has none
    tar.extractall(folder, come)
    evidence = folder / "workspace" / "evidence"
    for path in (p for p in measured.rglob("*") if p.is_file() and p.suffix != ".jsonl"):
        there = evidence / path.relative_to(measured)
        there.parent.mkdir(parents=True, exist_ok=True)
        if not there.exists():
            shutil.copy2(path, there)
    for event in Store(measured).journal():
        said = {key: value for key, value in event.items() if key not in ("utc", "chain", "record", "schema_version")}
        Store(evidence).note(**said)
    return evidence


@pytest.fixture
def workspace(tmp_path):
    """Sealed, with variables and a secret lying about."""
    root = tmp_path / "here"
    root.mkdir()
    made = Pilot(root, blocks=2).workspace()
    path = made.root / "targets" / "alpha" / "target.toml"
    path.write_text(
        'base_url = "${RAG_URL}"\n[auth]\nkind = "header"\nenv = "RAG_TOKEN"\n[runtime]\nkind = "external"\n'
    )
    (made.root / "loadprofiles").mkdir(exist_ok=True)
    (made.root / "secret.env").write_text("RAG_TOKEN=sesame\n")
    (made.root / ".env").write_text("RAG_TOKEN=sesame\n")
    (made.root / "ours-bundle.tar.gz").write_bytes(b"evidence, once more")
    (made.root / "questions.jsonl").write_text("{}\n")
    return made


@pytest.fixture(autouse=True)
def variables(monkeypatch, request):
    if "measured" not in request.fixturenames or "followed_to_its_end" not in request.node.name:
        monkeypatch.setattr(bundle, "_add_package", lambda tar: None)  # a second of compressing, seen once
    monkeypatch.setenv("RAG_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("RAG_TOKEN", 'a "token"')


@pytest.fixture
def measured(tmp_path):
    """Evidence that goes on from what is here."""
    root = tmp_path / "there"
    root.mkdir()
    made, _, _ = Pilot(root, blocks=2, kept=True).write()
    return made.evidence


def plan_of(workspace):
    return Pilot(workspace.root, blocks=2).plan()


def test_it_is_begun_once_followed_to_its_end_and_fetched(workspace, measured):
    said, waits = [], []
    machine = Machine(None, RUNS, RUNS, ENDED, evidence=measured)
    stands = away(workspace, machine, plan_of(workspace), Order("aws", "--now"), said.append, waits.append)

    [(names, given)] = machine.begun
    assert given == 'RAG_URL="http://127.0.0.1:9"\nRAG_TOKEN="a \\"token\\""\n'
    assert {"workspace/pilot.toml", "workspace/questions.jsonl", "options"} <= set(names)
    assert not [n for n in names if n.endswith(".env") or "/.git/" in n or ".venv" in n], "no secret goes with it"
    assert not [n for n in names if n.endswith("-bundle.tar.gz")], "nor what pilot bundle wrote beside it"
    assert "package/pyproject.toml" in names
    assert "machine/tell.py" in names
    assert len(waits) == 3
    assert stands.state == "ended"
    assert stands.fetched > 5
    journal = Store(workspace.evidence).journal()
    assert journal[:-1] == Store(machine.evidence).journal()
    assert [e["event"] for e in (journal[0], journal[-1])] == [HANDED, OFF], "what it costs counts in between"
    assert journal[-1]["off_utc"] == UTC
    assert any("running, 2 of 3 blocks done" in line for line in said)
    at_home(workspace)  # it is here again


def test_targets_let_it_in_before_its_run_begins_and_once(workspace, measured):
    """A firewall that knows this machine alone would drop every request of the other one."""
    machine, order = Machine(RUNS, evidence=measured), []
    hand = machine.hand
    machine.hand = lambda *given: order.append("handed") or hand(*given)
    for _ in range(2):
        away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print, let_in=order.append)

    assert order == ["198.51.100.7", "handed"]


def test_targets_that_do_not_let_it_in_leave_it_without_its_bundle(workspace, measured):
    machine = Machine(RUNS, evidence=measured)

    def refused(address):
        raise PilotError("AccessDenied")

    with pytest.raises(PilotError, match="AccessDenied"):
        away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print, let_in=refused)
    assert (machine.up, machine.begun) == (True, [])
    away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print)
    assert len(machine.begun) == 1


def test_what_is_followed_again_is_not_begun_again_and_cannot_run_here(workspace, measured):
    machine = Machine(RUNS, evidence=measured)
    first = away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print)
    second = away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print)

    assert (first.state, second.state, len(machine.begun)) == ("running", "running", 1)
    assert second.as_json()["blocks_done"] == 2
    json.dumps(second.as_json())
    with pytest.raises(Refused, match="this campaign runs on aws"):
        at_home(workspace)
    for refused in (
        lambda: pipeline.run(workspace, None, now=True),
        lambda: pipeline.plan(workspace, seal=True),
        lambda: aside.calibrate(workspace, None),
        lambda: aside.sweep(workspace, ["alpha"], None, rounds=1, most_s=1.0),
        lambda: aside.canary(workspace, None, None, None),
        lambda: aside.race(workspace, "steady", None, None, None),
    ):
        with pytest.raises(Refused, match="this campaign runs on aws"):
            refused()


def test_a_check_meanwhile_leaves_the_evidence_as_it_is_and_it_is_fetched(workspace, measured, monkeypatch):
    machine = Machine(RUNS, ENDED, evidence=measured)
    away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print)
    for name in ("check_contract", "comparing", "fitting"):
        monkeypatch.setattr(pipeline, name, lambda *given: {})
    monkeypatch.setattr(pipeline, "EmbeddedPlatform", Nowhere)
    before = Store(workspace.evidence).journal()
    pipeline.check(workspace, [])

    assert Store(workspace.evidence).journal() == before
    assert away(workspace, machine, plan_of(workspace), Order("aws"), print, lambda _: None).fetched > 5


def test_it_is_stopped_there_and_then_fetched(workspace, measured):
    machine = Machine(RUNS, replace(ENDED, exit_code=4, words=("the stop file STOP is there",)), evidence=measured)
    machine.up = True
    said = []
    stands = away(workspace, machine, plan_of(workspace), Order("aws", stop=True), said.append, lambda _: None)

    assert machine.stopped == 1
    assert stands.seen.exit_code == 4
    assert any("the stop file STOP is there" in line for line in said)


def test_it_is_not_removed_before_its_evidence_was_fetched(workspace, measured):
    machine = Machine(ENDED, evidence=measured)
    away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print)

    with pytest.raises(Refused, match="has not been fetched"):
        away(workspace, machine, plan_of(workspace), Order("aws", remove=True), print)
    away(workspace, machine, plan_of(workspace), Order("aws"), print)
    assert away(workspace, machine, plan_of(workspace), Order("aws", remove=True), print).state == "absent"
    machine.left = ("stack rag-generator",)
    assert away(workspace, machine, plan_of(workspace), Order("aws", remove=True), print).left == machine.left


def test_stopping_and_removing_in_one_is_stop_fetch_and_only_then_remove(workspace, measured):
    machine = Machine(RUNS, replace(ENDED, exit_code=4), evidence=measured)
    away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print)
    gone = away(workspace, machine, plan_of(workspace), Order("aws", stop=True, remove=True), print, lambda _: None)

    assert (machine.stopped, machine.removed, gone.state, gone.left) == (1, 1, "absent", ())
    assert gone.seen.exit_code == 4
    assert gone.fetched > 5
    assert Store(workspace.evidence).journal()[:-1] == Store(machine.evidence).journal()
    again = away(workspace, machine, plan_of(workspace), Order("aws", stop=True, remove=True), print)
    assert (machine.stopped, again.state) == (1, "absent"), "nothing is there to stop"


def test_one_that_was_cut_before_its_bundle_was_handed_over_gets_it_from_the_next(workspace, measured):
    machine = Machine(RUNS, evidence=measured)
    away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print)
    machine.handed = False
    with pytest.raises(Refused, match="nothing runs on aws"):
        away(workspace, machine, plan_of(workspace), Order("aws", stop=True), print)
    away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print)

    assert len(machine.begun) == 2
    assert [e["on"] for e in Store(workspace.evidence).journal() if e["event"] == HANDED] == ["aws"]


def test_what_cannot_be_brought_up_leaves_the_campaign_here(workspace, monkeypatch):
    machine = Machine(ENDED)

    def refuses(variables, say):
        raise Refused("its budget is used up", "raise it")

    monkeypatch.setattr(machine, "begin", refuses)
    with pytest.raises(Refused, match="its budget is used up"):
        away(workspace, machine, plan_of(workspace), Order("aws"), print)
    at_home(workspace)
    assert not stands_on(Store(workspace.evidence).journal(), "aws")


def test_what_an_earlier_try_brought_up_still_costs_when_the_next_is_refused(workspace, measured, monkeypatch):
    machine = Machine(RUNS, evidence=measured)
    away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print)
    machine.handed = False  # it was cut before its bundle was there

    def refuses(variables, say):
        raise Refused("load.env has more than 4096 bytes", "keep what the targets need")

    monkeypatch.setattr(machine, "begin", refuses)
    with pytest.raises(Refused, match="more than 4096"):
        away(workspace, machine, plan_of(workspace), Order("aws"), print)
    assert is_away(workspace)
    assert stands_on(Store(workspace.evidence).journal(), "aws")


def test_evidence_that_both_machines_made_is_not_mixed(workspace, measured):
    store, machine = Store(workspace.evidence), Machine(RUNS, ENDED, evidence=measured)
    away(workspace, machine, plan_of(workspace), Order("aws", detach=True), print)
    store.note("block begun", block=1, attempt=1, order="AB")
    before = store.journal()

    with pytest.raises(Refused, match="events that the machine does not know"):
        away(workspace, machine, plan_of(workspace), Order("aws"), print)
    assert store.journal() == before


def test_fetching_again_keeps_what_was_collected_here_since(workspace, measured):
    machine = Machine(ENDED, evidence=measured)
    away(workspace, machine, plan_of(workspace), Order("aws"), print)
    store = Store(workspace.evidence)
    store.note("collected", runs=[])
    longer = store.journal()

    assert away(workspace, machine, plan_of(workspace), Order("aws"), print).fetched == 0
    assert store.journal() == longer


def test_damaged_evidence_is_not_taken_over(workspace, measured):
    [first, *_] = measured.glob("blocks/*/*/*/ledger.json")
    first.write_text("{}")

    with pytest.raises(Exception, match="what was fetched is damaged"):
        away(workspace, Machine(ENDED, evidence=measured), plan_of(workspace), Order("aws"), print)
    assert not list(workspace.evidence.glob("blocks/*"))


def test_a_variable_that_is_nowhere_is_said_before_anything_is_brought_up(workspace, monkeypatch):
    plan = plan_of(workspace)
    monkeypatch.delenv("RAG_TOKEN")
    machine = Machine(ENDED)

    with pytest.raises(Refused, match="variables that are not set: RAG_TOKEN"):
        away(workspace, machine, plan, Order("aws"), print)
    assert not machine.begun
    at_home(workspace)


def test_a_plan_that_is_longer_than_its_machine_is_refused(workspace):
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + '[on.aws]\nregion = "us-east-1"\nuntil = "2020-01-01"\n')
    again = open_workspace(workspace.root)

    with pytest.raises(Refused, match=r"on.aws.until is 2020-01-01, and the plan's last block is due"):
        away(again, Machine(ENDED), plan_of(again), Order("aws"), print)


def test_variables_are_read_from_a_file_that_nobody_else_reads(workspace):
    path = workspace.root / "generator.env"
    path.write_text('# of the targets\nexport A=1\nB = "two words"\n')
    path.chmod(0o644)
    with pytest.raises(Refused, match="other users can reach it"):
        from_file(path)
    path.chmod(0o600)

    assert from_file(path) == {"A": "1", "B": "two words"}
    assert named_by(workspace, ["alpha"]) == ("RAG_URL", "RAG_TOKEN")
    with pytest.raises(Refused, match="KEY: a value must be one line"):
        as_file({"KEY": "-----BEGIN\nKEY"})
    path.write_text("no equals sign\n")
    with pytest.raises(Refused, match=r"generator.env:1: want NAME=VALUE"):
        from_file(path)


def test_only_the_file_that_its_table_names_is_read(workspace, monkeypatch):
    monkeypatch.delenv("RAG_TOKEN")
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + '[on.aws]\nvariables = "load.env"\n[on.other]\nvariables = "other.env"\n')
    for name in ("load.env", "other.env"):
        (workspace.root / name).write_text(f"{'RAG_TOKEN' if name == 'other.env' else 'RAG_MORE'}=sesame\n")
        (workspace.root / name).chmod(0o600)

    with pytest.raises(Refused, match="not set: RAG_TOKEN") as raised:
        away(open_workspace(workspace.root), Machine(ENDED), plan_of(workspace), Order("aws"), print)
    assert "into load.env" in raised.value.hint


def test_only_what_somebody_names_of_the_file_goes_there_and_the_names_are_said(workspace, monkeypatch, measured):
    monkeypatch.delenv("RAG_TOKEN")
    values = {"RAG_TOKEN": "sesame", "TENANT": "blue", "HALT_URL": "http://x", "DATABASE_URL": "postgres://everything"}
    path = workspace.root / "load.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    path.chmod(0o600)
    toml = workspace.root / "pilot.toml"
    toml.write_text(toml.read_text() + '[on.aws]\nvariables = "load.env"  # with HALT_URL\n')
    (workspace.root / "loadprofiles" / "ours.py").write_text('import os\nTENANT = os.environ["TENANT"]\n')
    said, machine = [], Machine(RUNS, evidence=measured)
    away(open_workspace(workspace.root), machine, plan_of(workspace), Order("aws", detach=True), said.append)

    [(_, given)] = machine.begun
    assert sorted(line.partition("=")[0] for line in given.split()) == ["HALT_URL", "RAG_TOKEN", "RAG_URL", "TENANT"]
    assert "variables that go there: RAG_URL, RAG_TOKEN, TENANT, HALT_URL" in said
    assert any(line.startswith("load.env also has DATABASE_URL: that stays here") for line in said)
    assert not any(value in line for line in said for value in values.values())


def test_links_that_lead_out_of_the_workspace_do_not_go_with_it(workspace, tmp_path):
    (tmp_path / "elsewhere").write_text("a stranger's")
    (workspace.root / "linked.txt").symlink_to(tmp_path / "elsewhere")

    assert "linked.txt" not in [at for at, _ in bundle._of_workspace(workspace)]


def test_an_installed_package_goes_with_its_files_and_the_versions_beside_it(tmp_path, monkeypatch):
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "x.py").write_text("")
    names = [PackagePath("harness/x.py"), PackagePath("harness/local.env"), PackagePath("../../bin/pilot")]
    for name in names:
        name.dist = Distribution(tmp_path)
    monkeypatch.setattr(bundle, "PINS", "no checkout")
    monkeypatch.setattr(bundle, "distribution", lambda name: SimpleNamespace(files=names))
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        ADD_PACKAGE(tar)
    with tarfile.open(tmp_path / "b.tar") as tar:
        pins = tar.extractfile("package/requirements.txt").read().decode().split()

        assert [n for n in tar.getnames() if "site" in n] == ["package/site/harness/x.py"]
    assert any(pin.startswith("locust==2.47") for pin in pins)
    assert not any(pin.startswith(("runtime-pilot==", "pip==")) for pin in pins)


class Distribution:
    def __init__(self, root):
        self._root = root

    def locate_file(self, name):
        return self._root / name
