"""The contract ``rag-chat/1``: what a request may hold and how errors look."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

CONTRACT = "rag-chat/1"
HEALTH = ("/health", "/healthz")  # the second for who knows it; Google's front end keeps paths that end in z for itself
MAX_BODY_BYTES = 1 << 20
MAX_MESSAGES = 64
MAX_CONTENT_CHARS = 32_000
MAX_TOP_K = 50
MAX_TOKENS = 4096
ROLES = ("system", "user", "assistant")
FIELDS = ("messages", "stream", "top_k", "max_tokens", "session_id")
RETRIEVAL_FIELDS = ("question", "top_k")


class ContractError(Exception):
    """An error of the contract: HTTP status, code, and a message without internals.

    ``source`` tells which upstream it was, ``model`` or ``vector-store``: an extension that clients may ignore.
    """

    def __init__(
        self, status: int, code: str, message: str, retry_after_s: float | None = None, source: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s
        self.source = source

    def body(self) -> dict[str, Any]:
        said = {"code": self.code, "message": self.message}
        return {"error": said | ({"source": self.source} if self.source else {})}


@dataclass(frozen=True)
class ChatRequest:
    """One validated request."""

    messages: tuple[tuple[str, str], ...]
    stream: bool = False
    top_k: int = 6
    max_tokens: int = 512
    session_id: str | None = None

    @property
    def question(self) -> str:
        return self.messages[-1][1]


@dataclass(frozen=True)
class RetrievalRequest:
    """One validated question for passages alone."""

    question: str
    top_k: int = 6


def parse_retrieval(body: bytes) -> RetrievalRequest:
    """Validate a body of ``/v1/retrieve``; raises like ``parse``."""
    data = _object(body, RETRIEVAL_FIELDS)
    question = data.get("question")
    if not isinstance(question, str) or not 1 <= len(question) <= MAX_CONTENT_CHARS:
        raise _invalid("question", f"must be a string of 1 to {MAX_CONTENT_CHARS} characters")
    return RetrievalRequest(question, _whole(data.get("top_k", 6), "top_k", 1, MAX_TOP_K))


def parse(body: bytes) -> ChatRequest:
    """Validate a request body; raises ContractError 400, 413 or 422, the message naming the field."""
    data = _object(body, FIELDS)
    session = data.get("session_id")
    if session is not None and not isinstance(session, str):
        raise _invalid("session_id", "must be a string")
    stream = data.get("stream", False)
    if not isinstance(stream, bool):
        raise _invalid("stream", "must be true or false")
    return ChatRequest(
        messages=_messages(data.get("messages")),
        stream=stream,
        top_k=_whole(data.get("top_k", 6), "top_k", 0, MAX_TOP_K),
        max_tokens=_whole(data.get("max_tokens", 512), "max_tokens", 1, MAX_TOKENS),
        session_id=session,
    )


def _object(body: bytes, fields: tuple[str, ...]) -> dict[str, Any]:
    """A JSON object of these fields alone."""
    if len(body) > MAX_BODY_BYTES:
        raise ContractError(413, "too_large", f"the body is larger than {MAX_BODY_BYTES} bytes")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise ContractError(400, "invalid_json", "the body is no JSON") from None
    if not isinstance(data, dict):
        raise _invalid("body", "must be an object")
    if unknown := [name for name in data if name not in fields]:
        raise _invalid(str(unknown[0])[:80], "is not a field of this contract")
    return data


def _messages(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_MESSAGES:
        raise _invalid("messages", f"must be an array of 1 to {MAX_MESSAGES} messages")
    out = []
    for k, message in enumerate(value):
        where = f"messages[{k}]"
        if not isinstance(message, dict) or set(message) != {"role", "content"}:
            raise _invalid(where, "must hold exactly role and content")
        role, content = message["role"], message["content"]
        if role not in ROLES:
            raise _invalid(f"{where}.role", f"must be one of {', '.join(ROLES)}")
        if not isinstance(content, str) or len(content) > MAX_CONTENT_CHARS:
            raise _invalid(f"{where}.content", f"must be a string of at most {MAX_CONTENT_CHARS} characters")
        out.append((role, content))
    if out[-1][0] != "user":
        raise _invalid("messages", "the last message must be from the user")
    return tuple(out)


def _whole(value: object, name: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _invalid(name, f"must be a whole number from {low} to {high}")
    return value


def _invalid(field: str, message: str) -> ContractError:
    return ContractError(422, "invalid_request", f"{field}: {message}")
