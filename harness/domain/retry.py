"""What a client does after a failure: nothing, or what common SDKs do."""

from __future__ import annotations

from dataclasses import dataclass

from harness.domain.sample import REFUSALS, Outcome

RETRIED_STATUSES = frozenset({408, 409, 429})  # and all from 500 on, as the SDKs of OpenAI and Anthropic do
LEAST_ERROR, LEAST_SERVER_ERROR = 300, 500
# Where no status came: no connection, or a protocol without any.
WITHOUT_STATUS = REFUSALS | {Outcome.UPSTREAM_ERROR, Outcome.SERVER_ERROR, Outcome.CONNECTION_ERROR}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a user request is tried and how long it waits in between; one attempt means no retries.

    The deadline covers the user request whole, back-off included. Nothing is tried
    again once an answer has begun to stream.
    """

    attempts: int = 1
    base_s: float = 0.5
    cap_s: float = 8.0

    def wait_s(
        self,
        attempt: int,
        outcome: Outcome,
        retry_after_s: float | None,
        jitter: float,
        *,
        status: int | None = None,
        told: bool | None = None,
    ) -> float | None:
        """Seconds until the next attempt, None to give up.

        ``status`` is the answer's, None for none; ``told`` is what its ``x-should-retry`` says, which wins.
        ``Retry-After`` is honoured up to the cap; else ``base * 2^(attempt - 1)``, capped,
        times 0.75 to 1 as ``jitter`` in [0, 1) says (as the OpenAI SDKs do).
        """
        if attempt >= self.attempts or not _tried_again(outcome, status, told):
            return None
        if retry_after_s is not None and retry_after_s >= 0:
            return min(retry_after_s, self.cap_s)
        return min(self.cap_s, self.base_s * 2.0 ** (attempt - 1)) * (1 - 0.25 * jitter)


def _tried_again(outcome: Outcome, status: int | None, told: bool | None) -> bool:  # noqa: FBT001 - three-valued
    """What client libraries try again: by status; a refusal under another one (AWS's 400) as AWS's own do.

    A 200 has been taken, whatever is inside.
    """
    if status is None:
        return outcome in WITHOUT_STATUS
    if status < LEAST_ERROR:
        return False
    if told is not None:
        return told
    return status in RETRIED_STATUSES or status >= LEAST_SERVER_ERROR or outcome in REFUSALS


NO_RETRY = RetryPolicy()
AS_A_CLIENT = RetryPolicy(attempts=3)
