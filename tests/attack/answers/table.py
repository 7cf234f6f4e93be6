"""Every hostile answer, by the group that one run drives: a dialect, or a mapping with its framing."""

from __future__ import annotations

from tests.attack.answers.mapped import ARRAY, AWS_STREAM, MAPPINGS, NDJSON, SSE_STREAM, TEXT, WEBSOCKET
from tests.attack.answers.peer import Hostile
from tests.attack.answers.streams import OPENAI, RAG
from tests.attack.answers.values import VALUES
from tests.attack.answers.wire import WIRE

GROUPS: dict[str, list[Hostile]] = {
    "values": VALUES,
    "wire": WIRE,
    "rag-chat": RAG,
    "openai-chat": OPENAI,
    "ndjson": NDJSON,
    "json-array": ARRAY,
    "aws-event-stream": AWS_STREAM,
    "text": TEXT,
    "sse": SSE_STREAM,
    "websocket": WEBSOCKET,
}
DIALECTS = {"values": "rag-chat/1", "wire": "rag-chat/1", "rag-chat": "rag-chat/1", "openai-chat": "openai-chat"}

__all__ = ["DIALECTS", "GROUPS", "MAPPINGS", "Hostile"]
