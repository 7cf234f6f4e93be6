"""Which reader a target's answers have."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.dialects.answer import Answer
from harness.dialects.mapped import MappedAnswer
from harness.dialects.openai_chat import OpenAiAnswer
from harness.dialects.rag_chat import RagChatAnswer
from harness.dialects.retrieval import RetrievalAnswer
from harness.dialects.room import Room
from harness.domain.header_names import USUAL_NAMES, lowered
from harness.domain.target import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.domain.field_map import FieldMap
    from harness.domain.header_names import HeaderNames
    from harness.domain.retrieval_map import RetrievalMap
    from harness.domain.sample import Sample

READERS: dict[str, type[Answer]] = {
    Dialect.RAG_CHAT: RagChatAnswer,
    Dialect.OPENAI_CHAT: OpenAiAnswer,
    Dialect.JOBS: Answer,  # which nobody asks to chat
}


def reader_of(
    dialect: str, fields: FieldMap | None, names: HeaderNames = USUAL_NAMES, retrieval: RetrievalMap | None = None
) -> Callable[[Sample, float], Answer]:
    """What reads the answers of a run, which share one room; ``fields`` for ``mapped``, ``retrieval`` for passages alone."""
    if retrieval is not None:
        return partial(RetrievalAnswer, fields=retrieval, names=lowered(names), room=Room())
    if dialect == Dialect.MAPPED:
        assert fields is not None
        return partial(MappedAnswer, fields=fields, names=lowered(names), room=Room())
    return partial(READERS[dialect], names=lowered(names), room=Room())
