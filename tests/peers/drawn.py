"""Answers of an openai-chat server, drawn byte by byte: framings, splits, encodings, errors, orders, and what is odd about each."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from itertools import pairwise
from random import Random

WORDS = (
    "Until ",
    "Saturday",
    ", ",
    "1 < 2",
    '"so"',
    "\\n",
    "naïve ",
    "日本",
    "🙂",
    "\u2028",
    "\x85",
    "\t",
    " ",
    "x" * 300,
)
STATUSES = (302, 400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529)
ENDS = ("\n", "\r\n", "\r")
ERROR = {"message": "Rate limit exceeded", "type": "rate_limit_error", "code": 429}
TOOL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "find", "arguments": '{"q": 1}'}}
# what may be odd about an answer: of its wire, of a stream's events, of a whole body
WIRE = (
    "gzip",
    "two lengths",
    "bare LF",
    "space in a header",
    "too short",
    "too long",
    "no content-type",
    "capital type",
)
STREAM = (
    *("not JSON", "NaN", "surrogate", "not UTF-8", "delta is text", "null choice", "number for text", "error key"),
    *("error object", "error event", "error text", "error after DONE", "content filter", "finish error", "tool calls"),
    *(
        "only reasoning",
        "refusal",
        "no DONE",
        "DONE and blanks",
        "DONE first",
        "cut",
        "unfinished",
        "BOM",
        "many lines",
    ),
    *("heartbeats", "empty choices", "null usage", "whole instead", "list chunk", "no text"),
)
WHOLE = (
    *("BOM", "NaN", "surrogate", "not UTF-8", "null text", "no choices", "empty choices", "list", "error key"),
    *("error object", "tool calls", "parts", "trailing", "truncated", "only reasoning", "content filter", "HTML"),
    *("stream instead", "empty", "number for text", "refusal"),
)


def _chunk(delta: dict[str, object], finish: str | None = None) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, **({"finish_reason": finish} if finish else {})}
    return {"id": "c-1", "object": "chat.completion.chunk", "choices": [choice]}


def _message(message: dict[str, object], finish: str = "stop") -> dict[str, object]:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    return {
        "id": "c-1",
        "object": "chat.completion",
        "choices": [choice],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3},
    }


PUT: dict[str, object] = {  # among the others
    "not JSON": b"thinking...",
    "NaN": b'{"choices": [], "usage": {"prompt_tokens": NaN}}',
    "surrogate": b'{"choices":[{"delta":{"content":"\\ud800"}}]}',
    "not UTF-8": b'{"choices":[{"delta":{"content":"caf\xe9"}}]}',
    "delta is text": {"choices": [{"delta": "Until"}]},
    "null choice": {"choices": [None]},
    "number for text": _chunk({"content": 7}),
    "error key": {"error": ERROR},
    "error object": {"object": "error", "message": "out of memory", "type": "InternalServerError", "code": 500},
    "error event": {"code": "overloaded", "message": "engine overloaded"},
    "error text": {"error": "something went wrong"},
    "empty choices": {"choices": [{}]},
    "null usage": {"choices": [], "usage": None},
    "list chunk": [],
}
ALONE: dict[str, tuple[object, ...]] = {  # in the place of the others
    "tool calls": (_chunk({"content": None, "tool_calls": [TOOL]}), _chunk({}, "tool_calls")),
    "only reasoning": (_chunk({"reasoning_content": "Okay"}), _chunk({}, "length")),
    "refusal": (_chunk({"refusal": "I can't help with that."}), _chunk({}, "stop")),
    "no text": (_chunk({"role": "assistant", "content": ""}), _chunk({}, "stop")),
}
ADDED: dict[str, object] = {"content filter": _chunk({}, "content_filter"), "finish error": _chunk({}, "error")}


@dataclass(frozen=True)
class Drawn:
    """The bytes of one answer as they are sent, piece by piece; ``closes``: the connection ends after them."""

    stream: bool
    pieces: tuple[bytes, ...]
    closes: bool
    odd: frozenset[str]

    @property
    def bytes(self) -> bytes:
        return b"".join(self.pieces)


def draw(rng: Random) -> Drawn:
    """One answer, with none to two oddities."""
    stream = rng.random() < 0.7
    if rng.random() < 0.08:
        return _refused(rng, stream)
    odd: set[str] = set()
    if rng.random() < 0.65:
        odd.add(rng.choice(STREAM if stream else WHOLE))
    if rng.random() < 0.2:
        odd.add(rng.choice(WIRE))
    return _sent(rng, stream, _stream(rng, odd) if stream else _whole(rng, odd), odd)


# -- bodies


def _stream(rng: Random, odd: set[str]) -> bytes:
    if "whole instead" in odd:
        return json.dumps(_message({"content": "Until Saturday."})).encode()
    end = rng.choice(ENDS)
    texts = [rng.choice(WORDS) for _ in range(rng.randint(1, 6))]
    rows: list[object] = [_chunk({"content": text}) for text in texts]
    if rng.random() < 0.4:
        rows.insert(0, _chunk({"role": "assistant", "content": ""}))
    if rng.random() < 0.4:
        rows.append(_chunk({}, "stop"))
    if rng.random() < 0.5:
        rows.append({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": len(texts)}})
    events = [_event(rng, row, end, lines="many lines" in odd) for row in rows]
    last = b"data: [DONE]" + 2 * end.encode()
    for name in sorted(odd):
        events, last = _odd_stream(rng, name, events, last, end)
    body = b"".join([*events, last])
    if "cut" in odd:
        body = body[: rng.randint(1, max(1, len(body) - len(last) - 2))]
    if "unfinished" in odd:
        body = body[: -len(end)]
    return (b"\xef\xbb\xbf" if "BOM" in odd else b"") + body


def _odd_stream(rng: Random, name: str, events: list[bytes], last: bytes, end: str) -> tuple[list[bytes], bytes]:
    """With one oddity put somewhere among the events, or in the place of them or of the end."""
    if name in PUT:
        data = PUT[name] if isinstance(PUT[name], bytes) else json.dumps(PUT[name]).encode()
        head = f"event: error{end}" if name == "error event" else ""
        at = rng.randint(0, len(events))
        return [*events[:at], head.encode() + b"data: " + data + 2 * end.encode(), *events[at:]], last
    if name in ALONE:
        return [f"data: {json.dumps(value)}{end}{end}".encode() for value in ALONE[name]], last
    if name in ADDED:
        return [*events, f"data: {json.dumps(ADDED[name])}{end}{end}".encode()], last
    return {
        "error after DONE": (events, last + f"data: {json.dumps({'error': ERROR})}{end}{end}".encode()),
        "no DONE": (events, b""),
        "DONE and blanks": (events, b"data: [DONE]  " + 2 * end.encode()),
        "DONE first": ([last, *events], b""),
        "heartbeats": ([f": ping{end}{end}data:{end}{end}".encode(), *events], last),
    }.get(name, (events, last))


def _event(rng: Random, value: object, end: str, *, lines: bool) -> bytes:
    """A chunk as one of the many ways to write it."""
    plain = rng.random() < 0.5
    text = json.dumps(value, ensure_ascii=plain, indent=1 if lines else None)
    colon = rng.choice((": ", ":"))
    head = rng.choice(("", "", f"id: 7{end}", f"event: message{end}", f": {end}", f"retry: 10{end}"))
    data = "".join(f"data{colon}{line}{end}" for line in text.split("\n"))
    return f"{head}{data}{end}".encode()


def _whole(rng: Random, odd: set[str]) -> bytes:
    text = "".join(rng.choice(WORDS) for _ in range(rng.randint(1, 4))).strip("\x85\u2028 \t") or "Until Saturday."
    value: object = _message({"content": text})
    for name in sorted(odd):
        value = _odd_whole(name, value)
    data = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode() if not isinstance(value, bytes) else value
    if "truncated" in odd:
        data = data[: len(data) // 2]
    return (b"\xef\xbb\xbf" if "BOM" in odd else b"") + data + (b"\n}" if "trailing" in odd else b"")


def _odd_whole(name: str, value: object) -> object:
    said = {
        "NaN": b'{"choices":[{"message":{"content":"Until"}}],"usage":{"prompt_tokens":NaN}}',
        "surrogate": b'{"choices":[{"message":{"content":"\\ud800"}}]}',
        "not UTF-8": b'{"choices":[{"message":{"content":"caf\xe9"}}]}',
        "null text": _message({"content": None}),
        "no choices": {"answer": "Until Saturday."},
        "empty choices": {"choices": []},
        "list": ["Until Saturday."],
        "error key": {"error": ERROR},
        "error object": {"object": "error", "message": "out of memory", "code": 500},
        "tool calls": _message({"content": None, "tool_calls": [TOOL]}),
        "parts": _message({"content": [{"type": "text", "text": "Until Saturday."}]}),
        "only reasoning": _message({"content": None, "reasoning_content": "Okay"}, "length"),
        "content filter": _message({"content": "Unti"}, "content_filter"),
        "HTML": b"<html><body>Welcome</body></html>",
        "stream instead": b'data: {"choices":[{"delta":{"content":"Until"}}]}\n\ndata: [DONE]\n\n',
        "empty": b"",
        "number for text": _message({"content": 7}),
        "refusal": _message({"content": None, "refusal": "I can't help with that."}),
    }
    return said.get(name, value)


# -- the wire


def _refused(rng: Random, stream: bool) -> Drawn:
    status = rng.choice(STATUSES)
    kind, body = rng.choice(
        (
            ("application/json", json.dumps({"error": ERROR}).encode()),
            ("application/json", b'{"detail": [{"loc": ["body"], "msg": "no"}]}'),
            ("text/html", b"<h1>no</h1>"),
            ("text/plain", b""),
        )
    )
    head = f"HTTP/1.1 {status} No\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return Drawn(stream, _split(rng, head + body), closes=False, odd=frozenset({f"status {status}"}))


def _sent(rng: Random, stream: bool, body: bytes, odd: set[str]) -> Drawn:
    streamed = (stream and "whole instead" not in odd) or "stream instead" in odd
    kind = "text/event-stream" if streamed else "text/html" if "HTML" in odd else "application/json"
    if "capital type" in odd:
        kind = kind.title() + "; Charset=UTF-8"
    if "gzip" in odd:
        body = gzip.compress(body)
    lines = ["HTTP/1.1 200 OK", *([] if "no content-type" in odd else [f"Content-Type: {kind}"])]
    lines += ["Content-Encoding: gzip"] if "gzip" in odd else []
    lines += ["X-Powered-By : PHP"] if "space in a header" in odd else []
    way = "length" if odd & {"too short", "too long", "two lengths"} else rng.choice(("chunked", "length", "close"))
    length = len(body) + 40 if "too short" in odd else len(body)
    lines += [f"Content-Length: {length}"] if way == "length" else []
    body += b"\r\n" if "too long" in odd else b""
    if way == "chunked" or "two lengths" in odd:
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in _split(rng, body)) + b"0\r\n\r\n"
    head = "\r\n".join([*lines, "", ""])
    head = head.replace("\r\n", "\n") if "bare LF" in odd else head
    closes = way == "close" or bool(odd & {"too short", "too long", "two lengths"})
    return Drawn(stream, _split(rng, head.encode() + body), closes, frozenset(odd))


def _split(rng: Random, data: bytes) -> tuple[bytes, ...]:
    """In up to five pieces, at any byte."""
    cuts = sorted({0, len(data), *(rng.randint(0, len(data)) for _ in range(rng.choice((0, 0, 1, 4))))})
    return tuple(data[a:b] for a, b in pairwise(cuts))
