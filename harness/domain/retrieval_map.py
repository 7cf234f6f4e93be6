"""A RetrievalMap: how passages are asked for without an answer, and where they stand in what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RetrievalMap:
    """``request`` is a JSON body with placeholders; the rest are paths, as ``field_map.value_at`` follows them."""

    path: str = "/v1/retrieve"
    request: Mapping[str, Any] = field(default_factory=lambda: {"question": "{prompt}", "top_k": "{top_k}"})
    passages: str = "passages.*.passage_id"  # to their ids, best first
    retrieval_ms: str | None = "timings.retrieval_ms"
    rerank_ms: str | None = "timings.rerank_ms"
    init_ms: str | None = "timings.init_ms"
    queue_ms: str | None = "timings.queue_ms"


USUAL_RETRIEVAL = RetrievalMap()  # what rag-chat/1 says of it
TIMINGS = ("retrieval_ms", "rerank_ms", "init_ms", "queue_ms")
