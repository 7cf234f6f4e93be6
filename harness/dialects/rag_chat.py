"""Answers of ``rag-chat/1``."""

from __future__ import annotations

from typing import Any

import orjson

from harness.dialects.answer import Answer, json_object
from harness.dialects.framing.sse import Event


class RagChatAnswer(Answer):
    """``rag-chat/1``: citations, tokens, then done or error."""

    def event(self, event: Event, now: float) -> None:
        if self._done is not None or self._error is not None:
            if event.name in ("token", "done", "error", "citations"):
                self._broken = f"event {event.name} after the last one"
            return
        match event.name:
            case "token":
                if self.sample.citations is None:
                    self._broken = "a token before the citations"
                self._token(event.data, now)
            case "citations":
                self._citations(json_object(event.data).get("citations"))
            case "done":
                self._done = json_object(event.data)
            case "error":
                error = json_object(event.data).get("error")
                self._error = error if isinstance(error, dict) else {}

    def finish_stream(self) -> None:
        if self._done is None or self._broken:
            return
        try:
            texts = [row["text"] for row in orjson.loads(b"[" + b",".join(self._texts) + b"]")]
            if not texts or not all(isinstance(t, str) and t for t in texts):
                raise ValueError("a token without text")  # noqa: TRY301
            self._digest("".join(texts))
            self._closing(self._done)
        except (ValueError, TypeError, KeyError) as error:
            self._broken = f"{type(error).__name__}: {error}"

    def whole(self, body: dict[str, Any]) -> None:
        if not isinstance(body["answer"], str):
            raise TypeError("answer is no text")
        self._digest(body["answer"])
        self._citations(body["citations"])
        self._closing(body)

    def _closing(self, body: dict[str, Any]) -> None:
        if not isinstance(body["id"], str) or not isinstance(body["model"], str):
            raise TypeError("id and model must be text")
        self._usage(body["usage"], "input_tokens", "output_tokens")
        timings = body.get("timings") or {}
        for name in ("init_ms", "queue_ms", "retrieval_ms", "model_ttft_ms", "generation_ms"):
            value = timings.get(name)
            setattr(self.sample, name, float(value) if isinstance(value, int | float) else None)

    def _citations(self, value: object) -> None:
        if not isinstance(value, list):
            self._broken = "citations is no list"
            return
        self.sample.citations = " ".join([str(c.get("passage_id")) for c in value if isinstance(c, dict)])
