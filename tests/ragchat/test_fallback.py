"""A fallback model: off unless configured, before the first token alone, and the answer says so."""

import asyncio

import pytest
from ragchat import extract
from ragchat.contract import ContractError
from ragchat.model import CachedModel, FallbackModel, Generation, Provider, open_model
from ragchat.settings import Settings


class Scripted:
    """Yields these texts, then fails with this code."""

    def __init__(self, *texts, code=None):
        self._texts, self._code, self.asked = texts, code, 0

    async def stream(self, messages, max_tokens, request_id, generation):
        self.asked += 1
        for text in self._texts:
            generation.first_token = 1.0
            yield text
        if self._code:
            raise ContractError(503, self._code, "no")


def say(model):
    async def texts():
        generation = Generation()
        return [t async for t in model.stream([], 9, "r", generation)], generation

    return asyncio.run(texts())


def test_a_throttled_model_is_replaced_and_the_answer_says_so():
    texts, generation = say(FallbackModel(Scripted(code="upstream_throttled"), Scripted("small"), "mini"))

    assert (texts, generation.model, generation.degraded) == (["small"], "mini", True)


def test_a_model_that_answers_is_not_replaced():
    second = Scripted("small")
    texts, generation = say(FallbackModel(Scripted("big"), second, "mini"))

    assert (texts, generation.model, generation.degraded, second.asked) == (["big"], None, False, 0)


@pytest.mark.parametrize("first", [Scripted(code="upstream_error"), Scripted("be", code="upstream_throttled")])
def test_other_failures_and_answers_that_have_begun_are_not_replaced(first):
    with pytest.raises(ContractError):
        say(FallbackModel(first, Scripted("small"), "mini"))


def test_a_kept_answer_of_a_fallback_stays_degraded():
    model = CachedModel(FallbackModel(Scripted(code="upstream_throttled"), Scripted("small"), "mini"), 60)
    first, again = say(model)[1], say(model)[1]

    assert (first.cached, again.cached) == (False, True)
    assert (again.model, again.degraded) == ("mini", True)


def test_it_is_off_unless_configured(monkeypatch):
    assert isinstance(open_model(Settings.from_env()), Provider)
    monkeypatch.setenv("RAG_FALLBACK_MODEL", "extractive-mini")
    assert isinstance(open_model(Settings.from_env()), FallbackModel)


def test_the_small_model_says_one_sentence_and_not_the_best():
    system = (
        "Rules.\n\n[1] a\nApples are red fruit.\n\n[2] b\nBananas are long yellow fruit. Pears are green fruit too.\n"
    )
    whole = extract.answer(system, "Which fruit is long and yellow?")
    small = extract.answer(system, "Which fruit is long and yellow?", small=True)

    assert small in whole
    assert not whole.startswith(small)
