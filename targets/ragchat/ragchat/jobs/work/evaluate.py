"""Evaluation: questions asked of the service's own index and model, each answer held to what it must say and cite."""

from __future__ import annotations

import asyncio
from typing import Any

from ragchat.contract import ChatRequest, ContractError
from ragchat.jobs.contract import JobError
from ragchat.jobs.limits import Attempt
from ragchat.jobs.store import Effect
from ragchat.model import Generation, Model, open_model
from ragchat.prompt import build
from ragchat.retrieval import Passage
from ragchat.settings import Settings
from ragchat.stores import PassageStore, open_store


class Evaluate:
    """One question after the other, as a nightly run would, so that it leaves the model to the people who wait."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: tuple[PassageStore, Model] | None = None

    def __call__(self, given: dict[str, Any], attempt: Attempt) -> Effect:
        """Raises JobError upstream_error or upstream_throttled, which another attempt may pass."""
        try:
            return asyncio.run(self._ask_all(given, attempt))
        except ContractError as error:
            raise JobError(error.code, error.message, again=True) from None

    async def _ask_all(self, given: dict[str, Any], attempt: Attempt) -> Effect:
        if self._opened is None:
            self._opened = open_store(self._settings), open_model(self._settings)
        store, model = self._opened
        told, used = [], [0, 0]
        for number, asked in enumerate(given["questions"]):
            attempt.check()
            request = ChatRequest((("user", asked["question"]),), top_k=given["top_k"], max_tokens=given["max_tokens"])
            passages = store.search(request.question, request.top_k)
            generation = Generation()
            texts = model.stream(build(request, passages), request.max_tokens, f"evaluate-{number}", generation)
            answer = "".join([text async for text in texts])
            used[0] += generation.input_tokens or 0
            used[1] += generation.output_tokens or 0
            told.append({"id": asked["id"], "missed": _missed(asked, answer, passages)})
        passed = sum(not one["missed"] for one in told)
        result = {"asked": len(told), "passed": passed, "model": self._settings.model, "questions": told}
        return Effect(result, used[0], used[1])


def _missed(asked: dict[str, Any], answer: str, passages: list[Passage]) -> list[str]:
    """What the answer owes, in the names of the input's fields; empty: it passes."""
    said = answer.casefold()
    cited = {name for passage in passages for name in (passage.document_id, passage.passage_id)}
    checks = {
        "must": all(text.casefold() in said for text in asked["must"]),
        "must_not": not any(text.casefold() in said for text in asked["must_not"]),
        "cites": all(name in cited for name in asked["cites"]),
    }
    return [name for name, kept in checks.items() if not kept]
