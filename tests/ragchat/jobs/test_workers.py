"""Real worker processes over a real queue, some of them killed: nothing is lost, nothing becomes visible twice."""

import json
import os
import random
import signal
import sys
import time

import pytest
from ragchat.jobs.contract import Submission
from ragchat.jobs.database import Sqlite
from ragchat.jobs.queues.sqlite import SqliteQueue
from ragchat.jobs.store import Store

from tests.peers.serving import Quiet, serving
from tests.suite import processes

VISIBILITY_S = 0.6
DOCUMENTS = 12


class Works:
    """Two worker processes and a front's end of their queue."""

    def __init__(self, folder, corpus, **settings):
        self.environment = {
            **os.environ,
            "RAG_JOBS": "sqlite",
            "RAG_JOBS_DIR": str(folder),
            "RAG_JOBS_VISIBILITY_S": str(VISIBILITY_S),
            "RAG_JOBS_MOST_RECEIVES": "50",
            "RAG_INDEX": str(corpus / "index.sqlite"),
            **settings,
        }
        self.database = Sqlite(folder)
        self.store = Store(self.database, 50, 1000)
        self.queue = SqliteQueue(self.database, VISIBILITY_S)
        self.workers = []

    def start(self):
        self.workers.append(processes.start([sys.executable, "-m", "ragchat.jobs.worker"], env=self.environment))

    def submit(self, number, documents=DOCUMENTS, url=None):
        part = {"collection": f"c{number}", "reindex": {"first": number * documents % 2400, "count": documents}}
        made = self.store.submit(Submission("ingest", part, url), f"key-{number}")
        self.queue.send(made.id)
        self.store.sent(made.id)
        return made.id

    def kill(self, which):
        """SIGKILL, and another in its place."""
        victim = self.workers.pop(which)
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        self.start()

    def kill_at_work(self, within_s=30):
        """SIGKILL to both while one has a job in hand, and two in their place: both are stopped before the look."""
        until = time.monotonic() + within_s
        while True:
            assert time.monotonic() < until, "nobody was met at work"
            for worker in self.workers:
                os.kill(worker.pid, signal.SIGSTOP)
                os.waitpid(worker.pid, os.WUNTRACED)
            if self.database.read("SELECT 1 FROM job WHERE status = 'running'"):
                break
            for worker in self.workers:
                os.kill(worker.pid, signal.SIGCONT)
            time.sleep(0.003)
        self.kill(0)
        self.kill(0)

    def ends(self, within_s):
        """States by number of jobs, once all have ended."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            found = dict(self.database.read("SELECT status, count(*) FROM job GROUP BY status"))
            if not {"queued", "running"} & found.keys():
                return found
            time.sleep(0.02)
        raise AssertionError(found)

    def __enter__(self):
        self.start()
        self.start()
        return self

    def __exit__(self, *_):
        for worker in self.workers:
            processes.end(worker)
        self.database.close()


def killed_at_random(tmp_path, corpus, kills, jobs, seed):
    """How often each job became visible, and what its receiver was told."""
    rng = random.Random(seed)
    told = []

    class Receiver(Quiet):
        def answer(self):
            told.append(json.loads(self.body()))
            self.send(204)

    with serving(Receiver) as url, Works(tmp_path, corpus) as works:
        made = [works.submit(n, url=url) for n in range(jobs)]
        works.kill_at_work()
        for _ in range(kills):
            time.sleep(rng.uniform(0, 0.25))
            works.kill(rng.randrange(2))
        ended = works.ends(60)
        effects = [works.store.result(job)["effects"] for job in made]
        passages = works.database.read(
            "SELECT collection, count(DISTINCT publication), count(DISTINCT document_id) FROM passage GROUP BY collection"
        )
        lost = works.database.read("SELECT sum(attempts) - count(*) FROM job")[0][0]
        until = time.monotonic() + 60
        while {one["id"] for one in told} != set(made):
            assert time.monotonic() < until
            time.sleep(0.02)
    deliveries = {(one["id"], one["delivery"]) for one in told}
    return ended, effects, passages, lost, deliveries


@pytest.mark.parametrize(
    ("kills", "jobs"), [(3, 12), pytest.param(20, 70, marks=[pytest.mark.slow, pytest.mark.timeout(300)])]
)
def test_workers_killed_at_random_instants_lose_nothing_and_do_nothing_twice(tmp_path, corpus, kills, jobs):
    ended, effects, passages, lost, deliveries = killed_at_random(tmp_path, corpus, kills, jobs, seed=20261127)

    assert ended == {"done": jobs}
    assert effects == [1] * jobs
    assert sorted(passages) == sorted((f"c{n}", 1, DOCUMENTS) for n in range(jobs))
    assert len(deliveries) == jobs, "one delivery a job, however often it was sent"
    assert lost >= 1, "the kills met somebody at work"


@pytest.mark.slow
def test_a_backlog_drains_as_fast_as_its_workers_work(tmp_path, corpus):
    with Works(tmp_path, corpus) as works:
        for number in range(40):
            works.submit(number, documents=100)
        assert works.ends(120) == {"done": 40}
        first, last, worked_s = works.database.read(
            "SELECT min(started_s), max(ended_s), sum(ended_s - started_s) FROM job"
        )[0]

    assert last - first == pytest.approx(worked_s / 2, rel=0.05)


def test_a_job_beyond_its_time_limit_is_told_so_and_the_next_one_is_done(tmp_path, corpus):
    limits = {
        "RAG_JOBS_TIME_LIMIT_S": "0.9",
        "RAG_JOBS_MOST_RECEIVES": "1",
    }  # the short one ends before, on a busy machine too
    with Works(tmp_path, corpus, **limits) as works:
        long = works.submit(0, documents=20_000)
        assert works.ends(60) == {"dead": 1}
        told = works.store.status(long)
        while not (left := [w.poll() for w in works.workers if w.poll() is not None]):
            time.sleep(0.01)
        short = works.submit(1, documents=1)
        works.ends(60)
        assert works.store.status(short)["status"] == "done"

    assert told["error"]["code"] == "time_limit"
    assert left == [75], "its worker ended itself, as the platform would have"
    assert told["running_ms"] >= 900


def test_a_job_beyond_its_memory_is_told_so(tmp_path, corpus):
    with Works(tmp_path, corpus, RAG_JOBS_MEMORY_MB="16", RAG_JOBS_MOST_RECEIVES="1") as works:
        job = works.submit(0, documents=2400)
        assert works.ends(60) == {"dead": 1}

        told = works.store.status(job)["error"]
    assert told["code"] == "memory_limit"
    assert "16 MiB" in told["message"]
