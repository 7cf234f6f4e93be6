"""Google's tokens: an ID token for one audience, as Cloud Run wants it, and an access token for the cloud's own APIs.

google-auth finds the credentials where its documentation says it does, and tries a token's server three times where that
says that it may be tried. Verified: real peer for the metadata server's wire format; no account has confirmed it.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from functools import partial
from typing import Any

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError, Refused
from harness.platforms.shared.auth.bearer import AGAIN_S, EARLY_S, BearerToken
from harness.platforms.shared.call_policy import POLICY, CallPolicy

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
QUOTA = "x-goog-user-project"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"


class _GoogleToken(BearerToken):
    """``what`` wants it, and gets its token by ``_asked``."""

    def __init__(self, what: str, token: str, hint: str, now: Callable[[], float], policy: CallPolicy) -> None:
        super().__init__(now)
        try:
            from google.auth.transport import requests as transport  # noqa: PLC0415 - only a target of Google's needs it
        except ImportError:
            raise Refused(f"{what} google-auth", "pip install 'runtime-pilot[gcp]'") from None
        sender: Any = transport  # untyped, as all of it
        self._request: Any = partial(sender.Request(), timeout=policy.read_s)
        self._token_name, self._hint = token, hint

    def _asked(self) -> tuple[str, float | None]:
        """The token and when it ends, None where that is not said."""
        raise NotImplementedError

    def _fetch(self) -> tuple[str, float]:
        try:
            token, ends = self._asked()
        except Exception as error:  # noqa: BLE001 - google-auth and its transport raise their own
            words = visible(without_identity(str(error)), MOST_SHOWN)
            raise PilotError(f"no {self._token_name}: {words}", self._hint) from None
        return token, ends or self._now() + EARLY_S + AGAIN_S


class GoogleAccess(_GoogleToken):
    """By Application Default Credentials."""

    def __init__(
        self,
        now: Callable[[], float] = time.time,
        policy: CallPolicy = POLICY,
        scopes: Sequence[str] = (SCOPE,),
    ) -> None:
        hint = "gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS"
        super().__init__("Google Cloud's APIs want", "Google credentials", hint, now, policy)
        self._scopes, self._quota = list(scopes), ""

    def headers(self, method: str, url: str, body: bytes, content_type: str | None) -> Mapping[str, str]:
        """With the project whose quota the credentials name: a person's login is refused without by many APIs."""
        named = {QUOTA: self._quota} if self._quota else {}
        return {**super().headers(method, url, body, content_type), **named}

    def _asked(self) -> tuple[str, float | None]:
        import google.auth  # noqa: PLC0415

        library: Any = google.auth
        credentials, _ = library.default(scopes=self._scopes, request=self._request)
        credentials.refresh(self._request)
        self._quota = str(getattr(credentials, "quota_project_id", None) or "")
        ends = credentials.expiry.replace(tzinfo=UTC).timestamp() if credentials.expiry else None
        return str(credentials.token), ends


class GoogleIdToken(_GoogleToken):
    """By the metadata server or a service account's key file; a person's login only as an account that it may impersonate."""

    def __init__(
        self,
        audience: str,
        impersonate: str | None = None,
        now: Callable[[], float] = time.time,
        policy: CallPolicy = POLICY,
    ) -> None:
        hint = (
            f"gcloud auth application-default login, and roles/iam.serviceAccountOpenIdTokenCreator on {impersonate}"
            if impersonate
            else "set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, run on Google Cloud, or name an account "
            "to impersonate in [auth]: a person's login has no such token"
        )
        super().__init__('auth kind "google-id-token" wants', f"ID token for {audience}", hint, now, policy)
        self._audience, self._impersonate = audience, impersonate

    def _asked(self) -> tuple[str, float | None]:
        token = self._of_another(self._impersonate) if self._impersonate else self._own()
        return token, expiry_of(token)

    def _own(self) -> str:
        from google.oauth2 import id_token  # noqa: PLC0415

        library: Any = id_token
        return str(library.fetch_id_token(self._request, self._audience))

    def _of_another(self, account: str) -> str:
        """Of a service account, which IAM Credentials hands to who may."""
        import google.auth  # noqa: PLC0415
        from google.auth import impersonated_credentials  # noqa: PLC0415

        finder: Any = google.auth
        library: Any = impersonated_credentials
        source, _ = finder.default(scopes=[SCOPE], request=self._request)
        target = library.Credentials(source, account, [SCOPE])
        made = library.IDTokenCredentials(target, target_audience=self._audience, include_email=True)
        made.refresh(self._request)
        return str(made.token)


def expiry_of(token: str) -> float | None:
    """``exp`` of a JSON Web Token in Unix seconds; its signature is the receiver's to check."""
    try:
        payload = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return None
