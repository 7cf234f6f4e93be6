"""Which side of a router answers a request: its rules, without processes or clocks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from harness.platforms.local_router.config import LocalRouter, Side

PRIMARY: Side = "primary"
SECONDARY: Side = "secondary"


@dataclass(frozen=True)
class Request:
    """What the rules look at; None where the request does not say."""

    body: bytes
    tenant: str | None = None
    request_id: str | None = None


def side_of(rules: LocalRouter, request: Request, in_flight: int, share: float) -> Side:
    """``in_flight``: requests that the primary has in hand; ``share``: of the keys, those that the canary's side gets now."""
    if rules.tenants is not None and request.tenant is not None:
        if request.tenant in rules.tenants.primary:
            return PRIMARY
        if request.tenant in rules.tenants.secondary:
            return SECONDARY
    if rules.length is not None and characters_of(request.body) > rules.length.over_characters:
        return rules.length.side
    if rules.canary is not None and place_of(key_of(rules.canary.key, request)) < share:
        return SECONDARY
    if rules.overflow is not None and in_flight >= rules.overflow.in_flight:
        return SECONDARY
    return PRIMARY


def other(side: Side) -> Side:
    """The one that a refusal by this one is asked of."""
    return PRIMARY if side == SECONDARY else SECONDARY


def key_of(kind: str, request: Request) -> bytes:
    """Of the request's tenant or id; a request that has none is its own key."""
    said = request.tenant if kind == "tenant" else request.request_id
    return said.encode() if said else request.body


def place_of(key: bytes) -> float:
    """Where a key lies between 0 and 1, the same in every process: a key within a share is within each larger one."""
    return int.from_bytes(blake2b(key, digest_size=7).digest()) / (1 << 56)


def characters_of(body: bytes) -> int:
    """Of the question: the last of ``messages``, else the longest text of the body; of what is not JSON, of all of it."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return len(body.decode("utf-8", "replace"))
    messages = data.get("messages") if isinstance(data, dict) else None
    last = messages[-1] if isinstance(messages, list) and messages else None
    asked = last.get("content") if isinstance(last, dict) else data
    return max(map(len, _texts(asked)), default=0)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a body holds
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
