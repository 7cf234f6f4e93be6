"""Where an answer of an unknown API seems to hold what is measured: guesses from real answers, for a person to confirm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from harness.dialects.framing.sse import Event
from harness.domain.field_map import FramingKind
from harness.domain.lines import names_in

TEXT = names_in(
    """
    answer text output_text reply response content delta token chunk piece completion
    generated_text output result message t data
    """
)
INPUT = ("input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "prompt_eval_count", "tokens_in")
OUTPUT = ("output_tokens", "completion_tokens", "outputTokens", "completionTokens", "eval_count", "tokens_out")
SHORT = {"in": INPUT, "input": INPUT, "prompt": INPUT, "out": OUTPUT, "output": OUTPUT, "completion": OUTPUT}
COUNTED = ("usage", "tokens", "spent", "token_usage", "token_count")  # whose short names are counts
CITED = ("citations", "sources", "references", "documents", "docs", "passages", "contexts")
IDS = ("passage_id", "document_id", "chunk_id", "doc_id", "id", "ref", "source", "url", "title")
NAMES = ("type", "event", "kind", "object")  # where an event's data says what it is
LABELS = ("role", "model", "object", "type", "id", "status", "finish_reason", "created", "lang", "language")
ERRORS = (
    "error",
    "errors",
    "errorMessage",
    "exception",
    "fault",
)  # as Lambda's runtimes: errorMessage, errorType, stackTrace
MOST_DEEP = 8


class Leaf(NamedTuple):
    """A value that is no object and no list, and the path to it."""

    path: str
    name: str
    value: Any


@dataclass(frozen=True)
class Guess:
    """One field of [mapping.answer] or [mapping.stream], and why."""

    field: str
    value: str
    because: str


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[Leaf]:  # noqa: ANN401 - a JSON value
    """In the order of the answer; of a list the last element, for a conversation's is the answer."""
    if len(path) > MOST_DEEP:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if key and "." not in key and not any(c.isspace() for c in key):
                yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        at = 0 if len(value) == 1 else len(value) - 1
        yield from leaves(value[at], (*path, str(at)))
    else:
        yield Leaf(".".join(path), next((p for p in reversed(path) if not p.isdigit()), ""), value)


def of_whole(body: dict[str, Any]) -> list[Guess]:
    """Fields of [mapping.answer]; empty where nothing in it looks like an answer's text, or it is an error inside a 200."""
    if any(body.get(name) for name in ERRORS):
        return []
    found = [leaf for leaf in leaves(body) if isinstance(leaf.value, str) and leaf.value and leaf.name not in LABELS]
    if not found:
        return []
    best = min(found, key=lambda leaf: (_rank(leaf.name, TEXT), -len(leaf.value)))
    return [Guess("text", best.path, f"holds {_shown(best.value)}"), *_beside(body)]


def of_text(text: str) -> list[Guess]:
    """The same of a body that is text alone."""
    return [Guess("text", "", f"the body itself, {_shown(text)}")] if text.strip() else []


def _beside(body: Any) -> list[Guess]:  # noqa: ANN401
    out = []
    for field, names in (("input_tokens", INPUT), ("output_tokens", OUTPUT)):
        counts = [leaf for leaf in leaves(body) if _counts(leaf, names) and _is_count(leaf.value)]
        if counts:
            out.append(Guess(field, counts[0].path, f"holds {counts[0].value}"))
    if (cited := _cited(body)) is not None:
        out.append(Guess("citations", cited, "a list of what was cited, by its name"))
    return out


def _counts(leaf: Leaf, names: Sequence[str]) -> bool:
    """By its own name, or by a short one below a name that says what is counted."""
    above = leaf.path.split(".")[-2:-1]
    return leaf.name in names or (SHORT.get(leaf.name) is names and bool(above) and above[0] in COUNTED)


def _cited(value: Any, path: tuple[str, ...] = ()) -> str | None:  # noqa: ANN401
    if not isinstance(value, dict) or len(path) > MOST_DEEP:
        return None
    for key, inner in value.items():
        if key in CITED and isinstance(inner, list):
            first = inner[0] if inner else None
            named = next((name for name in IDS if isinstance(first, dict) and name in first), None)
            return ".".join((*path, key, "*", named) if named else (*path, key))
        if (found := _cited(inner, (*path, key))) is not None:
            return found
    return None


@dataclass(frozen=True)
class Streamed:
    """What a stream held: events with their names, their data as JSON where it is, and the framing it came in."""

    events: Sequence[Event]
    framing: str | None = None  # None: server-sent events

    @property
    def values(self) -> list[Any]:
        return [_value(event.data) for event in self.events]


def of_stream(streamed: Streamed, whole_text: str | None = None) -> list[Guess]:
    """Fields of [mapping.stream]; ``whole_text`` is what a whole answer to the same question said, if one did."""
    out = [Guess("framing", streamed.framing, "the type of its content")] if streamed.framing else []
    names = [event.name for event in streamed.events]
    at = _names_at(streamed) if set(names) == {"message"} else None
    if at is not None:
        names = [str(value[at]) if isinstance(value, dict) and at in value else "message" for value in streamed.values]
        out.append(Guess("event_at", at, "where its data says what an event is"))
    text = _text_of(names, streamed, whole_text)
    if text is None:
        return []
    carries, path, because = text
    if carries != "message":
        out.append(Guess("token_event", carries, "the events that carry text"))
    if path:
        out.append(Guess("text", path, because))
    out += [] if streamed.framing == FramingKind.TEXT else _end(names, streamed, carries)
    if set(names) != {"message"}:
        out.append(Guess("error_event", "error", "the usual name; none was seen"))
    beside: dict[str, Guess] = {}
    for value in streamed.values:
        beside |= {guess.field: guess for guess in _beside(value)}
    return [*out, *beside.values()]


def _names_at(streamed: Streamed) -> str | None:
    """A field that every event's data has and that takes few values."""
    values = [value for value in streamed.values if isinstance(value, dict)]
    for name in NAMES:
        said = [value.get(name) for value in values]
        if values and all(isinstance(one, str) for one in said) and 1 < len(set(said)) <= max(2, len(said) // 2):
            return name
    return None


def _text_of(names: Sequence[str], streamed: Streamed, whole: str | None) -> tuple[str, str, str] | None:
    """Name and path of what changes from event to event, as text does; ids and roles stay."""
    seen: dict[tuple[str, str], list[str]] = {}
    for name, event, value in zip(names, streamed.events, streamed.values, strict=True):
        if value is None and event.data.strip() and not event.data.startswith(b"["):
            seen.setdefault((name, ""), []).append(event.data.decode("utf-8", "replace"))
        for leaf in leaves(value):
            if isinstance(leaf.value, str) and leaf.value and leaf.name not in LABELS:
                seen.setdefault((name, leaf.path or "$"), []).append(leaf.value)
    if not seen:
        return None

    def same(key: tuple[str, str]) -> bool:
        return whole is not None and "".join(seen[key]).strip() == whole.strip()

    def rank(key: tuple[str, str]) -> tuple[bool, bool, bool, int, int]:
        texts = seen[key]
        # some streams end with the answer once more, and put marks of the model's own among its pieces
        pieces = len(texts) > 1 and whole is not None and whole.strip() in "".join(texts)
        constant = len(set(texts)) == 1 < len(texts)
        return not pieces, not same(key), constant, _rank(_last_name(key[1]), TEXT), -len(texts)

    best = min(seen, key=rank)
    texts = seen[best]
    says_same = " and together they are the whole answer" if same(best) else ""
    return best[0], best[1], f"{len(texts)} events hold text there, as {_shown(texts[0])}{says_same}"


def _end(names: Sequence[str], streamed: Streamed, carries: str) -> list[Guess]:
    """How it says that it is over: by a word, by an event, by a field that is true at last, or not at all."""
    last, value = streamed.events[-1], streamed.values[-1]
    if value is None and last.data.strip():
        if last.name == carries and not last.data.startswith(b"["):
            return []
        return [Guess("done_data", last.data.decode("utf-8", "replace").strip(), "the last event's data")]
    if isinstance(value, list) and last.data.strip() == b"[DONE]":
        return [Guess("done_data", "[DONE]", "the last event's data")]
    if names[-1] != carries and names.count(names[-1]) == 1:
        return [Guess("done_event", names[-1], "the last event, once")]
    true = {leaf.path for leaf in leaves(value) if leaf.value is True}
    for other in streamed.values[:-1]:
        true -= {leaf.path for leaf in leaves(other) if leaf.value is True}
    return [Guess("done_at", path, "true in the last event alone") for path in sorted(true)[:1]]


def _rank(name: str, among: Sequence[str]) -> int:
    return among.index(name) if name in among else len(among)


def _last_name(path: str) -> str:
    return next((part for part in reversed(path.split(".")) if not part.isdigit()), path)


def _shown(text: str) -> str:
    short = text if len(text) <= 30 else text[:29] + "…"
    return repr(short)


def _is_count(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, int) and not isinstance(value, bool)


def _value(data: bytes) -> Any:  # noqa: ANN401
    try:
        return orjson.loads(data)
    except ValueError:
        return None
