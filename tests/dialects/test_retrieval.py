"""Answers that are passages alone."""

import orjson
import pytest

from harness.dialects.readers import reader_of
from harness.domain.questions import Message, Question
from harness.domain.retrieval_map import USUAL_RETRIEVAL, RetrievalMap
from harness.domain.sample import Sample
from harness.load.grading import grade

FOUND = {
    "id": "r",
    "passages": [{"passage_id": "a#1", "score": 3.0}, {"passage_id": "b c", "score": 2.0}],
    "timings": {"retrieval_ms": 2.5, "rerank_ms": None},
}


def read(body, how=USUAL_RETRIEVAL, known=()):
    sample = Sample(0, "steady", True, "q", False, 0.0)
    answer = reader_of("rag-chat/1", None, retrieval=how)(sample, 0.0)
    answer.head(
        200, {b"content-type": b"application/json", b"x-instance-id": b"i", b"x-instance-memory-mb": b"81.5"}, 0.1
    )
    answer.body(body if isinstance(body, bytes) else orjson.dumps(body), 0.2)
    sample.outcome, _ = answer.close()
    grade(Question("q", (Message("user", "?"),), passages=known), answer)
    return sample


def test_passages_stand_in_the_sample_in_their_order_with_the_stores_own_time():
    sample = read(FOUND)

    assert (sample.outcome, sample.citations, sample.retrieval_ms, sample.answer_kind) == (
        "ok",
        "a#1 b_c",
        2.5,
        "passages",
    )
    assert sample.instance_memory_mb == 81.5


def test_hits_count_the_passages_that_are_known_and_where_the_first_stands():
    assert (read(FOUND).hits, read(FOUND).hit_rank) == (None, None)
    assert (read(FOUND, known=("z", "b_c")).hits, read(FOUND, known=("z", "b_c")).hit_rank) == (1, 2)
    missed = read(FOUND, known=("z",))
    assert (missed.hits, missed.hit_rank) == (0, None)


def test_none_found_is_an_answer_and_a_miss():
    sample = read({"passages": []}, known=("a#1",))

    assert (sample.outcome, sample.citations, sample.hits) == ("ok", "", 0)


def test_another_api_is_read_by_its_own_places():
    how = RetrievalMap("/s", {"q": "{prompt}"}, "hits.*._id", retrieval_ms="took", rerank_ms=None, init_ms=None)

    sample = read({"took": 7, "hits": [{"_id": 4}, {"_id": "x"}]}, how)
    assert (sample.citations, sample.retrieval_ms) == ("4 x", 7.0)


@pytest.mark.parametrize("body", [{}, {"passages": "a"}, {"passages": [{"score": 1}]}, b"[]", b"<html>"])
def test_anything_else_is_against_the_contract(body):
    assert read(body).outcome == "bad_contract"
