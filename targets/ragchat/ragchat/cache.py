"""Caches with a time to live, apart for each tenant; off unless a deployment switches them on."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
KINDS = ("answer", "retrieval", "embedding")
MOST = 4096


class TtlCache(Generic[T]):
    """The newest ``most`` values, each for ``ttl_s``; one tenant never sees another's."""

    def __init__(self, ttl_s: float, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl_s, self._most, self._clock = ttl_s, most, clock
        self._kept: OrderedDict[tuple[str, str], tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tenant: str, key: str) -> T | None:
        with self._lock:
            found = self._kept.get((tenant, key))
            if found is None:
                return None
            if self._clock() >= found[0]:
                del self._kept[tenant, key]
                return None
            return found[1]

    def put(self, tenant: str, key: str, value: T) -> None:
        with self._lock:
            self._kept[tenant, key] = (self._clock() + self._ttl_s, value)
            self._kept.move_to_end((tenant, key))
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def kinds_of(text: str) -> tuple[str, ...]:
    """``answer,retrieval`` as a tuple; raises ValueError for a kind that is none."""
    said = tuple(part.strip() for part in text.split(",") if part.strip())
    if unknown := [kind for kind in said if kind not in KINDS]:
        raise ValueError(f"RAG_CACHE={text}: {unknown[0]} is none of {', '.join(KINDS)}")
    return said
