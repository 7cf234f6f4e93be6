"""Strangers at the port between a master and its workers: nothing they send is read, and the run is whole."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from random import Random

import psutil
import pytest

from tests.attack import strangers
from tests.attack.ways import LOCUST
from tests.fakes import ScriptedServer
from tests.load.run import Done, questions_file, wait_until_running
from tests.peers.start import free_port
from tests.suite import processes

SEED = 4


@pytest.fixture(scope="module")
def server():
    made = ScriptedServer()
    yield made
    made.close()


class Run:
    """A master and workers that were started by hand."""

    def __init__(self, folder, url, seconds=3, workers=1, through=None):
        self.folder = folder
        self.port = free_port()
        given = {"--host": url, "--rate": 20, "--duration": seconds, "--warmup": 0, "--slots": 40}
        given |= {"--questions": questions_file(folder, ["ok"])}
        self._given = [str(part) for pair in given.items() for part in pair]
        more = [
            "--master",
            "--master-bind-port",
            str(self.port),
            "--expect-workers",
            str(workers),
            "--evidence",
            str(folder / "run"),
        ]
        self.between = through(self.port) if through else None
        self.master = self.begin("master", "--headless", *more)
        port = str(self.between.port if self.between else self.port)
        self.workers = [self.begin(f"worker-{k}", "--worker", "--master-port", port) for k in range(workers)]

    def begin(self, name, *more):
        with (self.folder / f"{name}.txt").open("wb") as out:
            return processes.start(
                [*LOCUST, *self._given, *more], cwd=self.folder, stdout=out, stderr=subprocess.STDOUT
            )

    def words(self, name):
        return (self.folder / f"{name}.txt").read_text(errors="replace")

    @property
    def worker(self):
        """The name of the first that the master has met: nobody else can know it."""
        wait_until_running(self.folder / "run")
        return re.search(r"(\S+_[0-9a-f]{32}) \(index 0\) reported as ready", self.words("master"))[1]

    def finish(self):
        code = self.master.wait(60)
        self.left = [worker.wait(20) for worker in self.workers]
        return Done(code, self.words("master"), self.folder / "run")


def held(done, planned):
    """That a run is whole: every sample there once, and measured."""
    assert done.ended_well, done.output
    assert done.json("ledger.json")["outcomes"] == {"ok": planned}
    assert sorted(row["seq"] for row in done.samples) == list(range(planned))
    assert "Traceback" not in done.output
    return done.json("run.json")["strangers"]


def test_frames_of_strangers_are_counted_and_never_read(server, tmp_path):
    """Raw bytes, whole messages by ZeroMQ, and all that the worker sent, once more."""
    run = Run(tmp_path, server.url, seconds=6, through=strangers.Between)  # they are done before it is
    rng, worker = Random(SEED), run.worker
    tried = strangers.raw(run.port, worker, rng)
    frames = strangers.spoken(run.port, worker, rng)
    memory = psutil.Process(run.master.pid).memory_info().rss
    run.between.replay()
    done = run.finish()
    run.between.close()
    counted, sent = held(done, 120), run.between.kept

    assert run.left == [0]
    assert counted["unreadable"] == 0, "not one got as far as being read"
    assert counted["connections"] >= tried + 2
    assert frames > 250
    assert memory < 400e6
    assert "does not know the secret" in done.output
    assert "by a stranger" not in done.output
    assert sum(map(len, sent)) > 2000
    assert not any(b"pilot_" in data or b"client_ready" in data for data in sent), "nor can anybody else read it"


@pytest.mark.attack
def test_what_cannot_be_read_or_is_said_in_anothers_name_is_dropped_from_insiders_too(server, tmp_path, monkeypatch):
    """Locust would handle the message before it once more, or end its listener."""
    secret = "of this fleet, which an insider has"
    monkeypatch.setenv("PILOT_WORKER_SECRET", secret)
    run = Run(tmp_path, server.url)
    sent = strangers.insider(run.port, secret.encode(), run.worker, Random(SEED))
    counted = held(run.finish(), 60)

    assert counted == {"connections": 0, "unreadable": sent}


@pytest.mark.attack
def test_a_frame_that_is_repeated_inside_its_own_connection_makes_no_sample(server, tmp_path):
    """Whoever sits on the wire can cut it, which the ledger says; it cannot add to what was measured."""
    for k in range(3):
        folder = tmp_path / str(k)
        folder.mkdir()
        run = Run(folder, server.url, through=strangers.Between)
        wait_until_running(folder / "run")
        time.sleep(0.4 + 0.5 * k)
        run.between.again.set()
        done = run.finish()
        run.between.close()
        ledger = done.json("ledger.json")

        assert run.between.repeated == 1
        assert sum(ledger["outcomes"].values()) == len(done.samples) == 60
        assert ledger["outcomes"].get("ok", 0) <= 60
        assert "Traceback" not in done.output


@pytest.mark.attack
def test_strangers_by_the_thousand_for_a_whole_run(server, tmp_path):
    run = Run(tmp_path, server.url, seconds=20, workers=2)
    worker, until, counts = run.worker, time.monotonic() + 15, [0, 0]
    process = psutil.Process(run.master.pid)
    before, most = process.memory_info().rss, 0

    def attack(k):
        rng = Random(SEED + k)
        while time.monotonic() < until:
            counts[0] += strangers.raw(run.port, worker, rng)
            counts[1] += strangers.spoken(run.port, worker, rng)

    threads = [threading.Thread(target=attack, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, process.memory_info().rss)
        time.sleep(0.2)
    done = run.finish()
    counted = held(done, 400)
    print(
        f"{counts[0]} connections of raw bytes, {counts[1]} frames, {(most - before) / 2**20:.0f} MiB more; {counted}"
    )

    assert counted["unreadable"] == 0
    assert counted["connections"] >= counts[0]
    assert most - before < 400 * 2**20
    assert run.left == [0, 0]


@pytest.mark.attack
@pytest.mark.parametrize("key", [None, bytes(range(32))], ids=["without a key", "with a key of its own"])
def test_a_worker_obeys_no_stranger(server, tmp_path, key):
    evil = ScriptedServer()
    plan = {
        "spec": {"base_url": evil.url},
        "digest": "",
        "worker": 0,
        "workers": 1,
        "t0_perf": 0.0,
        "machine": "x",
        "offset_s": 0,
    }
    spawn = {
        "timestamp": 9e9,
        "user_classes_count": {"SteadyUser": 1},
        "host": evil.url,
        "stop_timeout": 0,
        "parsed_options": {},
    }
    orders = [("ack", {"index": 0}), ("pilot_plan", plan), ("spawn", spawn), ("quit", None)]
    with strangers.rogue_master(orders, key) as port:
        run = Run(tmp_path, server.url, workers=1)
        led_astray = run.begin("astray", "--worker", "--master-port", str(port))
        done = run.finish()
        time.sleep(3)
        alive = led_astray.poll() is None
        led_astray.send_signal(signal.SIGINT)
        led_astray.wait(20)
    evil.close()
    words = run.words("astray")

    held(done, 60)
    assert alive, f"it did not obey the order to quit: {words}"
    assert evil.connections == 0
    assert f"what listens at 127.0.0.1:{port} does not share this worker's secret" in words
    assert "Traceback" not in words


@pytest.mark.attack
def test_a_worker_with_another_secret_is_told_and_the_run_goes_on_without_it(server, tmp_path, monkeypatch):
    run = Run(tmp_path, server.url, seconds=4)
    monkeypatch.setenv("PILOT_WORKER_SECRET", "of another fleet altogether")
    other = run.begin("other", "--worker", "--master-port", str(run.port))
    done = run.finish()
    other.send_signal(signal.SIGINT)
    other.wait(20)

    assert held(done, 80)["connections"] > 0
    assert "does not share this worker's secret" in run.words("other")
