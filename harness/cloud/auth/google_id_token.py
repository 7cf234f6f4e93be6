"""A Google ID token for one audience, as Cloud Run wants it: metadata server or a service account's key file.

Verified: real peer for the metadata server's wire format; no account has confirmed it.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from harness.errors import PilotError, Refused

EARLY_S = 300.0  # a token lives an hour
AGAIN_S = 30.0


class GoogleIdToken:
    """google-auth finds the credentials where its documentation says it does."""

    def __init__(self, audience: str, now: Callable[[], float] = time.time) -> None:
        try:
            from google.auth.transport import requests as transport  # noqa: PLC0415
            from google.oauth2 import id_token  # noqa: PLC0415
        except ImportError:
            raise Refused('auth kind "google-id-token" wants google-auth', "pip install 'runtime-pilot[gcp]'") from None
        self._library: Any = id_token  # untyped, as its transports are
        self._transport: Any = transport
        self._audience = audience
        self._now = now
        self._token = ""
        self._expires = 0.0

    def renew(self) -> float:
        if self._now() < self._expires - EARLY_S:
            return self._expires - EARLY_S - self._now()
        try:
            self._token = str(self._library.fetch_id_token(self._transport.Request(), self._audience))
        except Exception as error:  # noqa: BLE001 - google-auth and its transport raise their own
            hint = "set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, or run on Google Cloud"
            raise PilotError(f"no ID token for {self._audience}: {error}", hint) from None
        self._expires = expiry_of(self._token) or self._now() + EARLY_S + AGAIN_S
        return max(AGAIN_S, self._expires - EARLY_S - self._now())

    def headers(self, method: str, url: str, body: bytes, content_type: str | None) -> Mapping[str, str]:
        del method, url, body, content_type
        return {"Authorization": f"Bearer {self._token}"}


def expiry_of(token: str) -> float | None:
    """``exp`` of a JSON Web Token in Unix seconds; its signature is the receiver's to check."""
    try:
        payload = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return None
