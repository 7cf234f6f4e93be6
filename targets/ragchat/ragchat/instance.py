"""Who this process is: the identity that makes cold starts visible from outside."""

from __future__ import annotations

import os
import resource
import sys
import time
import uuid

ORDINAL = "ragchat.ordinal"  # of a counted request, in its scope: by the time its head is written others may have come
_BORN = time.monotonic()


class Instance:
    """Identity, age and request count of one process; made anew after a fork or a restore."""

    def __init__(self, born: float | None = None) -> None:
        self.id = str(uuid.uuid4())
        self.born = time.monotonic() if born is None else born
        self.requests = 0
        self.init_ms: float | None = None

    def ready(self) -> None:
        """Note once how long birth to readiness took."""
        if self.init_ms is None:
            self.init_ms = self.age_ms

    @property
    def age_ms(self) -> float:
        return (time.monotonic() - self.born) * 1000

    def count(self) -> int:
        """Ordinal of the chat request that arrives now; 1 is the first."""
        self.requests += 1
        return self.requests

    def headers(self, ordinal: int | None = None) -> list[tuple[bytes, bytes]]:
        """The contract's instance headers, age as of now; ``ordinal`` of the request that is answered, if it was counted."""
        return [
            (b"x-instance-id", self.id.encode()),
            (b"x-instance-requests", b"%d" % (self.requests if ordinal is None else ordinal)),
            (b"x-instance-age-ms", b"%.1f" % self.age_ms),
            (b"x-instance-memory-mb", b"%.1f" % memory_mb()),
            (b"x-init-type", init_type().encode()),
        ]


def memory_mb() -> float:
    """High-water of this process's resident memory, in 10^6 bytes; getrusage tells KB on Linux, bytes on macOS."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def init_type() -> str:
    """How this process came to be, in the contract's words."""
    declared = os.environ.get("RAG_INIT_TYPE")
    if declared:
        return declared
    aws = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE")
    if aws:
        return {"provisioned-concurrency": "provisioned"}.get(aws, aws)
    return "unknown"


CURRENT = Instance(_BORN)


def _reborn() -> None:
    CURRENT.__init__()  # type: ignore[misc]  # a fork is a birth: same object, new identity


os.register_at_fork(after_in_child=_reborn)
