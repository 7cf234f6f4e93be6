"""An attempt at its limits: told why it ended, before the platform would have ended it without a word."""

import threading
import time

import pytest
from ragchat.jobs import limits as limits_of
from ragchat.jobs.carry import Carrier
from ragchat.jobs.contract import JobError
from ragchat.jobs.limits import Attempt, Cancelled, Limits, memory_mib
from ragchat.jobs.queues import Message

from tests.ragchat.jobs.shop import DONE, Shop


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def ended(shop, limits, *, most_attempts=3):
    """The attempt's exit status and the job's state afterwards."""
    job = shop.submit()
    message, claim = shop.take()
    left = []
    gone = threading.Event()

    def leave(status):
        left.append(status)
        gone.set()

    with Attempt(shop.store, claim, (shop.queue, message), shop.settings, limits, leave):
        gone.wait(5)
    return left, shop.store.status(job)


def test_at_its_deadline_it_is_told_and_the_process_ends(shop):
    left, told = ended(shop, Limits(deadline=time.monotonic(), time_limit_s=0.2))

    assert left == [limits_of.ENDED_BY_LIMIT]
    assert (told["status"], told["error"]["code"]) == ("queued", "time_limit")
    assert "0.2 s" in told["error"]["message"]
    shop.clock.now += 1
    assert len(shop.queue.receive(1, 0)) == 1, "seen again after the first backoff, not after the visibility timeout"


def test_at_its_memory_limit_likewise(shop):
    left, told = ended(shop, Limits(memory_mib=memory_mib() / 2))

    assert left == [limits_of.ENDED_BY_LIMIT]
    assert told["error"]["code"] == "memory_limit"


def test_the_last_attempt_at_a_limit_is_a_dead_letter_with_that_reason(tmp_path):
    shop = Shop(tmp_path, most_attempts=1)
    _, told = ended(shop, Limits(deadline=time.monotonic(), time_limit_s=0.2))

    assert (told["status"], told["error"]["code"]) == ("dead", "time_limit")
    shop.clock.now += 3600
    assert shop.queue.receive(1, 0) == []


def test_the_platforms_deadline_leaves_a_margin_to_speak_in(shop):
    now = time.monotonic()
    made = Limits.of(shop.settings, now + 30)

    assert made.deadline == pytest.approx(now + 29.5, abs=0.1)
    assert Limits.of(shop.settings, now + 1).deadline == pytest.approx(now + 0.9, abs=0.1)
    assert Limits.of(shop.settings, None) == Limits()


def test_an_attempt_that_was_published_at_the_last_moment_is_left_alone(shop):
    shop.submit()
    message, claim = shop.take()
    shop.store.publish(claim, DONE)
    left = []
    attempt = Attempt(
        shop.store, claim, (shop.queue, message), shop.settings, Limits(deadline=0.0, time_limit_s=1), left.append
    )
    with attempt:
        time.sleep(0.05)

    assert left == []


def test_the_lease_is_renewed_while_it_works_and_a_cancellation_is_heard(tmp_path):
    shop = Shop(tmp_path, visibility_s=0.09)
    job = shop.submit()
    message, claim = shop.take()
    with Attempt(shop.store, claim, (shop.queue, message), shop.settings, Limits()) as attempt:
        attempt.check()
        shop.clock.now += 0.08
        until = time.monotonic() + 5
        while shop.database.read("SELECT lease_until_s FROM job")[0][0] < shop.clock.now + 0.08:
            assert time.monotonic() < until
            time.sleep(0.01)
        shop.store.cancel(job)
        while not attempt._cancelled:
            assert time.monotonic() < until
            time.sleep(0.01)
        with pytest.raises(Cancelled):
            attempt.check()


def carried(shop, work):
    job = shop.submit()
    (message,) = shop.queue.receive(1, 0)
    settled = Carrier(shop.store, shop.queue, shop.settings, {"webhook": work}).carry(message)
    told = shop.store.status(job)
    return settled, told["status"], told["error"] and told["error"]["code"]


def raising(error):
    def work(_given, _attempt):
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (lambda _given, _attempt: DONE, (True, "done", None)),
        (raising(JobError("invalid_input", "no", again=False)), (True, "failed", "invalid_input")),
        (raising(JobError("upstream_throttled", "no", again=True)), (False, "queued", "upstream_throttled")),
        (raising(MemoryError()), (False, "queued", "memory_limit")),
        (raising(ValueError("secret text")), (False, "queued", "internal")),
    ],
)
def test_how_work_ends_is_how_the_job_is_told(shop, work, told):
    assert carried(shop, work) == told


def test_a_message_of_a_job_that_has_ended_is_taken_care_of(shop):
    assert Carrier(shop.store, shop.queue, shop.settings, {}).carry(Message("gone", "r")) is True


def test_a_message_seen_again_while_its_job_is_in_hand_waits_for_the_lease(shop):
    job = shop.submit()
    shop.take()
    shop.queue.send(job)  # at least once
    (again,) = shop.queue.receive(1, 0)

    assert Carrier(shop.store, shop.queue, shop.settings, {}).carry(again) is False
    assert shop.queue.receive(1, 0) == []
