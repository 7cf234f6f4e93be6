"""Holds a target to its own [mapping]: whether it is asked and read as its target.toml says."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from harness.campaign.contract_check import Check, Verify, answer_to, client_of, not_held_back
from harness.campaign.symptoms import streams, want, whole
from harness.dialects.framing.sse import Event, SseParser
from harness.domain.field_map import FieldMap, value_at

VALUES = {
    "prompt": "Say hello.",
    "messages": [{"role": "user", "content": "Say hello."}],
    "max_tokens": 24,
    "top_k": 4,
    "session": "pilot-check",
}


class Mapped:
    """The checks over one client; each method is one check, its docstring its name."""

    def __init__(self, client: httpx.Client, fields: FieldMap) -> None:
        self._client = client
        self._fields = fields

    def whole_answer(self) -> str:
        """A whole answer has its text where mapping.answer says"""
        want(
            self._fields.answer.text is not None,
            "[mapping.answer] is missing: say where its text stands, or ask for streams only",
        )
        body = self._fields.body({**VALUES, "stream": False})
        data = whole(self._client.post(self._fields.path_for(stream=False), json=body))
        found = value_at(data, self._fields.answer.text)
        want(isinstance(found, str) and bool(found), f"no text at {self._fields.answer.text}: it has {_outline(data)}")
        missing = [
            name
            for name in ("input_tokens", "output_tokens")
            if not isinstance(value_at(data, getattr(self._fields.answer, name)), int)
        ]
        return f"{', '.join(missing)} not told: cost of tokens will not be known" if missing else "usage told"

    def stream(self) -> str:
        """A stream has text and an end where mapping.stream says"""
        events, _, _ = self._stream()
        texts = [text for event in events if (text := self._text(event))]
        how = self._fields.stream
        assert how is not None
        seen = sorted({event.name for event in events})
        want(
            bool(texts),
            f"no event {how.token_event} with text at {how.text or 'its data'}: events are {', '.join(seen)}",
        )
        if not how.ends_itself:
            ended = any(e.name == how.done_event or e.data == (how.done_data or "").encode() for e in events)
            want(ended, f"no {how.done_event or how.done_data} at its end: events are {', '.join(seen)}")
        return f"{len(texts)} events with text"

    def unbuffered(self) -> str:
        """Tokens arrive as they are produced, not all at the end"""
        events, times, whole_s = self._stream()
        return not_held_back([at for event, at in zip(events, times, strict=True) if self._text(event)], whole_s)

    def _text(self, event: Event) -> str | None:
        how = self._fields.stream
        if how is None or event.name != how.token_event or event.data == (how.done_data or "").encode():
            return None
        if how.text == "":
            return event.data.decode("utf-8", "replace")
        try:
            found = value_at(json.loads(event.data), how.text)
        except ValueError:
            return None
        return found if isinstance(found, str) else None

    def _stream(self) -> tuple[list[Event], list[float], float]:
        """Events, when each came, and when all had, in seconds from the send."""
        want(self._fields.stream is not None, "[mapping.stream] is missing: describe it, or set load.stream_share = 0")
        parser, events, times = SseParser(), [], []
        body = self._fields.body({**VALUES, "stream": True})
        began = time.perf_counter()
        with self._client.stream("POST", self._fields.path_for(stream=True), json=body) as answer:
            streams(answer)
            for chunk in answer.iter_raw():
                found = parser.feed(chunk)
                events += found
                times += [time.perf_counter() - began] * len(found)
        want(bool(events), "no event came")
        return events, times, time.perf_counter() - began


def _outline(data: Any) -> str:  # noqa: ANN401 - a JSON value
    """Its fields, two levels deep: names, never what they hold."""
    if not isinstance(data, dict):
        return f"a {type(data).__name__}"
    names = [f"{k}.{inner}" for k, v in data.items() if isinstance(v, dict) for inner in v] + [
        k for k, v in data.items() if not isinstance(v, dict)
    ]
    return ", ".join(sorted(names)[:12]) or "no fields"


def check_mapped(
    base_url: str,
    fields: FieldMap,
    auth: httpx.Auth | None = None,
    verify: Verify = True,  # noqa: FBT002
    *,
    streams_asked: bool = True,
) -> list[Check]:
    """Every check against one target; those of streams where the plan asks for any."""
    made = (Mapped.whole_answer, Mapped.stream, Mapped.unbuffered) if streams_asked else (Mapped.whole_answer,)
    with client_of(base_url, auth, verify) as client:
        contract = Mapped(client, fields)
        return [answer_to(check, contract) for check in made]
