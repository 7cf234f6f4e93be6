"""Caches: off unless switched on, apart for each tenant, for a while."""

import asyncio

import pytest
from ragchat.cache import TtlCache, kinds_of
from ragchat.model import CachedModel, Generation
from ragchat.settings import Settings

ASK = [{"role": "user", "content": "hello?"}]


class Counting:
    """A model that says how often it was asked."""

    def __init__(self, breaks=False):
        self.asked, self.breaks = 0, breaks

    async def stream(self, messages, max_tokens, request_id, generation):
        self.asked += 1
        generation.input_tokens, generation.output_tokens = 5, 2
        yield "a "
        if self.breaks:
            raise RuntimeError("midway")
        yield f"{self.asked}"


def say(model, tenant="", max_tokens=9):
    async def texts():
        generation = Generation(tenant=tenant)
        return [t async for t in model.stream(ASK, max_tokens, "r", generation)], generation

    return asyncio.run(texts())


def test_a_value_is_kept_for_its_time_and_for_its_tenant():
    now = [0.0]
    kept = TtlCache(10, clock=lambda: now[0])
    kept.put("a", "k", 1)
    assert (kept.get("a", "k"), kept.get("b", "k")) == (1, None)
    now[0] = 10.0
    assert kept.get("a", "k") is None


def test_the_oldest_goes_first():
    kept = TtlCache(10, most=2)
    for k in "abc":
        kept.put("", k, k)
    assert [kept.get("", k) for k in "abc"] == [None, "b", "c"]


def test_an_answer_is_made_once_a_tenant_and_length():
    inner = Counting()
    model = CachedModel(inner, 60)
    assert say(model)[0] == say(model)[0] == ["a ", "1"]
    assert say(model, tenant="other")[0] == ["a ", "2"]
    assert say(model, max_tokens=8)[0] == ["a ", "3"]
    _, generation = say(model)
    assert (generation.output_tokens, generation.cached_input_tokens) == (2, 5)
    assert inner.asked == 3


def test_an_answer_that_broke_is_not_kept():
    inner = Counting(breaks=True)
    model = CachedModel(inner, 60)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            say(model)
    assert inner.asked == 2


def test_nothing_is_cached_unless_it_is_switched_on(monkeypatch):
    assert Settings.from_env().caches == ()
    monkeypatch.setenv("RAG_CACHE", "answer, retrieval")
    assert Settings.from_env().caches == ("answer", "retrieval")
    with pytest.raises(ValueError, match="anwser is none of answer, retrieval, embedding"):
        kinds_of("anwser")
