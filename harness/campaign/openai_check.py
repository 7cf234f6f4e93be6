"""Holds a live target to the dialect ``openai-chat``; what the dialect does not tell is no failure."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from harness.campaign.contract_check import Check, Verify, answer_to, client_of, not_held_back
from harness.campaign.symptoms import streams, want, whole
from harness.dialects.framing.sse import SseParser

PATH = "/v1/chat/completions"
QUESTION = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 24}


class OpenAiChat:
    """The checks over one client; each method is one check, its docstring its name."""

    def __init__(self, client: httpx.Client, model: str | None = None) -> None:
        self._client = client
        self._question = QUESTION | ({"model": model} if model else {})

    def whole_answer(self) -> str:
        """A whole answer has choices with a message"""
        answer = self._client.post(PATH, json=self._question)
        data = whole(answer)
        want(isinstance(data["choices"][0]["message"]["content"], str), "choices[0].message.content is no text")
        usage = data.get("usage")
        return "usage told" if isinstance(usage, dict) else "usage not told: tokens will not be known"

    def stream(self) -> str:
        """A stream has chunks with a delta and ends with [DONE]"""
        chunks, _, _ = self._stream()
        texts = [text for chunk in chunks for text in _texts(chunk)]
        want(any(texts), "no chunk carries text")
        told = any(chunk.get("usage") for chunk in chunks)
        return f"{sum(map(bool, texts))} chunks with text, usage {'told' if told else 'not told'}"

    def unbuffered(self) -> str:
        """Tokens arrive as they are produced, not all at the end"""
        chunks, times, whole_s = self._stream()
        return not_held_back([at for chunk, at in zip(chunks, times, strict=True) if any(_texts(chunk))], whole_s)

    def _stream(self) -> tuple[list[dict[str, Any]], list[float], float]:
        """Chunks, when each came, and when all had, in seconds from the send."""
        body = {**self._question, "stream": True, "stream_options": {"include_usage": True}}
        parser, events, times = SseParser(), [], []
        begun = time.perf_counter()
        with self._client.stream("POST", PATH, json=body) as answer:
            streams(answer)
            for chunk in answer.iter_raw():
                found = parser.feed(chunk)
                events += found
                times += [time.perf_counter() - begun] * len(found)
        want(bool(events), "no event came")
        want(
            events[-1].data == b"[DONE]",
            f"the last event is not [DONE]; it came after {times[-1]:.1f} s: cut on its way?",
        )
        return [json.loads(event.data) for event in events[:-1]], times[:-1], times[-1]


def _texts(chunk: dict[str, Any]) -> list[str | None]:
    return [choice["delta"].get("content") for choice in chunk.get("choices") or ()]


def check_openai(
    base_url: str,
    auth: httpx.Auth | None = None,
    verify: Verify = True,  # noqa: FBT002
    model: str | None = None,
) -> list[Check]:
    """Every check against one target."""
    with client_of(base_url, auth, verify) as client:
        contract = OpenAiChat(client, model)
        return [
            answer_to(check, contract) for check in (OpenAiChat.whole_answer, OpenAiChat.stream, OpenAiChat.unbuffered)
        ]
