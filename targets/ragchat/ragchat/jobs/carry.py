"""One message carried from the queue to its end: claimed, worked on, made visible or told as failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from ragchat.instance import CURRENT
from ragchat.jobs.contract import JobError, Status
from ragchat.jobs.limits import Attempt, Cancelled, Limits
from ragchat.jobs.queues import Held, Message
from ragchat.jobs.settings import JobSettings
from ragchat.jobs.store import Busy, Claim, Effect, LeaseLost, Stale, Store

log = logging.getLogger("ragchat.jobs")
Work = Callable[[dict[str, Any], Attempt], Effect]


class Carrier:
    """Knows the kinds of work; one a process, one message at a time."""

    def __init__(self, store: Store, held: Held, settings: JobSettings, work: Mapping[str, Work]) -> None:
        self._store, self._held, self._settings, self._work = store, held, settings, work

    def carry(self, message: Message, platform_deadline: float | None = None) -> bool:
        """Whether the message has been taken care of and can be deleted; else it will be seen again."""
        claim = self._store.claim(message.job_id, CURRENT.id, self._settings.visibility_s)
        if isinstance(claim, Stale):
            return True
        if isinstance(claim, Busy):
            self._held.delay(message.receipt, claim.seconds)
            return False
        try:
            status = self._attempt(claim, message, platform_deadline)
        except LeaseLost:
            log.warning("%s was taken over by another worker: nothing of this attempt is kept", claim.id)
            return False
        if status is Status.QUEUED:
            self._held.delay(message.receipt, self._settings.backoff_after(claim.attempts))
        return status is not Status.QUEUED

    def _attempt(self, claim: Claim, message: Message, platform_deadline: float | None) -> Status:
        limits = Limits.of(self._settings, platform_deadline)
        try:
            with Attempt(self._store, claim, (self._held, message), self._settings, limits) as attempt:
                effect = self._work[claim.kind](claim.input, attempt)
                return self._store.publish(claim, effect)
        except LeaseLost:
            raise
        except JobError as error:
            return self._store.fail(claim, error)
        except Cancelled:
            return self._store.fail(claim, JobError("cancelled", "cancelled", again=False))
        except MemoryError:
            return self._store.fail(claim, JobError("memory_limit", "the attempt got no more memory", again=True))
        except Exception as error:
            log.exception("%s failed", claim.id)
            words = f"the work failed ({type(error).__name__})"  # its text stays in the log: it may quote the input
            return self._store.fail(claim, JobError("internal", words, again=True))
