"""How often one call of a platform's API is tried, how long is waited in between, and how long it may take.

The figures stand here alone; each SDK is told them where its clients are made: boto3 in ``aws``, httpx in
``http_client``, google-auth and azure-identity in ``auth``. Kubernetes is asked over httpx.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CallPolicy:
    """``call_s`` is for all tries and waits together; an SDK that cannot be told it is held by the other four."""

    tries: int = 5
    first_wait_s: float = 1.0  # and twice as long after each further try
    most_wait_s: float = 30.0  # also of what an answer's Retry-After asks for
    connect_s: float = 10.0
    read_s: float = 60.0  # until the next byte
    call_s: float = 120.0

    def wait_s(self, tried: int, asked_s: float | None = None) -> float:
        """After so many tries; ``asked_s`` is what the answer asks for."""
        return min(self.most_wait_s, self.first_wait_s * 2 ** (tried - 1) if asked_s is None else asked_s)


POLICY = CallPolicy()
