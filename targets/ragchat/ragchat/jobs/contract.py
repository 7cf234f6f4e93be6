"""The contract ``rag-jobs/1``: what a submission may hold, in which states a job is, and why one fails."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from ragchat.contract import MAX_CONTENT_CHARS, MAX_TOKENS, MAX_TOP_K, ContractError

CONTRACT = "rag-jobs/1"
MAX_BODY_BYTES = 4 << 20
MAX_DOCUMENTS, MAX_REINDEXED, MAX_QUESTIONS, MAX_URL, MAX_KEY = 10_000, 100_000, 1000, 2000, 200
_COLLECTION = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Status(StrEnum):
    """Of a job; FAILED is the job's own fault, DEAD was tried as often as allowed."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DEAD = "dead"


ENDED = (Status.DONE, Status.FAILED, Status.CANCELLED, Status.DEAD)


class JobError(Exception):
    """An attempt has failed; ``again`` says whether another one may help."""

    def __init__(self, code: str, message: str, *, again: bool) -> None:
        super().__init__(message)
        self.code, self.message, self.again = code, message, again


@dataclass(frozen=True)
class Submission:
    """One validated submission; ``input`` is as its kind wants it, with defaults filled in."""

    kind: str
    input: dict[str, Any]
    callback_url: str | None


def parse(body: bytes, hosts: tuple[str, ...]) -> Submission:
    """Validate a submission; raises ContractError 400 or 422, the message naming the field."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise ContractError(400, "invalid_json", "the body is not valid JSON") from None
    table = _table(data, "body", ("kind", "input", "callback_url"))
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in _INPUTS:
        raise _invalid("kind", f"must be one of {', '.join(_INPUTS)}")
    given, url = table.get("input"), table.get("callback_url")
    return Submission(kind, _INPUTS[kind](given, hosts), _url(url, "callback_url", hosts))


def _ingest(given: object, _: tuple[str, ...]) -> dict[str, Any]:
    data = _table(given, "input", ("collection", "documents", "reindex"))
    collection = data.get("collection", "default")
    if not isinstance(collection, str) or not _COLLECTION.fullmatch(collection):
        raise _invalid("input.collection", "must be 1 to 64 letters, digits, dots, dashes or underscores")
    if ("documents" in data) == ("reindex" in data):
        raise _invalid("input", "must hold either documents or reindex")
    if "reindex" in data:
        part = _table(data["reindex"], "input.reindex", ("first", "count"))
        first = _whole(part.get("first"), "input.reindex.first", 0, 1 << 40)
        count = _whole(part.get("count"), "input.reindex.count", 1, MAX_REINDEXED)
        return {"collection": collection, "reindex": {"first": first, "count": count}}
    documents = _rows(data["documents"], "input.documents", MAX_DOCUMENTS)
    return {"collection": collection, "documents": [_document(d, f"input.documents[{k}]") for k, d in documents]}


def _document(given: object, where: str) -> dict[str, str]:
    data = _table(given, where, ("id", "title", "text"))
    name = _text(data.get("id"), f"{where}.id", 1, MAX_KEY)
    title = _text(data.get("title", name), f"{where}.title", 0, MAX_KEY)
    return {"id": name, "title": title, "text": _text(data.get("text"), f"{where}.text", 0, MAX_BODY_BYTES)}


def _evaluate(given: object, _: tuple[str, ...]) -> dict[str, Any]:
    data = _table(given, "input", ("questions", "top_k", "max_tokens"))
    questions = _rows(data.get("questions"), "input.questions", MAX_QUESTIONS)
    return {
        "questions": [_question(q, k, f"input.questions[{k}]") for k, q in questions],
        "top_k": _whole(data.get("top_k", 6), "input.top_k", 0, MAX_TOP_K),
        "max_tokens": _whole(data.get("max_tokens", 256), "input.max_tokens", 1, MAX_TOKENS),
    }


def _question(given: object, number: int, where: str) -> dict[str, Any]:
    data = _table(given, where, ("id", "question", "must", "must_not", "cites"))
    out: dict[str, Any] = {
        "id": _text(data.get("id", str(number)), f"{where}.id", 1, MAX_KEY),
        "question": _text(data.get("question"), f"{where}.question", 1, MAX_CONTENT_CHARS),
    }
    for name in ("must", "must_not", "cites"):
        said = data.get(name, [])
        if not isinstance(said, list) or not all(isinstance(part, str) for part in said):
            raise _invalid(f"{where}.{name}", "must be an array of strings")
        out[name] = said
    return out


def _webhook(given: object, hosts: tuple[str, ...]) -> dict[str, Any]:
    data = _table(given, "input", ("payload", "signature", "forward_url"))
    return {
        "payload": _text(data.get("payload"), "input.payload", 0, MAX_BODY_BYTES),
        "signature": _text(data.get("signature"), "input.signature", 1, MAX_KEY),
        "forward_url": _url(data.get("forward_url"), "input.forward_url", hosts),
    }


_INPUTS = {"ingest": _ingest, "evaluate": _evaluate, "webhook": _webhook}


def key_of(given: str | None) -> str | None:
    """The idempotency key as given; raises ContractError 422 for one that is none."""
    if given is None:
        return None
    if not given or len(given) > MAX_KEY or not given.isprintable():
        raise _invalid("Idempotency-Key", f"must be 1 to {MAX_KEY} printable characters")
    return given


def _url(value: object, where: str, hosts: tuple[str, ...]) -> str | None:
    """Only hosts that the deployment allows: the service must not be a way into its own network."""
    if value is None:
        return None
    text = _text(value, where, 1, MAX_URL)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _invalid(where, "is not a URL") from None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or not text.isprintable():
        raise _invalid(where, "must be an http or https URL without a user name")
    if host not in hosts:
        raise _invalid(where, f"{host[:80]} is not a host of RAG_JOBS_CALLBACK_HOSTS")
    return text


def _table(value: object, where: str, fields: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(where, "must be an object")
    if unknown := [name for name in value if name not in fields]:
        raise _invalid(where, f"{str(unknown[0])[:80]} is not a field of this contract")
    return value


def _rows(value: object, where: str, most: int) -> enumerate[Any]:
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise _invalid(where, f"must be an array of 1 to {most}")
    return enumerate(value)


def _text(value: object, where: str, low: int, high: int) -> str:
    if not isinstance(value, str) or not low <= len(value) <= high:
        raise _invalid(where, f"must be a string of {low} to {high} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _invalid(where, "holds half a surrogate pair") from None
    return value


def _whole(value: object, where: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _invalid(where, f"must be a whole number from {low} to {high}")
    return value


def _invalid(where: str, message: str) -> ContractError:
    return ContractError(422, "invalid_request", f"{where}: {message}")
