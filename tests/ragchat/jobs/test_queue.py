"""The embedded queue: what is seen when, and that it drains as the law of a queue with a known service rate says."""

import heapq
import random

import pytest
from ragchat.jobs.store import Busy, Claim, Stale

from tests.ragchat.jobs.shop import DONE, Shop


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def seen(shop, most=10):
    return [message.job_id for message in shop.queue.receive(most, 0)]


def test_the_oldest_comes_first_and_is_out_of_sight_once_received(shop):
    jobs = [shop.submit(n) for n in range(3)]

    assert seen(shop, 2) == jobs[:2]
    assert seen(shop) == jobs[2:]
    assert seen(shop) == []


def test_what_nobody_deleted_is_seen_again_after_the_visibility_timeout(shop):
    job = shop.submit()
    (first,) = shop.queue.receive(1, 0)
    shop.clock.now += shop.visibility_s - 0.001
    assert seen(shop) == []
    shop.clock.now += 0.001
    (again,) = shop.queue.receive(1, 0)

    assert (first.job_id, first.receives, again.job_id, again.receives) == (job, 1, job, 2)


def test_a_receipt_that_is_too_old_changes_nothing(shop):
    shop.submit()
    (first,) = shop.queue.receive(1, 0)
    shop.clock.now += shop.visibility_s
    (second,) = shop.queue.receive(1, 0)

    shop.queue.delay(first.receipt, 0)
    shop.queue.delete(first.receipt)
    assert seen(shop) == []
    shop.queue.delete(second.receipt)
    shop.clock.now += shop.visibility_s
    assert seen(shop) == []


def test_a_delay_is_from_now(shop):
    job = shop.submit()
    (message,) = shop.queue.receive(1, 0)
    shop.queue.delay(message.receipt, 5)
    shop.clock.now += 5

    assert seen(shop) == [job]


class Floor:
    """Workers on virtual time over the real queue and store: each job takes ``service_s``, and some workers die midway."""

    def __init__(self, shop, workers, service_s, dies=0.0, seed=1):
        self.shop, self.service_s, self.dies = shop, service_s, dies
        self.rng = random.Random(seed)
        self.events = [(shop.clock.now, n, "free", None) for n in range(workers)]
        heapq.heapify(self.events)
        self.arrivals = 0
        self.done_s = []
        self.served_s = 0.0

    def arrive(self, times):
        for at in times:
            self.arrivals += 1
            heapq.heappush(self.events, (at, -self.arrivals, "arrival", None))

    def run(self):
        """Until nothing is left; the instant of the last end."""
        self.waiting = set()
        while self.events and (len(self.done_s) < self.arrivals):
            at, who, what, held = heapq.heappop(self.events)
            self.shop.clock.now = at
            getattr(self, what)(at, who, held)
        return self.done_s[-1]

    def arrival(self, at, _who, _held):
        self.shop.submit()
        while self.waiting:
            heapq.heappush(self.events, (at, self.waiting.pop(), "free", None))

    def free(self, at, who, _held):
        found = self.shop.queue.receive(1, 0)
        if not found:
            if (due := self.shop.database.read("SELECT min(visible_s) FROM message")[0][0]) is None:
                self.waiting.add(who)
            else:  # it polls: the next message is seen the moment it can be
                heapq.heappush(self.events, (max(due, at + 1e-6), who, "free", None))
            return
        claim = self.shop.store.claim(found[0].job_id, str(who), self.shop.visibility_s)
        assert not isinstance(claim, Busy | Stale)
        assert isinstance(claim, Claim)
        if self.rng.random() < self.dies:
            self.served_s += self.service_s / 2
            heapq.heappush(self.events, (at + self.service_s / 2, who, "free", None))  # started again at once
            return
        self.served_s += self.service_s
        heapq.heappush(self.events, (at + self.service_s, who, "end", (found[0], claim)))

    def end(self, at, who, held):
        message, claim = held
        self.shop.store.publish(claim, DONE)
        self.shop.queue.delete(message.receipt)
        self.done_s.append(at)
        heapq.heappush(self.events, (at, who, "free", None))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_backlog_drains_at_the_rate_of_its_workers(tmp_path, workers):
    shop, n, service_s = Shop(tmp_path), 120, 2.0
    floor = Floor(shop, workers, service_s)
    floor.arrive([shop.clock.now] * n)
    took_s = floor.run() - 1000

    assert took_s == pytest.approx(n * service_s / workers, rel=0.05)


def test_a_backlog_drains_beside_arrivals_at_the_rate_that_is_left(tmp_path):
    # a fluid's law: a backlog B that is served at mu while lambda arrives is gone after B / (mu - lambda)
    shop, backlog, mu, arriving = Shop(tmp_path), 100, 1.0, 0.6
    floor = Floor(shop, 2, 2 / mu)
    start = shop.clock.now
    later = [start + (n + 0.5) / arriving for n in range(400)]
    floor.arrive([start] * backlog)
    floor.arrive(later)
    floor.run()

    behind = [(at, backlog + sum(t <= at for t in later) - n - 1) for n, at in enumerate(floor.done_s)]
    gone_s = next(at for at, left in behind if left <= 2) - start
    assert gone_s == pytest.approx(backlog / (mu - arriving), rel=0.05)


def test_workers_that_die_midway_cost_what_they_had_done_and_lose_nothing(tmp_path):
    # each job dies with probability p an attempt, half way: a job costs s + p / (1 - p) * s / 2
    shop = Shop(tmp_path, visibility_s=4.0, most_attempts=50)
    n, workers, service_s, p = 400, 2, 2.0, 0.2
    floor = Floor(shop, workers, service_s, dies=p, seed=4)
    floor.arrive([shop.clock.now] * n)
    took_s = floor.run() - 1000
    by_law_s = n * (service_s + p / (1 - p) * service_s / 2) / workers

    assert took_s == pytest.approx(by_law_s, rel=0.05)
    ends = shop.database.read("SELECT status, count(*) FROM job GROUP BY status")
    assert ends == [("done", n)]
    assert shop.database.read("SELECT count(*), count(DISTINCT job_id) FROM effect") == [(n, n)]
