"""A Google access token by Application Default Credentials, for the APIs of the cloud itself.

Verified: spec only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC
from typing import Any

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError, Refused
from harness.platforms.shared.auth.bearer import AGAIN_S, EARLY_S, BearerToken

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class GoogleAccess(BearerToken):
    """google-auth finds the credentials where its documentation says it does."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        try:
            import google.auth  # noqa: PLC0415
            from google.auth.transport import requests as transport  # noqa: PLC0415
        except ImportError:
            raise Refused("Google Cloud's APIs want google-auth", "pip install 'runtime-pilot[gcp]'") from None
        self._library: Any = google.auth
        self._transport: Any = transport

    def _fetch(self) -> tuple[str, float]:
        try:
            credentials, _ = self._library.default(scopes=[SCOPE])
            credentials.refresh(self._transport.Request())
        except Exception as error:  # noqa: BLE001 - google-auth and its transport raise their own
            hint = "gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS"
            raise PilotError(
                f"no Google credentials: {visible(without_identity(str(error)), MOST_SHOWN)}", hint
            ) from None
        ends = credentials.expiry.replace(tzinfo=UTC).timestamp() if credentials.expiry else 0.0
        return str(credentials.token), ends or self._now() + EARLY_S + AGAIN_S
