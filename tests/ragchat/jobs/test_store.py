"""The states of a job, on a clock that only the test moves: SQLite here, PostgreSQL in the slow part."""

import pytest
from ragchat.contract import ContractError
from ragchat.jobs.contract import JobError, Status
from ragchat.jobs.store import Busy, Claim, Effect, LeaseLost, Stale, Store

from tests.ragchat.jobs.shop import DONE, Shop, passages, submission

TIRED = JobError("upstream_error", "the model did not answer", again=True)
WRONG = JobError("invalid_input", "no text", again=False)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def test_ages_are_told_as_durations_that_add_up(shop):
    job = shop.submit()
    shop.clock.now += 2
    _, claim = shop.take()
    shop.clock.now += 3
    running = shop.store.status(job)
    shop.store.publish(claim, DONE)
    shop.clock.now += 4

    assert (running["status"], running["queued_ms"], running["running_ms"]) == ("running", 2000, 3000)
    done = shop.store.status(job)
    assert (done["queued_ms"], done["running_ms"], done["since_done_ms"]) == (2000, 3000, 4000)
    assert (done["status"], done["attempts"], done["instance_id"], done["error"]) == ("done", 1, "worker", None)


def test_a_result_counts_what_became_visible(shop):
    job = shop.submit()
    shop.store.publish(shop.take()[1], DONE)

    said = shop.store.result(job)
    assert said == {"id": job, "result": {"made": 1}, "tokens": {"input": 3, "output": 4}, "effects": 1}


def test_the_count_of_effects_can_say_two(shop):
    job = shop.submit()
    shop.store.publish(shop.take()[1], DONE)
    with shop.database.transaction() as rows:  # what a store without a fence would have let through
        rows.run("INSERT INTO effect VALUES ('another', ?, 'webhook')", job)

    assert shop.store.result(job)["effects"] == 2


def test_a_failed_attempt_is_tried_again_until_it_is_a_dead_letter(shop):
    job = shop.submit()
    states = []
    for _ in range(3):
        message, claim = shop.take()
        states.append(shop.store.fail(claim, TIRED))
        shop.queue.delay(message.receipt, 0)

    assert states == [Status.QUEUED, Status.QUEUED, Status.DEAD]
    assert shop.store.status(job)["error"] == {"code": "upstream_error", "message": "the model did not answer"}
    assert shop.store.status(job)["attempts"] == 3


def test_what_another_attempt_cannot_help_is_failed_at_once(shop):
    shop.submit()
    assert shop.store.fail(shop.take()[1], WRONG) is Status.FAILED


def test_an_error_of_an_earlier_attempt_is_not_one_of_the_job_that_is_done(shop):
    job = shop.submit()
    message, claim = shop.take()
    shop.store.fail(claim, TIRED)
    assert shop.store.status(job)["error"]["code"] == "upstream_error"
    shop.queue.delay(message.receipt, 0)
    shop.store.publish(shop.take()[1], DONE)

    assert (shop.store.status(job)["error"], shop.store.status(job)["attempts"]) == (None, 2)


def test_a_job_in_hand_is_nobody_elses(shop):
    job = shop.submit()
    shop.take()
    shop.clock.now += 20

    assert shop.store.claim(job, "other", 60) == Busy(40)


def test_a_worker_that_lost_its_lease_makes_nothing_visible(shop):
    job = shop.submit()
    _, first = shop.take()
    shop.clock.now += shop.visibility_s + 1
    _, second = shop.take()

    for step in (
        lambda: shop.store.publish(first, Effect({"made": "late"}, passages=passages("late"))),
        lambda: shop.store.fail(first, TIRED),
        lambda: shop.store.renew(first, 60),
    ):
        with pytest.raises(LeaseLost):
            step()
    shop.store.publish(second, Effect({"made": "in time"}, passages=passages("in time")))
    with pytest.raises(LeaseLost):
        shop.store.publish(first, DONE)

    assert shop.store.result(job)["result"] == {"made": "in time"}
    assert shop.store.result(job)["effects"] == 1
    assert shop.database.read("SELECT body FROM passage") == [("in time",)]


def test_a_lease_that_ran_out_but_was_nobody_elses_still_counts(shop):
    job = shop.submit()
    _, claim = shop.take()
    shop.clock.now += shop.visibility_s * 2

    assert shop.store.publish(claim, DONE) is Status.DONE
    assert shop.status(job) == "done"


def test_lost_workers_are_told_and_too_many_of_them_end_the_job(shop):
    job = shop.submit()
    for _ in range(3):
        shop.take()
        shop.clock.now += shop.visibility_s + 1
    (message,) = shop.queue.receive(1, 0)

    assert shop.store.claim(message.job_id, "fourth", 60) == Stale()
    told = shop.store.status(job)
    assert (told["status"], told["attempts"], told["error"]["code"]) == ("dead", 3, "worker_lost")


def test_a_renewed_lease_is_held_on(shop):
    job = shop.submit()
    _, claim = shop.take()
    for _ in range(5):
        shop.clock.now += 50
        assert shop.store.renew(claim, 60) is False

    assert isinstance(shop.store.claim(job, "other", 60), Busy)


def test_a_cancelled_job_is_never_begun(shop):
    job = shop.submit()
    assert shop.store.cancel(job)

    (message,) = shop.queue.receive(1, 0)
    assert shop.store.claim(message.job_id, "worker", 60) == Stale()
    assert shop.status(job) == "cancelled"


@pytest.mark.parametrize("end", [lambda s, c: s.publish(c, DONE), lambda s, c: s.fail(c, TIRED)])
def test_a_job_cancelled_while_it_is_worked_on_leaves_nothing(shop, end):
    job = shop.submit()
    _, claim = shop.take()
    assert shop.store.cancel(job)
    assert shop.store.renew(claim, 60) is True, "its worker is told with the next beat"

    assert end(shop.store, claim) is Status.CANCELLED
    assert shop.status(job) == "cancelled"
    assert shop.database.read("SELECT count(*) FROM effect") == [(0,)]


def test_a_cancelled_job_whose_worker_is_lost_ends_cancelled(shop):
    job = shop.submit()
    shop.take()
    shop.store.cancel(job)
    shop.clock.now += shop.visibility_s + 1

    assert shop.store.claim(job, "other", 60) == Stale()
    assert shop.status(job) == "cancelled"


def test_an_ended_job_cannot_be_cancelled(shop):
    job = shop.submit()
    shop.store.publish(shop.take()[1], DONE)

    with pytest.raises(ContractError) as refused:
        shop.store.cancel(job)
    assert refused.value.status == 409


def test_a_publication_that_breaks_midway_leaves_nothing(shop):
    job = shop.submit()
    _, claim = shop.take()
    broken = Effect({"made": object()}, passages=passages("half"))

    with pytest.raises(TypeError):
        shop.store.publish(claim, broken)

    assert shop.database.read("SELECT count(*) FROM passage") == [(0,)]
    assert shop.status(job) == "running"


def test_a_job_whose_front_died_before_its_message_is_found(shop):
    left = shop.store.submit(submission(), None)
    shop.submit()
    assert shop.store.unsent(5) == []
    shop.clock.now += 6

    assert shop.store.unsent(5) == [left.id]
    shop.store.sent(left.id)
    assert shop.store.unsent(5) == []


def test_a_job_that_the_queue_did_not_take_is_forgotten_with_its_key(shop):
    refused = shop.store.submit(submission(), "key")
    shop.store.withdraw(refused.id)

    assert shop.store.status(refused.id) is None
    assert shop.store.submit(submission(), "key").new


def test_a_passage_that_is_ingested_again_replaces_the_one_before(shop):
    for text in ("old", "new"):
        shop.submit()
        message, claim = shop.take()
        shop.store.publish(claim, Effect({}, passages=passages(text)))
        shop.queue.delete(message.receipt)

    assert shop.database.read("SELECT body FROM passage") == [("new",)]


@pytest.mark.slow
def test_postgresql_keeps_the_same_promises(tmp_path_factory):
    import os
    import threading
    import warnings

    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")
        server = pgserver.get_server(tmp_path_factory.mktemp("pg"))
    from ragchat.jobs.postgres import Postgres

    try:
        one, two = (Store(Postgres(server.get_uri()), 3, 100) for _ in range(2))
        made = one.submit(submission(1), "key")
        assert two.submit(submission(1), "key") == made
        claims = []
        both = [threading.Thread(target=lambda s=s: claims.append(s.claim(made.id, "w", 0.3))) for s in (one, two)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert sorted(type(c).__name__ for c in claims) == ["Busy", "Claim"]
        first = next(c for c in claims if isinstance(c, Claim))
        threading.Event().wait(0.35)
        second = two.claim(made.id, "w2", 60)
        with pytest.raises(LeaseLost):
            one.publish(first, Effect({}, passages=passages("late")))
        assert two.publish(second, Effect({"made": 1}, 1, 2, passages("a", "b"))) is Status.DONE
        assert one.result(made.id)["effects"] == 1
        assert one.database.read("SELECT count(*) FROM passage") == [(2,)]
        told = one.status(made.id)
        assert (told["status"], told["attempts"], told["error"]) == ("done", 2, None)
        assert 0 <= told["since_done_ms"] < 60_000
    finally:
        server.cleanup()
