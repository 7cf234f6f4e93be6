"""Follows jobs by what is said of them, at instants of the test's own choosing: nothing is sent and nobody waits."""

import io
import json
from time import perf_counter

import gevent
import orjson
import pytest

from harness.dialects.jobs import Accepted, called
from harness.domain.job import JOB_COLUMNS, Job, JobState
from harness.domain.job_map import rag_jobs
from harness.load.jobs.follower import GONE_S, Follower
from harness.load.jobs.pace import Pace, wanted_per_s
from harness.load.jobs.plain import Said
from harness.load.jobs.receiver import Receiver
from harness.load.spec import Following

HOW = rag_jobs()


class Answers:
    """What is said to each question, in order; the last again and again."""

    open_sockets = 0

    def __init__(self, *said):
        self.said, self.asked = list(said), []

    def ask(self, method, path, deadline_s=10.0):
        self.asked.append(f"{method} {path}")
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]

    def start(self):
        pass

    def close(self):
        pass


class Followed:
    """A follower of one job or a few, polled when the test says so."""

    def __init__(self, *said, callback=None):
        self.answers, self.lines = Answers(*said), []
        following = Following(HOW, callback=callback)
        self.follower = Follower(
            following, self.answers, perf_counter(), 0.0, self.lines.append, lambda: None, pytest.fail
        )

    def accept(self, seq=0, job_id="j-1"):
        self.follower.accepted(
            Job(seq, None, "ingest", "steady", True, float(seq), accepted_s=seq + 0.1), Accepted(job_id, {})
        )

    def poll(self, times=1, job_id="j-1"):
        for _ in range(times):
            one = self.follower._open[job_id]
            (self.follower._poll if one.ending is None else self.follower._result)(job_id, one)

    def call(self, status, at_s, delivery="d-1", **more):
        body = json.dumps({"id": "j-1", "status": status, "delivery": delivery, **more}).encode()
        self.follower.called(called(HOW, HOW.callback, body), at_s)

    @property
    def rows(self):
        """The last line of each, as the evidence keeps it."""
        return {row[0]: dict(zip(JOB_COLUMNS, row, strict=True)) for row in map(orjson.loads, self.lines)}


def said(at_s, status="running", code=200, **more):
    return Said(code, json.dumps({"id": "j-1", "status": status, **more}).encode(), at_s)


RESULT = Said(200, b'{"effects": 1, "tokens": {"input": 5, "output": 2}}', 20.0)


def test_a_job_is_written_down_before_anybody_asks_for_it():
    one = Followed(said(1.0))
    one.accept()

    assert one.rows[0]["state"] == "unfinished"
    assert one.answers.asked == []


def test_ages_place_start_and_end_and_the_polls_between_are_kept():
    one = Followed(
        said(2.0, "queued"),
        said(3.0, "running", running_ms=400),
        said(9.0, "done", running_ms=2000, since_done_ms=1500),
        RESULT,
    )
    one.accept()
    one.poll(4)
    row = one.rows[0]

    assert (row["state"], row["done_s"], row["started_s"], row["known_s"], row["not_done_s"]) == (
        "done",
        7.5,
        5.5,
        9.0,
        3.0,
    )
    assert (row["effects"], row["input_tokens"], row["polls"]) == (1, 5, 3)
    assert one.answers.asked[-1] == "GET /v1/jobs/j-1/result"
    assert one.follower.idle


def test_unknown_once_is_no_proof_and_unknown_for_long_is_lost():
    one = Followed(said(1.0, code=404), said(2.0, code=404), said(3.0, code=404), said(1.0 + GONE_S, code=404))
    one.accept()
    one.poll(3)
    assert not one.follower.idle

    one.poll()
    assert one.rows[0]["state"] == "lost"
    assert "does not know the job" in one.rows[0]["detail"]


def test_what_comes_back_into_the_store_was_never_lost():
    one = Followed(said(1.0, code=404), said(2.0, "queued"), said(20.0, code=404), said(20.5, code=404))
    one.accept()
    one.poll(4)

    assert one.rows[0]["state"] == "unfinished"


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ((said(1.0, "queued"),), JobState.UNFINISHED),
        ((said(1.0, code=500),), JobState.LOST),  # accepted, and never a word of it
        ((Said(None, b"", 1.0, detail="no whole answer within 10 s"),), JobState.LOST),
        ((said(1.0, "paused"),), JobState.LOST),
        ((said(1.0, "queued"), said(2.0, code=500)), JobState.UNFINISHED),  # known once, and silent since
    ],
)
def test_at_the_deadline_what_was_heard_of_is_unfinished_and_what_never_was_is_lost(answers, state):
    one = Followed(*answers)
    one.accept()
    one.poll(len(answers))
    one.follower._give_up()

    assert one.rows[0]["state"] == state.value
    assert one.follower.idle
    assert f"DELETE {HOW.cancel_path.format(id='j-1')}" in one.answers.asked


def test_what_nobody_asked_about_is_unfinished_not_lost():
    one = Followed(said(1.0))
    one.accept()
    one.follower._give_up()

    assert (one.rows[0]["state"], one.rows[0]["polls"]) == ("unfinished", 0)
    assert "before it was asked about" in one.rows[0]["detail"]


def test_a_callback_about_the_runs_own_cancelling_does_not_change_how_a_job_ended():
    one = Followed(said(1.0, "queued"), callback="loopback")
    one.accept()
    one.poll()
    answer = one.answers.ask
    one.answers.ask = lambda method, *rest: (one.call("cancelled", 9.0), answer(method, *rest))[1]
    one.follower._give_up()

    assert (one.rows[0]["state"], one.rows[0]["callbacks"]) == ("unfinished", 1)


def test_a_callback_ends_a_job_and_its_result_is_asked_for_afterwards():
    one = Followed(RESULT, callback="loopback")
    one.accept()
    one.call("done", 4.0, since_done_ms=100)
    assert one.answers.asked == [], "the service waits for our answer to its callback"

    one.poll()
    assert (one.rows[0]["state"], one.rows[0]["done_s"], one.rows[0]["called_s"], one.rows[0]["callbacks"]) == (
        "done",
        3.9,
        4.0,
        1,
    )
    one.call("done", 4.5, since_done_ms=600)
    assert one.rows[0]["callbacks"] == 1, "the same delivery again"
    one.call("done", 5.0, delivery="d-2")
    assert (one.rows[0]["callbacks"], one.rows[0]["called_s"]) == (2, 4.0)


def test_a_job_that_a_poll_found_done_still_waits_for_its_callback():
    one = Followed(said(3.0, "done", since_done_ms=0), RESULT, callback="loopback")
    one.accept()
    one.poll(2)
    assert not one.follower.idle

    one.call("done", 6.0)
    assert one.follower.idle
    assert (one.rows[0]["done_s"], one.rows[0]["called_s"]) == (3.0, 6.0)


def test_a_callback_that_is_faster_than_the_answer_of_its_submission_is_kept_for_it():
    one = Followed(RESULT, callback="loopback")
    one.call("failed", 0.5)
    one.accept()

    assert (one.rows[0]["state"], one.rows[0]["known_s"]) == ("failed", 0.5)


def test_two_submissions_of_one_id_share_its_fate_and_keep_their_own_rows():
    one = Followed(said(3.0, "failed", error={"code": "bad_input"}))
    one.accept(0)
    one.accept(1)
    one.poll()
    one.accept(2)

    assert {seq: (row["state"], row["scheduled_s"], row["error_code"]) for seq, row in one.rows.items()} == {
        0: ("failed", 0.0, "bad_input"),
        1: ("failed", 1.0, "bad_input"),
        2: ("failed", 2.0, "bad_input"),
    }


def test_what_is_stopped_is_unfinished():
    one = Followed(said(1.0))
    one.accept()
    one.follower.stop()

    assert one.rows[0]["state"] == "unfinished"


class Slow(Answers):
    """Each answer takes its time, as many at once as are asked."""

    def __init__(self, takes_s, *said):
        super().__init__(*said)
        self.takes_s = takes_s

    def ask(self, method, path, deadline_s=10.0):
        if method == "GET":
            gevent.sleep(self.takes_s)
        return super().ask(method, path, deadline_s)


def followed(jobs, per_s, takes_s, drain_s=0.5):
    """A real follower of so many jobs that never end, until its deadline."""
    answers, over = Slow(takes_s, said(1.0, "queued")), gevent.event.Event()
    following = Following(HOW, poll_s=0.05, most_polls_per_s=per_s)
    made = Follower(following, answers, perf_counter(), drain_s, lambda _: None, over.set, pytest.fail)
    made.start()
    for seq in range(jobs):
        job = Job(seq, None, "ingest", "steady", True, 0.0, accepted_s=0.0)
        made.accepted(job, Accepted(f"j-{seq}", {}))
    made.close()
    assert over.wait(60)
    return made, answers


def test_jobs_that_the_generators_own_rate_left_out_are_its_fault():
    began = perf_counter()
    made, answers = followed(jobs=100, per_s=50, takes_s=0.0)
    asked = sum(one.startswith("GET") for one in answers.asked)

    assert asked <= 50 * (perf_counter() - began) + 5
    assert 60 <= made.unasked <= 100 - asked
    assert made.summary()["unasked"] == made.unasked


def test_jobs_that_slow_status_answers_left_out_are_the_targets():
    """Each answer outlasts the drain: most jobs are never asked about, and the run is as valid as before."""
    made, answers = followed(jobs=400, per_s=1000, takes_s=1.6, drain_s=1.3)

    assert sum(one.startswith("GET") for one in answers.asked) == 256
    assert made.unasked == 0


def test_many_jobs_are_asked_about_at_once_as_often_as_the_rate_allows():
    """One after the other, answers of 0.2 s would be five questions a second."""
    made, answers = followed(jobs=60, per_s=400, takes_s=0.2, drain_s=1.3)

    assert len({one for one in answers.asked if one.startswith("GET")}) == 60
    assert made.unasked == 0


@pytest.mark.parametrize(
    ("jobs", "drain_s", "most", "per_s"),
    [(10, 300, 1000, 50), (3000, 300, 1000, 300), (3000, 4, 10_000, 1500), (3000, 300, 40, 40)],
)
def test_the_rate_of_questions_grows_with_the_planned_jobs_up_to_the_workspaces_limit(jobs, drain_s, most, per_s):
    assert wanted_per_s(jobs, drain_s, most) == per_s


def test_a_turn_depends_on_due_instants_alone_however_late_a_question_is_asked():
    prompt, slow = Pace(10, 1.0), Pace(10, 1.0)
    for k in range(30):
        prompt.asked(0.0, k / 10)
        slow.asked(0.0, 100.0 + k)

    assert prompt.late == slow.late == 19, "30 due at once at 10 a second: from the twelfth on the turn is beyond 1 s"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, "204"),
        ({"HTTP_X_RAGJOBS_SIGNATURE": "sha256=" + "0" * 64}, "401"),
        ({"HTTP_X_RAGJOBS_SIGNATURE": None}, "401"),
        ({"REQUEST_METHOD": "GET"}, "404"),
        ({"PATH_INFO": "/else"}, "404"),
        ({"CONTENT_LENGTH": "9999999"}, "413"),
        ({"CONTENT_LENGTH": "9" * 5000}, "413"),
        ({"CONTENT_LENGTH": "abc"}, "400"),
        ({"CONTENT_LENGTH": "²"}, "400"),
        ({"CONTENT_LENGTH": None}, "411"),
        ({"CONTENT_LENGTH": ""}, "411"),
    ],
)
def test_only_what_the_service_signed_is_a_callback(changes, answer, monkeypatch):
    monkeypatch.setenv("RAG_JOBS_SECRET", "key")
    heard = []
    receiver = Receiver(HOW, "loopback", perf_counter(), lambda call, at_s: heard.append(call))
    body = b'{"id": "j", "status": "done"}'
    import hashlib
    import hmac

    signature = "sha256=" + hmac.new(b"key", body, hashlib.sha256).hexdigest()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/callbacks",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_RAGJOBS_SIGNATURE": signature,
        "wsgi.input": io.BytesIO(body),
    }
    got = receiver._take({k: v for k, v in {**environ, **changes}.items() if v is not None}, 1.0)

    assert got.startswith(answer)
    assert len(heard) == receiver.received == (answer == "204")
