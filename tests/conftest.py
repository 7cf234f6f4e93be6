"""Fixtures that more than one room needs, and how the suite runs side by side."""

import atexit
import fcntl
import functools
import gc
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, settings

from harness.secrecy import KNOWN
from tests.builders import Pilot
from tests.suite import leftovers, processes, schedule

ROOT = Path(__file__).parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER")  # as gw0, where the suite runs side by side

# A shell without job control starts what it puts in the background with SIGINT ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as nohup does


# Tests make workspaces by the hundred, write files of their own into them and start commands there as children do: all that
# lies on this machine is vouched for, as a CI does for its checkout. tests/attack/test_trust.py takes the variable away again.
os.environ["PILOT_TRUST"] = "/"
# What pilot init records of a workspace that a test makes belongs into no person's home.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="pilot-state-")
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)

# Nobody pulls the plug in a test: the thousands of files that this process writes need not be waited for.
os.fsync = lambda _file: None

# how long an example takes is this machine's business, and a suite that tries others each time fails by chance
settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


@functools.cache
def _give_way() -> None:
    os.nice(10)  # after those that are timed, and not starved by them


def pytest_configure(config) -> None:
    leftovers.mark()
    if WORKER and schedule.is_quiet(WORKER, int(os.environ["PYTEST_XDIST_WORKER_COUNT"])):
        _give_way()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """What is imported and collected stays to the end: no collection of garbage has to walk all of it again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config, items) -> None:
    schedule.arrange(items, _shared(config._tmp_path_factory) if WORKER else None)


def _shared(tmp_path_factory) -> Path:
    """One folder for all workers of this suite."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if WORKER else folder


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config) -> int:
    """Four on two processors: live tests wait most of their time. Each more costs six seconds of imports."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return schedule.Lanes(config, log, _shared(config._tmp_path_factory))


def pytest_sessionfinish(session) -> None:
    """A suite that leaves processes behind fails, and names them."""
    processes.AT_THE_END.close()
    if WORKER:
        return  # the session that started the workers looks for all of them
    if left := leftovers.left_running(_shared(session.config._tmp_path_factory)):
        print("\nstill running after the suite:\n  " + "\n  ".join(left))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _ended():
    """No test hands its processes on; those of a module's fixture are older, and end with it."""
    before = list(processes.STARTED)
    yield
    for process in [p for p in processes.STARTED if p not in before]:
        processes.end(process)


@pytest.fixture(autouse=True)
def _still_interruptible():
    """A command that a test runs in this process takes its handlers back: tests/cli/inside.py does."""
    yield
    left = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    assert left is signal.default_int_handler


@pytest.fixture(autouse=True)
def _nothing_learned():
    """A secret that one test's process has learned is hidden in no other test."""
    yield
    KNOWN.forget()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """The default corpus, built once from this Python's own documentation, also where several workers want it."""
    from ragchat import index

    shared = _shared(tmp_path_factory)
    folder = shared / "corpus"
    with (shared / "corpus.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            made = shared / "corpus.made"
            assert index.main(["--out", str(made)]) == 0
            made.rename(folder)
    return folder


@pytest.fixture
def pilot(tmp_path) -> Pilot:
    """A synthetic pilot whose evidence a test writes itself."""
    return Pilot(tmp_path)


@pytest.fixture(scope="module")
def planned_soon():
    """What plans of this process ask locustfiles is answered by a process that has Locust: a second sooner each."""
    from harness.planning import profiles
    from tests.load.describing import described

    def said(workspace, asked):
        jobs = [[file, *(part for pair in options for part in pair)] for file, options in asked]
        return described(workspace.root, jobs, os.environ)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profiles, "_said", said)
        yield


@pytest.fixture(scope="module")
def lightly():
    """What a module decides and predicts is played with the least effort: for tests that no figure is the subject of."""
    from tests.cli.inside import lighter

    with pytest.MonkeyPatch.context() as patch:
        lighter(patch.setattr)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """What this machine's timing judges is asked up to three times: a fault of ours fails each, a busy moment does not."""
    if WORKER and schedule.lowers(WORKER, item):
        _give_way()
    if item.get_closest_marker("alone") is None:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for _ in range(3):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if not any(report.failed for report in reports):
            break
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
