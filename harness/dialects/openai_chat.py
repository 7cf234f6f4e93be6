"""Answers of ``openai-chat``."""

from __future__ import annotations

from typing import Any

from harness.dialects.answer import Answer, json_object
from harness.dialects.framing.sse import Event


class OpenAiAnswer(Answer):
    """``openai-chat``: chunks with a delta, usage in the last, then ``[DONE]``."""

    def event(self, event: Event, now: float) -> None:
        if event.data == b"[DONE]":
            self._done = {}
            return
        chunk = json_object(event.data)
        if "error" in chunk:
            error = chunk["error"]
            self._error = error if isinstance(error, dict) else {}
            return
        self._usage(chunk.get("usage"), "prompt_tokens", "completion_tokens")
        for choice in chunk.get("choices") or ():
            text = (choice.get("delta") or {}).get("content")
            if isinstance(text, str) and text:
                self._token(text.encode(), now)

    def finish_stream(self) -> None:
        if self._done is not None and not self._texts:
            self._broken = "a stream without text"
        self._digest(b"".join(self._texts).decode())

    def whole(self, body: dict[str, Any]) -> None:
        self._digest(str(body["choices"][0]["message"]["content"]))
        self._usage(body.get("usage"), "prompt_tokens", "completion_tokens")
