"""Credentials that are made rather than kept: renewed off the hot path, applied from memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from harness.domain.target import Auth


class Authoriser(Protocol):
    """One way to authorise requests to one origin."""

    def renew(self) -> float:
        """Make the credentials current, over the network if need be; seconds until the next call is due.

        Raises PilotError when there are none.
        """
        ...

    def headers(self, method: str, url: str, body: bytes, content_type: str | None) -> Mapping[str, str]:
        """What the request needs, from memory alone; ``url`` is the whole one and everything as it will be sent."""
        ...


def authoriser_of(auth: Auth, base_url: str) -> Authoriser:
    """The authoriser of one target; raises Refused where its library is not installed."""
    match auth.kind:
        case "aws-sigv4":
            from harness.platforms.shared.auth.aws_sigv4 import AwsSigV4  # noqa: PLC0415 - each brings an SDK of its own

            return AwsSigV4(auth.options["region"], auth.options["service"])
        case "google-id-token":
            from harness.platforms.shared.auth.google import GoogleIdToken  # noqa: PLC0415

            return GoogleIdToken(auth.options.get("audience") or _origin(base_url), auth.options.get("impersonate"))
        case _:
            from harness.platforms.shared.auth.azure_token import AzureToken  # noqa: PLC0415

            return AzureToken(auth.options["scope"])


def _origin(base_url: str) -> str:
    """Cloud Run's audience is the service's URL without a path."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"
