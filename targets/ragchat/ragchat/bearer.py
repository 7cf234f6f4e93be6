"""What opens the model's door: the key of this deployment, or a token of the identity that its platform gives it."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Protocol
from urllib.parse import urlencode, urlsplit

EARLY_S = 300.0  # a token is renewed so long before it ends
INSIDE = (".internal", ".local", ".svc", ".localhost")
AZURE_SCOPE = "https://cognitiveservices.azure.com"


class Bearer(Protocol):
    """``known``: whether there is anything to give away."""

    @property
    def known(self) -> bool: ...

    async def token(self) -> str | None:
        """Raises OSError where the platform gives none."""
        ...


class Key:
    """RAG_PROVIDER_KEY, as the environment has it at that moment; None where it has none."""

    @property
    def known(self) -> bool:
        return bool(os.environ.get("RAG_PROVIDER_KEY"))

    async def token(self) -> str | None:
        return os.environ.get("RAG_PROVIDER_KEY") or None


class Identity:
    """A token of a metadata server, kept until shortly before it ends."""

    known = True

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url, self._headers = url, headers
        self._kept, self._until = "", 0.0
        self._one = asyncio.Lock()

    async def token(self) -> str:
        async with self._one:
            if time.monotonic() >= self._until:
                self._kept, lasts_s = await asyncio.to_thread(self._ask)
                self._until = time.monotonic() + max(0.0, lasts_s - EARLY_S)
            return self._kept

    def _ask(self) -> tuple[str, float]:
        """Token and the seconds that it lasts: Google says them, Azure says until when."""
        import http.client  # noqa: PLC0415 - an instance with a key never pays for it

        parts = urlsplit(self._url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=5)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}", headers=self._headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise OSError(f"the platform gave no token: {answer.status}")
            said = json.loads(body)
        finally:
            connection.close()
        lasts = float(said["expires_in"]) if "expires_in" in said else float(said["expires_on"]) - time.time()
        return str(said["access_token"]), lasts


def bearer_of(kind: str) -> Bearer:
    """``key``, ``google`` or ``azure``; raises ValueError for another, and where this is not that platform."""
    env = os.environ
    if kind == "key":
        return Key()
    if kind == "google":
        host = env.get("GCE_METADATA_HOST", "metadata.google.internal")
        path = "/computeMetadata/v1/instance/service-accounts/default/token"
        return Identity(f"http://{host}{path}?scopes=https://www.googleapis.com/auth/cloud-platform", GOOGLE)
    if kind == "azure":
        if not env.get("IDENTITY_ENDPOINT"):
            raise ValueError("RAG_PROVIDER_AUTH=azure: IDENTITY_ENDPOINT is not set, so this app has no identity")
        asked = {"resource": AZURE_SCOPE, "api-version": "2019-08-01"}
        if client := env.get("AZURE_CLIENT_ID"):
            asked["client_id"] = client
        headers = {"X-IDENTITY-HEADER": env.get("IDENTITY_HEADER", "")}
        return Identity(f"{env['IDENTITY_ENDPOINT']}?{urlencode(asked)}", headers)
    raise ValueError(f"RAG_PROVIDER_AUTH={kind}: want key, google or azure")


GOOGLE = {"Metadata-Flavor": "Google"}


def stays_inside(host: str) -> bool:
    """Whether what is sent there stays on this machine or its private network, as far as a name or an address tells."""
    import ipaddress  # noqa: PLC0415 - one with TLS never pays for it

    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(INSIDE)
