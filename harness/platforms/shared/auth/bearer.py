"""What bearer tokens share: kept until five minutes before they end, then fetched anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from harness.secrecy import KNOWN

EARLY_S = 300.0  # tokens live about an hour
AGAIN_S = 30.0


class BearerToken:
    """Subclasses fetch; ``now`` is the wall clock, for tokens end by it."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._token = ""
        self._expires = 0.0

    def _fetch(self) -> tuple[str, float]:
        """A token, and when it ends in Unix seconds; raises PilotError."""
        raise NotImplementedError

    def renew(self) -> float:
        """Seconds until the next call is due; raises PilotError where no token is to be had."""
        if self._now() >= self._expires - EARLY_S:
            self._token, self._expires = self._fetch()
            KNOWN.learn("of the cloud", self._token)
        return max(AGAIN_S, self._expires - EARLY_S - self._now())

    def headers(self, method: str, url: str, body: bytes, content_type: str | None) -> Mapping[str, str]:
        """The same for every request."""
        del method, url, body, content_type
        return {"Authorization": f"Bearer {self._token}"}
