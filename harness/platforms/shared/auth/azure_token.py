"""A Microsoft Entra access token for one scope, by azure-identity's default chain.

Verified: real peer for the managed identity's wire format; no account has confirmed it. azure-core tries a token's
server again by itself: 408, 429, 500, 502, 503, 504 and connections that break, as Retry-After asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.domain.identities import without_identity
from harness.domain.lines import first_line
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError, Refused
from harness.platforms.shared.auth.bearer import BearerToken
from harness.platforms.shared.call_policy import POLICY, CallPolicy


class AzureToken(BearerToken):
    """``scope`` ends in ``/.default``, as ``api://CLIENT-ID/.default``."""

    def __init__(self, scope: str, now: Callable[[], float] = time.time, policy: CallPolicy = POLICY) -> None:
        super().__init__(now)
        try:
            from azure.identity import DefaultAzureCredential  # noqa: PLC0415
        except ImportError:
            raise Refused(
                'auth kind "azure-token" wants azure-identity', "pip install 'runtime-pilot[azure]'"
            ) from None
        self._credential = DefaultAzureCredential(
            connection_timeout=policy.connect_s,
            read_timeout=policy.read_s,
            retry_total=policy.tries - 1,
            retry_backoff_factor=policy.first_wait_s,
            retry_backoff_max=policy.most_wait_s,
        )
        self._scope = scope

    def _fetch(self) -> tuple[str, float]:
        try:
            found = self._credential.get_token(self._scope)
        except Exception as error:  # noqa: BLE001 - every credential of the chain raises its own
            hint = "az login, or the variables that azure-identity documents"
            raise PilotError(
                f"no token for {self._scope}: {visible(without_identity(first_line(str(error))), MOST_SHOWN) or type(error).__name__}",
                hint,
            ) from None
        return str(found.token), float(found.expires_on)
