"""Answers of ``rag-chat/1``."""

from __future__ import annotations

from typing import Any

import orjson

from harness.dialects.answer import Answer
from harness.dialects.errors import error_in, error_of
from harness.dialects.framing.sse import Event
from harness.dialects.numbers import milliseconds
from harness.dialects.shapes import Unexpected, cited, json_object, json_value, said, wanted
from harness.domain.bounds import MOST_CITATIONS

TIMINGS = frozenset({"init_ms", "queue_ms", "retrieval_ms", "rerank_ms", "model_ttft_ms", "generation_ms"})


class RagChatAnswer(Answer):
    """``rag-chat/1``: citations, tokens, then done or error."""

    def event(self, event: Event, now: float) -> None:
        match event.name:
            case "token":
                self._token(event.data, now)
                if self.sample.citations is None:
                    self._note_broken("a token before the citations")
            case "citations":
                data = wanted(json_value(event.data, "event citations"), dict, "event citations")
                self._citations(data.get("citations"))
            case "done":
                self._done = {}  # whatever it holds, it is the last
                self._done = wanted(json_value(event.data, "event done"), dict, "event done")
            case "error":
                self._error = {}
                self._error = error_of(json_value(event.data, "event error"))
            case "message" if b'"error"' in event.data:  # of a gateway; any other event is one that nobody knows
                self._error = error_in(json_object(event.data))

    def lacking(self) -> str:
        return "the stream ended without done or error"

    def finish_stream(self) -> None:
        if self._done is None or self._broken:
            return
        if not self.sample.token_events:
            raise Unexpected("a stream without a token")
        self._digest()
        self._closing(self._done)

    def _text_of(self, texts: list[bytes]) -> bytes:
        """The texts of tokens, read at once; one by one only to name what is wrong."""
        try:
            rows = orjson.loads(b"[" + b",".join(texts) + b"]")
            found = [row["text"] for row in rows]
            if len(found) != len(texts):
                raise ValueError  # noqa: TRY301 - one of them is two
        except (ValueError, TypeError, KeyError):
            found = [wanted(json_value(t, "event token"), dict, "event token").get("text") for t in texts]
        for text in found:
            if not isinstance(text, str) or not text:
                raise Unexpected("text of a token is empty" if text == "" else f"text of a token is {said(text)}")
        return "".join(found).encode()

    def whole(self, body: dict[str, Any]) -> None:
        answer = wanted(body.get("answer"), str, "answer")
        if not answer:
            raise Unexpected("answer is empty")
        self._digest(answer)
        self._citations(body.get("citations"))
        self._closing(body)

    def _closing(self, body: dict[str, Any]) -> None:
        wanted(body.get("id"), str, "id")
        self._model(wanted(body.get("model"), str, "model"))
        self._quality(body.get("cached"), body.get("degraded"))
        self._usage(wanted(body.get("usage"), dict, "usage"), "input_tokens", "output_tokens")
        timings: dict[str, Any] = wanted(body.get("timings") or {}, dict, "timings")
        for name, value in timings.items():
            if name in TIMINGS:
                setattr(self.sample, name, milliseconds(value, f"timings.{name}"))

    def _citations(self, value: object) -> None:
        rows = wanted(value, list, "citations")
        try:
            self.sample.citations = cited([row["passage_id"] for row in rows])
        except (TypeError, KeyError):  # one by one only to name what is wrong
            self.sample.citations = cited([_passage(row) for row in rows[: MOST_CITATIONS + 1]])


def _passage(row: object) -> str:
    return wanted(wanted(row, dict, "an element of citations").get("passage_id"), str, "citations.passage_id")
