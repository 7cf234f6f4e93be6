"""Where an invocation goes: the placement rule of a function platform, without processes or clocks.

After AWS Lambda: one invocation per environment; a free warm environment is
reused, most recently used first, so that idle ones can die; otherwise a new one
is created if the concurrency limit and the scaling tokens allow; otherwise the
call is refused at once, never queued.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

E = TypeVar("E")


class Refusal(StrEnum):
    """Why there was no place, in Lambda's words."""

    CONCURRENCY = "ReservedFunctionConcurrentInvocationLimitExceeded"
    SCALING = "ConcurrentInvocationLimitExceeded"


@dataclass(frozen=True)
class Rules:
    """Limits of one function."""

    concurrency: int
    scaling_tokens: float
    scaling_per_s: float


class Placement(Generic[E]):
    """Free environments as a stack, a count of all, and the scaling token bucket."""

    def __init__(self, rules: Rules, now_s: float) -> None:
        self._rules = rules
        self._free: list[E] = []
        self._tokens = rules.scaling_tokens
        self._at = now_s
        self.count = 0

    @property
    def free(self) -> tuple[E, ...]:
        """Least recently used first."""
        return tuple(self._free)

    def place(self, now_s: float) -> E | Refusal | None:
        """A warm environment, a refusal, or None: the caller creates one, which is counted from now."""
        self._tokens = min(self._rules.scaling_tokens, self._tokens + (now_s - self._at) * self._rules.scaling_per_s)
        self._at = now_s
        if self._free:
            return self._free.pop()
        if self.count >= self._rules.concurrency:
            return Refusal.CONCURRENCY
        if self._tokens < 1:
            return Refusal.SCALING
        self._tokens -= 1
        self.count += 1
        return None

    def adopt(self) -> bool:
        """Count one environment made ahead of any call, without a scaling token; False at the limit."""
        if self.count >= self._rules.concurrency:
            return False
        self.count += 1
        return True

    def release(self, environment: E) -> None:
        self._free.append(environment)

    def drop(self, environment: E) -> None:
        """The environment is gone, free or not."""
        if environment in self._free:
            self._free.remove(environment)
        self.count -= 1
