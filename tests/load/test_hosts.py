"""A generator fleet over several hosts: real processes in network namespaces of their own, each with its own host name.

The namespaces share this machine's monotonic clock, so the true offset of every worker's clock is 0.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.load.run import ROOT, STEADY, Done, _wait, questions_file, wait_for_samples
from tests.suite import processes

HUB, SERVER_PORT, MASTER_PORT = "10.77.0.1", "8080", "5557"
SERVE = f"import time; from tests.fakes import ScriptedServer; ScriptedServer(host={HUB!r}, port={SERVER_PORT}); time.sleep(120)"


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def may_make_namespaces():
    if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("unshare") is None:
        return False
    name = f"pilot-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True).returncode == 0
    if made:
        ip("netns", "del", name)
    return made


pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not may_make_namespaces(), reason="network namespaces need root and iproute2 on Linux"
)


class Hosts:
    """A hub with the target and the master, and one host a worker, each on a link of its own."""

    def __init__(self, workers):
        self._tag = f"p{os.getpid() % 100_000}"
        self._processes = []
        self.hub = self._host("hub")
        ip("-n", self.hub, "addr", "add", f"{HUB}/32", "dev", "lo")
        self.workers = [self._worker(k) for k in range(1, workers + 1)]

    def _host(self, name):
        ip("netns", "add", f"{self._tag}-{name}")
        ip("-n", f"{self._tag}-{name}", "link", "set", "lo", "up")
        return f"{self._tag}-{name}"

    def _worker(self, k):
        name = self._host(f"w{k}")
        near, far = f"{self._tag}h{k}", f"{self._tag}w{k}"
        ip("link", "add", near, "netns", self.hub, "type", "veth", "peer", "name", far, "netns", name)
        for host, device, address in ((self.hub, near, f"10.77.{k}.1/24"), (name, far, f"10.77.{k}.2/24")):
            ip("-n", host, "addr", "add", address, "dev", device)
            ip("-n", host, "link", "set", device, "up")
        ip("-n", name, "route", "add", f"{HUB}/32", "via", f"10.77.{k}.1")
        return name

    def cut(self, k):
        ip("-n", self.hub, "link", "set", f"{self._tag}h{k}", "down")

    def start(self, host, cwd, *command):
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host, *command]
        with (cwd / f"{host}.txt").open("wb") as out:
            process = processes.start(
                ["ip", "netns", "exec", host, *named],
                cwd=cwd,
                stdout=out,
                stderr=out,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PILOT_WORKER_SECRET": "known to every host of this fleet"},
            )
        self._processes.append(process)
        return process

    def close(self):
        for process in self._processes:
            processes.end(process)
        for name in (*self.workers, self.hub):
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("netns", "del", name)


def listens(target):
    """Whether somebody listens at the port in its namespace (0A)."""
    rows = Path(f"/proc/{target.pid}/net/tcp").read_text().splitlines()[1:]
    return any(row.split()[1].endswith(f":{int(SERVER_PORT):04X}") and row.split()[3] == "0A" for row in rows)


@pytest.fixture
def fleet(tmp_path):
    """Two workers' hosts, ready; ``run(seconds)`` starts the master."""
    hosts = Hosts(2)
    target = hosts.start(hosts.hub, tmp_path, sys.executable, "-c", SERVE)
    _wait(lambda: listens(target), 20)
    given = ["--host", f"http://{HUB}:{SERVER_PORT}", "--i-own-this-host", "--mode", "json", "--deadline", "3"]
    given += ["--questions", str(questions_file(tmp_path, ["ok"])), "--rate", "20", "--warmup", "0"]
    locust = [sys.executable, "-m", "locust", "-f", str(STEADY), *given]

    def run(seconds):
        workers = [
            hosts.start(name, tmp_path, *locust, "--worker", "--master-host", HUB, "--master-port", MASTER_PORT)
            for name in hosts.workers
        ]
        master = ["--master", "--master-bind-host", HUB, "--master-bind-port", MASTER_PORT, "--expect-workers", "2"]
        more = ["--headless", "--only-summary", "--duration", str(seconds), "--evidence", str(tmp_path / "run")]
        return hosts.start(hosts.hub, tmp_path, *locust, *master, *more), workers

    yield hosts, run, tmp_path
    hosts.close()


def finish(master, hosts, cwd):
    code = master.wait(60)
    return Done(code, (cwd / f"{hosts.hub}.txt").read_text(errors="replace"), cwd / "run")


def test_a_fleet_of_hosts_sends_one_schedule_and_knows_its_clocks(fleet):
    hosts, run, cwd = fleet
    master, _ = run(2)
    done = finish(master, hosts, cwd)
    clocks = done.json("run.json")["worker_clocks"]

    assert done.ended_well, done.output
    assert [s["outcome"] for s in done.samples] == ["ok"] * 40
    assert {s["worker"] for s in done.samples} == {0, 1}
    assert {c["before"]["machine"].split(":")[0] for c in clocks} == set(hosts.workers)
    for clock in clocks:
        assert abs(clock["before"]["offset_s"]) <= clock["before"]["error_s"] + 1e-5, "the truth is 0"
        assert clock["before"]["error_s"] < 0.05


@pytest.mark.parametrize("accident", ["a worker is killed", pytest.param("a link is cut", marks=pytest.mark.slow)])
def test_an_accident_mid_run_makes_it_invalid_and_every_arrival_accounted_for(fleet, accident):
    hosts, run, cwd = fleet
    master, workers = run(4)
    wait_for_samples(cwd / "run", 20)
    if accident == "a link is cut":
        hosts.cut(2)
    else:
        subprocess.run(["pkill", "-9", "-f", "--ns", str(workers[1].pid), "--nslist", "net", "locust"], check=False)
    done = finish(master, hosts, cwd)
    ledger = done.json("ledger.json")

    assert done.code == 3, done.output
    assert ledger["lost_workers"] == 1
    assert ledger["outcomes"]["lost"] > 5
    assert ledger["outcomes"]["ok"] >= 40, "the other worker goes on to its end"
    assert sum(ledger["outcomes"].values()) == len(done.samples) == 80
