"""The suite's own machinery: who runs what when, and that nothing of a test outlives it."""

import json
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from tests.suite import leftovers, processes, schedule

QUIET = [f"tests/domain/test_a.py::test_{k}" for k in range(40)]
LIVE = [f"tests/load/test_b.py::test_{k}" for k in range(4)]
MODULE = [f"tests/stories/test_c.py::test_{k}" for k in range(3)]
LONG = [f"tests/local/test_f.py::test_{k}" for k in range(12)]
BESIDE = [f"tests/decision/test_e.py::test_{k}" for k in range(30)]
TIMED = [f"tests/load/test_d.py::test_{k}" for k in range(2)]
GROUPS = {
    **dict.fromkeys(MODULE, "tests.stories.test_c"),
    **dict.fromkeys(LONG, "tests.local.test_f"),
    **dict.fromkeys(TIMED, schedule.ALONE),
}


class Worker:
    """Runs what it was sent as pytest-xdist's do: the last one only once it knows what comes next, or that nothing does."""

    def __init__(self, number):
        self.gateway = SimpleNamespace(id=f"gw{number}")
        self.sent, self.done, self.shutting_down = [], [], False

    def send_runtest_some(self, indices):
        self.sent += indices

    def shutdown(self):
        self.shutting_down = True

    def runs_next(self):
        return len(self.sent) > (0 if self.shutting_down else 1)


@pytest.fixture
def ran(tmp_path):
    """Each test with the worker that ran it and those that were there meanwhile, in the order of their ends."""
    items = [*MODULE, *LONG, *LIVE, *QUIET, *BESIDE, *TIMED]
    (tmp_path / schedule.FILE).write_text(json.dumps(GROUPS))
    option = SimpleNamespace(loadscopereorder=True)
    values = {"tx": ["popen"] * 4}
    config = SimpleNamespace(option=option, getvalue=values.get, getoption=values.get)
    lanes = schedule.Lanes(config, None, tmp_path)
    workers = [Worker(k) for k in range(4)]
    for worker in workers:
        lanes.add_node(worker)
    for worker in workers:
        lanes.add_node_collection(worker, items)
    lanes.schedule()
    out = []
    while workers:
        for worker in list(workers):
            if worker.runs_next():
                number = worker.sent.pop(0)
                out.append((items[number], worker.gateway.id, [w.gateway.id for w in workers]))
                lanes.mark_test_complete(worker, number)
            elif worker.shutting_down:
                workers.remove(worker)
                assert lanes.remove_node(worker) is None
    return out


def test_every_test_runs_once(ran):
    assert sorted(name for name, _, _ in ran) == sorted([*MODULE, *LONG, *LIVE, *QUIET, *BESIDE, *TIMED])


def test_what_is_judged_by_timing_runs_when_every_other_live_worker_has_gone_home(ran):
    timed = [there for name, _, there in ran if name in TIMED]
    assert timed == [["gw0", "gw3"]] * len(TIMED)


def test_only_the_quiet_worker_computes_beside_them_and_the_other_one_helps_when_they_are_done(ran):
    names = [name for name, _, _ in ran]
    by = [(name, worker) for name, worker, _ in ran if name in BESIDE]
    before, after = names[: names.index(TIMED[0])], names[names.index(TIMED[-1]) :]

    assert {worker for name, worker in by if name in before} <= {"gw3"}
    assert {worker for name, worker in by if name in after} == {"gw0", "gw3"}


def test_the_one_that_keeps_its_priority_computes_only_when_no_live_test_is_left(ran):
    names = [name for name, _, _ in ran]
    own = [names.index(name) for name, worker, _ in ran if worker == schedule.FIRST and name in QUIET]
    live = [names.index(name) for name in (*LIVE, *MODULE, *LONG)]

    assert own
    assert min(own) > max(live)


def test_a_module_that_shares_a_fixture_stays_on_one_worker_and_a_quiet_one_takes_nothing_live(ran):
    by = {name: worker for name, worker, _ in ran}

    assert len({by[name] for name in MODULE}) == 1
    assert {by[name] for name in QUIET} & {"gw3"}
    assert "gw3" not in {by[name] for name in [*LIVE, *MODULE, *LONG, *TIMED]}


def test_a_process_ends_with_what_it_started():
    process = processes.start(["sh", "-c", "sleep 60 & sleep 60 & echo; wait"], stdout=subprocess.PIPE)
    process.stdout.readline()
    children = psutil.Process(process.pid).children()
    processes.end(process)
    _, alive = psutil.wait_procs(children, timeout=30)

    assert len(children) == 2
    assert alive == []


def test_what_is_left_running_is_named_though_its_parent_is_gone(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "GRACE_S", 0.1)
    monkeypatch.setenv(leftovers.MARK, "one-test")
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    parent = processes.start([sys.executable, "-c", code], cwd=tmp_path.parent)
    parent.wait(60)
    [left] = leftovers.left_running(tmp_path)
    processes.end(parent)

    assert "time.sleep(60)" in left
