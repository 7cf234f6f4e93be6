"""A Microsoft Entra access token for one scope, by azure-identity's default chain.

Verified: real peer for the managed identity's wire format; no account has confirmed it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from harness.errors import PilotError, Refused

EARLY_S = 300.0
AGAIN_S = 30.0


class AzureToken:
    """``scope`` ends in ``/.default``, as ``api://CLIENT-ID/.default``."""

    def __init__(self, scope: str, now: Callable[[], float] = time.time) -> None:
        try:
            from azure.identity import DefaultAzureCredential  # noqa: PLC0415
        except ImportError:
            raise Refused(
                'auth kind "azure-token" wants azure-identity', "pip install 'runtime-pilot[azure]'"
            ) from None
        self._credential = DefaultAzureCredential()
        self._scope = scope
        self._now = now
        self._token = ""
        self._expires = 0.0

    def renew(self) -> float:
        if self._now() < self._expires - EARLY_S:
            return self._expires - EARLY_S - self._now()
        try:
            found = self._credential.get_token(self._scope)
        except Exception as error:  # noqa: BLE001 - every credential of the chain raises its own
            said = str(error).strip().splitlines()
            hint = "az login, or the variables that azure-identity documents"
            raise PilotError(f"no token for {self._scope}: {said[0] if said else type(error).__name__}", hint) from None
        self._token, self._expires = str(found.token), float(found.expires_on)
        return max(AGAIN_S, self._expires - EARLY_S - self._now())

    def headers(self, method: str, url: str, body: bytes, content_type: str | None) -> Mapping[str, str]:
        del method, url, body, content_type
        return {"Authorization": f"Bearer {self._token}"}
