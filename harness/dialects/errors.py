"""What an error says of itself, in whatever form a server, a gateway or a provider writes it.

The forms are those of OpenAI and its look-alikes, Anthropic, vLLM, LiteLLM, OpenRouter,
Text Generation Inference, Google, AWS (``__type``) and Azure, as their documents and
public reports show them. The message's words are never read: a code, a type or a number decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.domain.bounds import MOST_CODE
from harness.domain.lines import names_in

MOST_PARTS = 16  # of an error, each of which may name its kind
# What names an error, the most telling first.
SIGNS = names_in("code __type type status error_code errorCode error_type errcode statusCode status_code reason")
ROW_SIGNS = ("reason", "code", "errorType")  # of an element of errors or details
NAMED_ERROR = ("object", "type", "status")  # fields whose value "error" says that the object is one
COUNTED = ("error_code", "errorCode", "errcode")  # present in good answers too, as 0
STATUSES = ("status", "statusCode", "status_code")
MESSAGES = ("message", "msg", "error_msg", "errmsg", "error_message", "errorMessage")
EMPTY = frozenset({"", "none", "null", "error", "ok", "0"})  # words that say nothing, as some gateways fill fields
LEAST_STATUS = 400
_MARKS = frozenset({*NAMED_ERROR, *COUNTED, *STATUSES, "__type", "errors", "success"})
_WORD = re.compile(r"[\w.:#/-]+")

Error = Mapping[str, Any]


def error_in(value: object) -> dict[str, Any] | None:
    """The error that a JSON value of a 200 carries; None for one that carries none."""
    if isinstance(value, list):  # Google answers some streams with a list of one error
        return error_in(value[0]) if value and isinstance(value[0], dict) else None
    if not isinstance(value, dict):
        return None
    inner = value.get("error")
    if inner:
        return _with_signs(inner, value)
    return value if not _MARKS.isdisjoint(value) and _says_so(value) else None  # nearly every answer has none


def bare_error(value: dict[str, Any]) -> dict[str, Any] | None:
    """An error that nothing marks as one: a message with a code or type beside it, as DashScope and others write it."""
    return value if any(isinstance(value.get(name), str) for name in MESSAGES) and code_of(value) is not None else None


def error_of(value: object) -> dict[str, Any]:
    """As ``error_in``, of an answer that is known to be an error: empty where nothing tells more."""
    found = error_in(value)
    if found is not None:
        return found
    return value if isinstance(value, dict) else {}


def code_of(error: Error) -> str | None:
    """The most telling of its code, type and status, as bounded text."""
    return next(signs_of(error), None)


def signs_of(error: Error) -> Iterator[str]:
    """Everything that names its kind: codes and types, numbers as text, also those of its parts (Google's reasons)."""
    for name in SIGNS:
        if (text := _short(error.get(name))) is not None:
            yield text
    for part in ("errors", "details"):
        rows = error.get(part)
        for row in rows[:MOST_PARTS] if isinstance(rows, list) else ():
            for name in ROW_SIGNS if isinstance(row, dict) else ():
                if (text := _short(row.get(name))) is not None:
                    yield text


def gist(error: Error) -> dict[str, Any]:
    """What decides of it and nothing more, to be kept while its answer goes on."""
    metadata, source = error.get("metadata"), short_text(error.get("source"))
    named = isinstance(metadata, dict) and bool(metadata.get("provider_name"))
    kept: dict[str, Any] = {name: text for name in SIGNS if (text := short_text(error.get(name))) is not None}
    kept["details"] = [{"code": sign} for sign in signs_of(error)]
    return kept | ({"metadata": {"provider_name": True}} if named else {}) | ({"source": source} if source else {})


def status_of(sign: str) -> int | None:
    """The HTTP status that a number is or begins with (429, 42901); None for any other text."""
    if not (sign.isascii() and sign.isdigit() and len(sign) in (3, 5, 6)):
        return None
    status = int(sign[:3])
    return status if LEAST_STATUS <= status < 600 else None


def short_text(value: object) -> str | None:
    """A text or a whole number, as text of bounded length."""
    if isinstance(value, bool):
        return None
    return str(value)[:MOST_CODE] if isinstance(value, str | int) else None


def _short(value: object) -> str | None:
    text = short_text(value)
    if text is None or text.strip().lower() in EMPTY:
        return None
    return text.rpartition("#")[2]  # com.amazonaws.sagemaker#ThrottlingException


def _says_so(value: Error) -> bool:
    """The object is an error itself, not one that holds it."""
    return (
        any(value.get(name) == "error" for name in NAMED_ERROR)
        or "__type" in value
        or value.get("success") is False
        or bool(value.get("errors"))
        or any(_short(value.get(name)) for name in COUNTED)
        or any(_is_failure(value.get(name)) for name in STATUSES)
    )


def _is_failure(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and LEAST_STATUS <= value < 600


def _with_signs(inner: object, outer: Error) -> dict[str, Any]:
    """An error under ``error``, with what stands beside it."""
    beside = {name: outer[name] for name in SIGNS if name in outer}
    if isinstance(inner, dict):
        return {**beside, **{name: one for name, one in inner.items() if one is not None}}
    if isinstance(inner, str):
        named = {"code": inner} if _WORD.fullmatch(inner) else {}
        return {**named, **beside, "message": inner}
    return {**beside, "code": inner} if isinstance(inner, int) and not isinstance(inner, bool) else beside
