"""Questions: what is asked of the chat endpoint, in the contract's own words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """A request body without its mode; ``id`` names it in the samples."""

    id: str
    messages: tuple[Message, ...]
    top_k: int = 6
    max_tokens: int = 512
    session_id: str | None = None
