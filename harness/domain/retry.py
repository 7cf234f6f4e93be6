"""What a client does after a failure: nothing, or what common SDKs do."""

from __future__ import annotations

from dataclasses import dataclass

from harness.domain.sample import Outcome

RETRIED = frozenset(
    {
        Outcome.THROTTLED,
        Outcome.OVERLOADED,
        Outcome.UPSTREAM_THROTTLED,
        Outcome.UPSTREAM_ERROR,
        Outcome.SERVER_ERROR,
        Outcome.CONNECTION_ERROR,
    }
)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a user request is tried and how long it waits in between; one attempt means no retries.

    The deadline covers the user request whole, back-off included. Nothing is tried
    again once an answer has begun to stream.
    """

    attempts: int = 1
    base_s: float = 0.5
    cap_s: float = 8.0

    def wait_s(self, attempt: int, outcome: Outcome, retry_after_s: float | None, jitter: float) -> float | None:
        """Seconds until the next attempt, None to give up.

        ``Retry-After`` is honoured up to the cap; else ``base * 2^(attempt - 1)``, capped,
        times 0.75 to 1 as ``jitter`` in [0, 1) says (as the OpenAI SDKs do).
        """
        if attempt >= self.attempts or outcome not in RETRIED:
            return None
        if retry_after_s is not None and retry_after_s >= 0:
            return min(retry_after_s, self.cap_s)
        return min(self.cap_s, self.base_s * 2.0 ** (attempt - 1)) * (1 - 0.25 * jitter)


NO_RETRY = RetryPolicy()
AS_A_CLIENT = RetryPolicy(attempts=3)
