"""Who stands by for a campaign: called, brought up again, told to begin and to leave; the line is a real one, the standbys are threads."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.errors import BadFile, PilotError, Refused
from harness.launch.generators import can_be_reached, launcher_of
from harness.launch.launcher import Launched
from harness.launch.led import Led, _of_worker
from harness.launch.line import Caller, Door
from harness.launch.roll import Roll
from harness.launch.standby import Standby, Told, allowed, told
from harness.workspace import open_workspace
from harness.workspace.wants import of_generator
from tests.builders import Pilot
from tests.peers.start import free_port
from tests.suite.waiting import until

SECRET = b"known to every member of it"


class Member(threading.Thread):
    """A standby that begins nothing and says what it was told."""

    def __init__(self, name, port, secret=SECRET):
        super().__init__(daemon=True)
        self.member, self.told, self.code = name, [], 0
        self._port, self._secret, self._going = port, secret, True
        self.start()

    def run(self):
        caller = Caller(f"127.0.0.1:{self._port}", self._secret)
        while self._going:
            caller.send({"hello": {"member": self.member, "machine": "m:1"}})
            caller.hear(0.05, lambda said: self._take(caller, said))
        caller.close()

    def _take(self, caller, said):
        if "beat" not in said:
            self.told.append(said)
        if "begin" in said and self.code is not None:
            caller.send({"ended": said["begin"], "code": self.code, "words": "no such target"})
        if "leave" in said:
            self.stop()

    def stop(self):
        self._going = False


class Threads:
    """A fleet of these; what ``dies`` ends as soon as it was started."""

    def __init__(self, *members, port, dies=()):
        self.members, self.port, self.dies = members, port, dies
        self.running, self.started = {}, []

    def start(self, member):
        self.started.append(member)
        if member not in self.dies:
            self.running[member] = Member(member, self.port)

    def ended(self, member):
        one = self.running.get(member)
        return None if one is not None and one.is_alive() else "it is gone"

    def stop(self):
        for one in self.running.values():
            one.stop()
            one.join(30)


@pytest.fixture
def rolled():
    """Makes a roll and its fleet; both end with the test."""
    made = []

    def make(*members, **how):
        port = free_port()
        fleet, door, said = Threads(*members, port=port, **how), Door("127.0.0.1", port, SECRET), []
        roll = Roll(fleet, door, said.append)
        made.append((roll, fleet))
        return roll, fleet, said

    yield make
    for roll, fleet in made:
        roll.close()
        fleet.stop()


def test_every_member_is_started_once_and_one_that_is_gone_is_brought_up_again(rolled, monkeypatch):
    monkeypatch.setattr("harness.launch.roll.SILENT_S", 0.3)
    roll, fleet, said = rolled("a", "b")

    assert [m["member"] for m in roll.gather(60)] == ["a", "b"]
    fleet.running["b"].stop()
    fleet.running["b"].join()
    time.sleep(0.4)
    assert [m["member"] for m in roll.gather(60)] == ["a", "b"]
    assert fleet.started == ["a", "b", "b"]
    assert said == ["generator b: it is gone; starting it again"]


def test_a_member_that_does_not_stay_up_is_named_with_its_reason(rolled, monkeypatch):
    monkeypatch.setattr("harness.launch.roll.ASK_S", 0.05)
    roll, fleet, _ = rolled("a", "b", dies=("b",))

    with pytest.raises(PilotError, match="the generator b does not stay up: it is gone"):
        roll.gather(60)
    assert fleet.started.count("b") == 3


def test_who_does_not_know_the_secret_is_not_on_the_roll(rolled, monkeypatch):
    monkeypatch.setattr("harness.launch.roll.ASK_S", 0.05)
    roll, fleet, _ = rolled("a")
    fleet.start = lambda member: fleet.running.setdefault(
        member, Member(member, fleet.port, b"another secret altogether")
    )

    with pytest.raises(PilotError, match=r"a of the generator did not call within 0.5 s"):
        roll.gather(0.5)


def test_a_run_is_begun_on_every_member_and_what_failed_there_is_said(rolled):
    roll, fleet, _ = rolled("a", "b")
    roll.gather(60)
    fleet.running["b"].code = 2
    roll.begin(1, {"argv": ["-f", "x"], "env": {}, "processes": 1})

    assert roll.over(1, 30, 30) == ["b: a worker ended with 2: no such target"]
    assert [t["begin"] for m in fleet.running.values() for t in m.told] == [1, 1]


def test_workers_that_do_not_end_are_told_to_and_then_named(rolled):
    roll, fleet, _ = rolled("a")
    roll.gather(60)
    fleet.running["a"].code = None
    roll.begin(1, {"argv": ["-f", "x"], "env": {}, "processes": 1})

    assert roll.over(1, 0.2, 0.3) == ["a: its workers did not end"]
    until(lambda: {"end": 1} in fleet.running["a"].told)


def test_a_run_on_a_member_that_is_gone_is_over(rolled, monkeypatch):
    monkeypatch.setattr("harness.launch.roll.SILENT_S", 0.3)
    roll, fleet, _ = rolled("a")
    roll.gather(60)
    fleet.running["a"].code = None
    roll.begin(1, {"argv": ["-f", "x"], "env": {}, "processes": 1})
    fleet.running["a"].stop()

    assert roll.over(1, 30, 30) == []


def test_a_port_that_is_taken_is_refused():
    port = free_port()
    door = Door("127.0.0.1", port, SECRET)
    with pytest.raises(Refused, match=f"127.0.0.1:{port} cannot be listened at"):
        Door("127.0.0.1", port, SECRET)
    door.close()


class Beginning:
    """Begins nothing; what it began ends when it is told to, or at once with ``code``."""

    def __init__(self, code=None):
        self.code, self.begun = code, []

    def begin(self, argv, env, log):
        log.write_text("the target is not declared\n")
        launched = Launched()
        launched.terminate = lambda number=15: launched.hear(pid=1, code=143)
        if self.code is not None:
            launched.hear(pid=1, code=self.code)
        self.begun.append((argv, env))
        return launched


class Serving(threading.Thread):
    """A real standby in this process."""

    def __init__(self, member, port, root, launcher):
        super().__init__(daemon=True)
        self.standby = Standby(Told(f"127.0.0.1:{port}", SECRET, member), root, launcher, root)
        self.run = self.standby.serve
        self.stop = self.standby.leave
        self.start()


@pytest.fixture
def served(rolled, profiles):
    """A roll whose one member is a real standby over ``launcher``."""

    def make(launcher):
        roll, fleet, _ = rolled("a")
        fleet.start = lambda member: fleet.running.setdefault(member, Serving(member, fleet.port, profiles, launcher))
        said = roll.gather(60)
        assert said[0]["member"] == "a"
        assert said[0]["cores"] >= 1
        return roll, fleet

    return make


MINE = ["-f", "loadprofiles/steady.py", "--target", "alpha", "--master-host", "127.0.0.1"]


def test_a_standby_begins_its_workers_with_the_secret_and_says_how_they_ended(served):
    launcher = Beginning(code=1)
    roll, _ = served(launcher)
    roll.begin(1, {"argv": MINE, "env": {"PILOT_CAMPAIGN": "1", "LD_PRELOAD": "evil.so"}, "processes": 2})

    assert roll.over(1, 30, 30) == ["a: a worker ended with 1: the target is not declared"]
    assert (
        launcher.begun == [([*MINE, "--worker"], {"PILOT_CAMPAIGN": "1", "PILOT_WORKER_SECRET": SECRET.decode()})] * 2
    )


def test_a_standby_says_what_it_does_not_begin(served):
    launcher = Beginning()
    roll, _ = served(launcher)
    roll.begin(1, {"argv": ["-f", "/etc/passwd"], "env": {}, "processes": 1})

    [words] = roll.over(1, 30, 30)
    assert words.startswith("a: a worker ended with 2: -f /etc/passwd: not a load profile of")
    assert launcher.begun == []


def test_workers_that_go_on_after_their_master_are_ended_by_their_standby(served):
    roll, _ = served(Beginning())
    roll.begin(1, {"argv": MINE, "env": {}, "processes": 1})

    assert roll.over(1, 0.2, 30) == ["a: a worker ended with 143: the target is not declared"]


def test_a_standby_leaves_when_its_campaign_is_silent_and_ends_what_it_began(served, monkeypatch, capsys):
    monkeypatch.setattr("harness.launch.standby.ALONE_S", 0.4)
    monkeypatch.setattr("harness.launch.roll.BEAT_S", 0.1)
    launcher = Beginning()
    roll, fleet = served(launcher)
    roll.begin(1, {"argv": MINE, "env": {}, "processes": 1})
    until(lambda: launcher.begun or not fleet.running["a"].is_alive())
    roll._to_send, roll._queue = [], lambda message: None  # it says nothing any more
    fleet.running["a"].join(30)

    assert not fleet.running["a"].is_alive()
    assert "was silent for 0.4 s" in capsys.readouterr().err


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    root = tmp_path_factory.mktemp("standby")
    (root / "loadprofiles").mkdir()
    return root


def test_a_standby_begins_its_own_workspaces_profiles_and_nothing_else(profiles):
    mine = ["-f", "loadprofiles/steady.py", "--target", "alpha", "--master-host", "10.0.0.1"]

    assert allowed(mine, profiles) == [*mine, "--worker"]
    for wrong in (
        ["-f", "../evil.py"],
        ["-f", "/etc/evil.py"],
        ["--target", "alpha"],
        [*mine, "--evidence", "/"],
        [*mine, "-f", "x.py"],
        [*mine, "--config", "x"],
        [*mine, "--headless"],
        "rm",
    ):
        with pytest.raises(Refused):
            allowed(wrong, profiles)


def test_a_standby_is_told_by_its_input_or_its_environment():
    said = told('{"to": "10.0.0.1:5560", "secret": "a secret of its own", "member": "a"}', {})
    by = {"PILOT_STANDBY": "10.0.0.1:5560", "PILOT_WORKER_SECRET": "a secret of its own", "PILOT_STANDBY_MEMBER": "a"}

    assert said == told("", by)
    for wrong in ("", "{", '{"to": "x", "secret": "short", "member": "a"}'):
        with pytest.raises(Refused):
            told(wrong, {})


def test_a_worker_is_asked_for_what_its_master_is_without_the_masters_own_part():
    argv = [
        "-f",
        "loadprofiles/s.py",
        "--headless",
        "--only-summary",
        "--loglevel",
        "WARNING",
        "--evidence",
        "e",
        "--rate",
        "2",
    ]

    assert _of_worker(argv) == ["-f", "loadprofiles/s.py", "--loglevel", "WARNING", "--rate", "2"]
    assert allowed(_of_worker(argv), Path()) == [*_of_worker(argv), "--worker"]


TABLE = """
[generator]
kind = "hosts"
address = "127.0.0.1"
port = {port}
start_s = 0.1
[generator.hosts]
one = ["no-such-program", "x"]
"""


def with_generator(root, table):
    made = Pilot(root).workspace()
    path = made.root / "pilot.toml"
    path.write_text(path.read_text() + table)
    return open_workspace(made.root)


class NoNursery:
    """Locust is not imported for what never begins a run."""

    gone = False

    def __init__(self, *given):
        pass

    def close(self):
        pass


def test_a_host_whose_command_cannot_be_started_is_named_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.launch.launcher._Nursery", NoNursery)
    workspace = with_generator(tmp_path, TABLE.format(port=free_port()))
    launcher = launcher_of(workspace, print)

    assert isinstance(launcher, Led)
    with pytest.raises(PilotError, match=r"generator.hosts.one: no-such-program: No such file"), launcher:
        launcher.ready()
    with launcher_of(workspace, print):
        pass  # its port is free again


def test_commands_of_hosts_are_trusted_by_somebody_first(tmp_path):
    workspace = with_generator(tmp_path, TABLE.format(port=1))

    assert [want.what for want in of_generator(workspace)] == ["no-such-program x to send load from there"]


def test_a_generator_that_is_not_known_is_said_with_the_nearest(tmp_path):
    with pytest.raises(BadFile, match=r"generator.kind: no kind of generator 'host': did you mean hosts"):
        with_generator(tmp_path, '[generator]\nkind = "host"\n')


def test_embedded_targets_are_not_asked_from_other_machines(tmp_path):
    workspace = with_generator(tmp_path, TABLE.format(port=1))
    [one, _] = workspace.pair()
    can_be_reached(workspace, [one])

    class Embedded:
        name, embedded = "local", True

    with pytest.raises(Refused, match="local: embedded targets answer on this machine only"):
        can_be_reached(workspace, [Embedded()])


def test_processes_of_this_machine_are_locusts_own(tmp_path):
    several = launcher_of(with_generator(tmp_path, "[generator]\nprocesses = 3\n"), print)
    begun = []
    several._alive = lambda: SimpleNamespace(begin=lambda job: begun.append(job["argv"]) or True)
    several.begin(["-f", "x"], {}, tmp_path / "log")

    assert begun == [["-f", "x", "--processes", "3"]]
