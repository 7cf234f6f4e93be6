"""Answers fed to a reader as a connection would: a head, a body in pieces, an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from harness.dialects.readers import reader_of
from harness.domain.sample import Sample

SSE = {b"content-type": b"text/event-stream"}
JSON = {b"content-type": b"application/json"}
DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 11, "completion_tokens": 24}


@dataclass
class Read:
    """What became of an answer."""

    outcome: str
    code: str | None
    sample: Sample
    answer: Any

    @property
    def detail(self) -> str:
        return self.sample.detail or ""


def read(
    body: bytes | Sequence[bytes],
    *,
    dialect: str = "openai-chat",
    stream: bool = True,
    status: int = 200,
    headers: Mapping[bytes, bytes] | None = None,
    fields: Any = None,
) -> Read:
    """Pieces come 10 ms apart, the head at 0.1 s; the run began at 0."""
    sample = Sample(0, "steady", True, "q0", stream, 0.0)
    answer = reader_of(dialect, fields)(sample, 0.0)
    answer.sending(0.05)
    answer.head(status, dict(headers if headers is not None else SSE if stream else JSON), 0.1)
    for k, piece in enumerate([body] if isinstance(body, bytes) else body):
        answer.body(piece, 0.11 + k / 100)
    outcome, code = answer.close()
    orjson.dumps(sample.row())  # as a run writes it
    return Read(str(outcome), code, sample, answer)


def events(*data: object) -> bytes:
    """Server-sent events of JSON data, without names."""
    return b"".join(b"data: " + orjson.dumps(one) + b"\n\n" for one in data)


def delta(finish: object = None, **what: object) -> dict[str, Any]:
    """A chunk of one choice."""
    choice: dict[str, Any] = {"index": 0, "delta": what}
    return {"choices": [choice | ({"finish_reason": finish} if finish is not None else {})]}


def message(finish: str = "stop", **what: object) -> bytes:
    """A whole answer of one choice."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **what}}
    return orjson.dumps({"choices": [choice], "usage": USAGE})
