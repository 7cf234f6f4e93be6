"""Answers of ``openai-chat``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from harness.dialects.answer import Answer
from harness.dialects.errors import bare_error, error_in, error_of, gist, short_text
from harness.dialects.framing.sse import Event
from harness.dialects.shapes import Unexpected, json_value, said, wanted
from harness.domain.bounds import MOST_CODE
from harness.domain.header_names import USUAL_LOWERED, Lowered
from harness.domain.lines import names_in

if TYPE_CHECKING:
    from harness.dialects.room import Room
    from harness.domain.sample import Sample

REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
TEXT_PARTS = ("text", "content", "thinking", "summary")  # of an object that stands for text
# Parts of a finish_reason that says the answer failed or was withheld: providers write more than OpenAI's own five.
FAILED = names_in(
    "error abort insufficient filter sensitive safety prohibited recitation blocklist guardrail moderation"
)


class OpenAiAnswer(Answer):
    """``openai-chat``: chunks with a delta, usage in the last, then ``[DONE]``; whole answers come to the same."""

    def __init__(self, sample: Sample, t0: float, names: Lowered = USUAL_LOWERED, room: Room | None = None) -> None:
        super().__init__(sample, t0, names, room)
        self._finish: str | None = None
        self._withheld: dict[str, Any] | None = None  # the error that a finish_reason says
        self._choices = False
        self._reasoned = False

    def event(self, event: Event, now: float) -> None:
        data = event.data
        if data[:6] == b"[DONE]" or event.name == "error":  # blanks may follow
            self._last(event)
            return
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError:
            if not data.strip():
                return  # a heartbeat
            chunk = json_value(data, "a chunk")
        if type(chunk) is not dict:
            raise Unexpected(f"a chunk is {said(chunk)}, not an object")
        choices = chunk.get("choices")
        if not choices or "error" in chunk:
            self._error = self.failure(chunk)
        self._tell(chunk)
        if choices and self._error is None:
            if type(choices) is not list:
                raise Unexpected(f"choices is {said(choices)}, not a list")
            for choice in choices:
                self._choice(choice, now)

    def _tell(self, chunk: dict[str, Any]) -> None:
        """What a chunk says beside its choices."""
        if self.sample.model is None:
            self._model(chunk.get("model"))
        if (usage := chunk.get("usage")) is not None:
            self._usage(wanted(usage, dict, "usage"), "prompt_tokens", "completion_tokens")
        if "degraded" in chunk or "cached" in chunk:  # not OpenAI's own: of a service that says what rag-chat/1 does
            self._quality(chunk.get("cached"), chunk.get("degraded"))

    def _last(self, event: Event) -> None:
        if event.name == "error":
            self._error = _named_error(event.data)
        else:
            self._done = {}

    def _choice(self, choice: Any, now: float) -> None:  # noqa: ANN401 - a JSON value
        if type(choice) is not dict:
            raise Unexpected(f"an element of choices is {said(choice)}, not an object")
        self._choices = True
        delta = choice.get("delta")
        if type(delta) is dict:
            text = delta.get("content")
            if type(text) is str:
                if text:
                    self._token(text.encode(), now)
                if len(delta) > 1:
                    self._beside(delta, now)
            elif delta:
                self._beside(delta, now)
        elif delta is not None:
            raise Unexpected(f"choices.delta is {said(delta)}, not an object")
        if choice.get("finish_reason") is not None or "error" in choice:
            self._finished(choice)

    def _beside(self, delta: dict[str, Any], now: float) -> None:
        """What a delta holds that is not plain text, or beside it."""
        content = delta.get("content")
        if content is not None and type(content) is not str:
            text, reasoned = _parts(content, "choices.delta.content")
            if reasoned:
                self._reasoning(now)
            if text:
                self._token(text.encode(), now)
        if any(_text(delta[name], f"choices.delta.{name}") for name in REASONING if name in delta):
            self._reasoning(now)
        for kind, text in _other_answers(delta, "choices.delta"):
            self.kind = kind
            if text:
                self._token(text.encode(), now)

    def _finished(self, choice: dict[str, Any]) -> None:
        if (error := error_in(choice)) is not None:  # as OpenRouter does
            self._withheld = gist(error)
        if (reason := choice.get("finish_reason")) is None:
            return
        self._finish = reason = wanted(reason, str, "choices.finish_reason")[:MOST_CODE]
        if self._withheld is None and any(part in reason.lower() for part in FAILED):
            self._withheld = {"code": "finish_reason_error" if reason == "error" else reason}

    def _reasoning(self, now: float) -> None:
        self._reasoned = True
        super()._reasoning(now)

    def failure(self, body: object) -> dict[str, Any] | None:
        error = error_in(body)
        if error is None and isinstance(body, dict) and "choices" not in body:
            return bare_error(body)
        return error

    def lacking(self) -> str:
        reason = f"finish_reason {self._finish} had come" if self._finish else "no finish_reason either"
        return f"the stream ended without [DONE] ({reason})"

    def finish_stream(self) -> None:
        if self._withheld is not None:
            self._error = self._withheld
        elif self._done is not None:
            self._settle("", bool(self.sample.token_events))

    def whole(self, body: dict[str, Any]) -> None:
        self._model(body.get("model"))
        self._quality(body.get("cached"), body.get("degraded"))
        self._usage(wanted(body.get("usage") or {}, dict, "usage"), "prompt_tokens", "completion_tokens")
        choices = wanted(body.get("choices"), list, "choices")
        if not choices:
            raise Unexpected("choices is empty")
        self._choices = True
        choice = wanted(choices[0], dict, "choices[0]")
        self._finished(choice)
        if self._withheld is not None:
            self._error = self._withheld
            return
        message = wanted(choice.get("message"), dict, "choices[0].message")
        text, reasoned = _parts(message.get("content"), "choices[0].message.content")
        self._reasoned = reasoned or any(_text(message.get(n), f"choices[0].message.{n}") for n in REASONING)
        for kind, more in _other_answers(message, "choices[0].message"):
            self.kind, text = kind, text + more
        self._settle(text)

    def _settle(self, text: str, streamed: bool = False) -> None:  # noqa: FBT001, FBT002
        """An answer that has ended as it should: good if it says anything, in events or at once."""
        if text or streamed or self.kind != "text":
            self._digest(text)
            return
        ended = f"finish_reason {short_text(self._finish)}" if self._finish else "no finish_reason"
        reasoned = self._reasoned or bool(self.sample.reasoning_tokens)  # some think without showing it
        if reasoned and self._finish in ("length", "max_tokens"):
            raise Unexpected("no text: all of max_tokens went to reasoning")
        if reasoned:
            raise Unexpected(f"no text, only reasoning ({ended})")
        raise Unexpected(f"no text ({ended})" if self._choices else "no text: not a single choice")


def _other_answers(message: dict[str, Any], field: str) -> list[tuple[str, str]]:
    """Kind and text of what a message or delta answers with instead of content: tool calls, or a refusal in words."""
    out = []
    if refusal := message.get("refusal"):
        out.append(("refusal", wanted(refusal, str, f"{field}.refusal")))
    calls = message.get("tool_calls")
    if calls is not None:
        for call in wanted(calls, list, f"{field}.tool_calls"):
            called = wanted(call, dict, f"an element of {field}.tool_calls")
            name = next((one for one in ("function", "custom") if called.get(one) is not None), None)
            out.append(("tool_calls", _call(called[name], f"{field}.tool_calls.{name}") if name else ""))
    if message.get("function_call") is not None:  # what tool calls were before
        out.append(("tool_calls", _call(message["function_call"], f"{field}.function_call")))
    return out


def _call(function: object, field: str) -> str:
    called = wanted(function, dict, field)
    return "".join(str(called[name]) for name in ("name", "arguments", "input") if called.get(name) is not None)


def _parts(content: object, field: str) -> tuple[str, bool]:
    """Text of a message's content, and whether there was reasoning in it (Mistral's lists hold both)."""
    if content is None or isinstance(content, str):
        return content or "", False
    texts, reasoned = [], False
    for part in wanted(content, list, field):
        if isinstance(part, dict) and part.get("type") in ("thinking", "reasoning"):
            reasoned = reasoned or bool(_text(part, field))
        else:
            texts.append(_text(part, field))
    return "".join(texts), reasoned


def _text(value: object, field: str) -> str:
    """Text as it is, or of an object or list that holds some; empty for none."""
    match value:
        case None | False:
            return ""
        case str():
            return value
        case list():
            return "".join(_text(one, field) for one in value)
        case dict():
            return "".join(_text(value[name], field) for name in TEXT_PARTS if name in value)
        case _:
            raise Unexpected(f"{field} is {said(value)}, not text")


def _named_error(data: bytes) -> dict[str, Any]:
    """Whatever an event named error holds."""
    try:
        return error_of(json_value(data, "error"))
    except Unexpected:
        return {"message": data[:80].decode("utf-8", "replace")}
