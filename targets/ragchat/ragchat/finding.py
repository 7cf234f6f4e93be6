"""Retrieval as both routes use it: the store, its cache, and the reranker where there is one."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ragchat.cache import TtlCache
from ragchat.contract import ContractError

if TYPE_CHECKING:
    from ragchat.rerank import Reranker
    from ragchat.retrieval import Passage
    from ragchat.settings import Settings
    from ragchat.stores import PassageStore

log = logging.getLogger("ragchat")


@dataclass(frozen=True)
class Found:
    """Passages, best first, and how long each step took; ``rerank_ms`` is None without a reranker."""

    passages: list[Passage]
    retrieval_ms: float
    rerank_ms: float | None


class Finder:
    """Opened once an instance."""

    def __init__(self, settings: Settings, store: PassageStore) -> None:
        self._store = store
        self._kept: TtlCache[list[Passage]] | None = None
        if "retrieval" in settings.caches:
            self._kept = TtlCache(settings.cache_ttl_s)
        self._model, self.weights = _models(settings)

    async def find(self, tenant: str, question: str, k: int) -> Found:
        """Raises ContractError where the store fails."""
        started = time.perf_counter()
        if self._model is None or k == 0:
            passages = await self._search(tenant, question, k)
            return Found(passages, (time.perf_counter() - started) * 1000, None)
        passages = await self._search(tenant, question, self._model.first(k))
        searched = time.perf_counter()
        best = self._model.order(question, passages, k)
        return Found(best, (searched - started) * 1000, (time.perf_counter() - searched) * 1000)

    def told(self) -> dict[str, Any]:
        """For /v1/meta."""
        weights = None if self.weights is None else self.weights.told()
        return {"weights": weights, "reranker": None if self._model is None else "projection (a rehearsal, untrained)"}

    async def _search(self, tenant: str, question: str, k: int) -> list[Passage]:
        key = f"{k} {question}"
        kept = self._kept.get(tenant, key) if self._kept is not None else None
        if kept is not None:
            return kept
        try:
            if self._store.remote:
                found = await asyncio.to_thread(self._store.search, question, k)
            else:
                found = self._store.search(question, k)
        except Exception as error:
            if not self._store.remote:
                raise
            log.exception("the store failed")
            words = f"the vector store failed ({type(error).__name__})"
            raise ContractError(502, "upstream_error", words, source="vector-store") from None
        if self._kept is not None:
            self._kept.put(tenant, key, found)
        return found


def _models(settings: Settings) -> tuple[Reranker | None, Any]:
    """The reranker and the weights; neither costs anything where it is off."""
    on = settings.reranker != "off"
    if not on and not settings.weights_mb:
        return None, None
    from ragchat import rerank, weights  # noqa: PLC0415

    read = weights.load(settings.weights_folder, settings.weights_mb or rerank.USUAL_MB)
    return rerank.Reranker(read) if on and read is not None else None, read
