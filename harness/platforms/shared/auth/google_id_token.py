"""A Google ID token for one audience, as Cloud Run wants it: metadata server or a service account's key file.

Verified: real peer for the metadata server's wire format; no account has confirmed it.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable
from typing import Any

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError, Refused
from harness.platforms.shared.auth.bearer import AGAIN_S, EARLY_S, BearerToken


class GoogleIdToken(BearerToken):
    """google-auth finds the credentials where its documentation says it does."""

    def __init__(self, audience: str, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        try:
            from google.auth.transport import requests as transport  # noqa: PLC0415
            from google.oauth2 import id_token  # noqa: PLC0415
        except ImportError:
            raise Refused('auth kind "google-id-token" wants google-auth', "pip install 'runtime-pilot[gcp]'") from None
        self._library: Any = id_token  # untyped, as its transports are
        self._transport: Any = transport
        self._audience = audience

    def _fetch(self) -> tuple[str, float]:
        try:
            token = str(self._library.fetch_id_token(self._transport.Request(), self._audience))
        except Exception as error:  # noqa: BLE001 - google-auth and its transport raise their own
            hint = "set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, or run on Google Cloud"
            raise PilotError(
                f"no ID token for {self._audience}: {visible(without_identity(str(error)), MOST_SHOWN)}", hint
            ) from None
        return token, expiry_of(token) or self._now() + EARLY_S + AGAIN_S


def expiry_of(token: str) -> float | None:
    """``exp`` of a JSON Web Token in Unix seconds; its signature is the receiver's to check."""
    try:
        payload = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return None
