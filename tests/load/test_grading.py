"""What a run keeps of an evaluation question's answer; its text is no part of it."""

import orjson

from harness.dialects.readers import reader_of
from harness.domain.questions import Expectation, Message, Question
from harness.domain.sample import COLUMNS, Outcome, Sample
from harness.domain.schedule import Arrival, Schedule
from harness.load.closing import Tally, whole
from harness.load.grading import grade

ANSWER = {
    "id": "i",
    "model": "m",
    "answer": "Thirty days.",
    "citations": [{"passage_id": "a#1"}],
    "usage": {},
    "timings": {},
}


def graded(expects, status=200, **changes):
    sample = Sample(0, "steady", True, "e", False, 0.0, evaluated=True)
    answer = reader_of("rag-chat/1", None)(sample, 0.0)
    answer.keep_text()
    answer.head(status, {b"content-type": b"application/json"}, 0.1)
    answer.body(orjson.dumps({**ANSWER, **changes}), 0.2)
    sample.outcome, _ = answer.close()
    grade(Question("e", (Message("user", "?"),), expects=expects), answer)
    return sample


def test_an_answer_passes_or_says_which_checks_it_missed():
    assert (graded(Expectation(cite=("a#1",), say=("thirty",))).passed) is True
    missed = graded(Expectation(cite=("b",), say=("thirty", "sixty"), not_say=("days",)))
    assert (missed.passed, missed.missed) == (False, "cite 1, say 2, not_say 1")
    assert "Thirty" not in str(missed.row())


def test_a_failed_request_is_not_graded():
    assert graded(Expectation(say=("thirty",)), status=500).passed is None


def test_a_text_too_long_to_keep_is_not_graded_rather_than_wrong():
    assert graded(Expectation(say=("thirty",)), answer="x" * 300_000).passed is None


class Reader:
    """A spool of these rows."""

    def __init__(self, rows):
        self._rows = rows

    def chunks(self, size):
        yield self._rows


def closed(samples, model):
    rows = [s and list(s.row()) for s in samples]
    arrivals = tuple(Arrival(k, float(k), "steady", True, "q", False, evaluated=k == 0) for k in range(len(rows)))
    [made] = whole(Reader(rows), Schedule(arrivals), lambda _: None, Tally(), model)
    return [dict(zip(COLUMNS, row, strict=True)) for row in made]


def test_another_model_than_the_targets_own_is_degraded_where_the_answer_does_not_say():
    def answered(seq, model, degraded=None):
        return Sample(
            seq,
            "steady",
            True,
            "q",
            False,
            float(seq),
            0.0,
            finished_s=1.0,
            outcome=Outcome.OK,
            model=model,
            degraded=degraded,
        )

    samples = [
        answered(0, "big-2026-01-01"),
        answered(1, "small"),
        answered(2, "small", degraded=False),
        answered(3, None),
    ]
    assert [row["degraded"] for row in closed(samples, "big")] == [False, True, False, None]
    assert [row["degraded"] for row in closed(samples, None)] == [None, None, False, None]


def test_an_arrival_that_nobody_reported_still_asked_the_evaluation_set():
    rows = closed([None, None], None)

    assert [(row["evaluated"], row["passed"]) for row in rows] == [(True, None), (None, None)]
