"""AWS Signature Version 4, signed by botocore with the environment's own credentials.

Verified: real peer; a server in the tests checks every signature against the
published algorithm. No account has confirmed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError
from harness.platforms.shared.aws import session
from harness.secrecy import KNOWN

LOOK_AGAIN_S = 60.0  # botocore renews what expires within 15 minutes by itself when it is asked


class AwsSigV4:
    """``service`` is what is signed for: ``lambda`` for a function URL, ``execute-api`` for API Gateway."""

    def __init__(self, region: str, service: str) -> None:
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - only a target of AWS needs it
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415

        self._region, self._service = region, service
        self._session = session()
        self._auth: Any = SigV4Auth
        self._request: Any = AWSRequest
        self._signer: Any = None

    def renew(self) -> float:
        try:
            found = self._session.get_credentials()
            frozen = found.get_frozen_credentials() if found else None
        except Exception as error:  # noqa: BLE001 - every provider of credentials raises its own
            raise PilotError(
                f"AWS credentials: {visible(without_identity(str(error)), MOST_SHOWN)}",
                "check AWS_PROFILE or the role of this machine",
            ) from None
        if frozen is None:
            raise PilotError(
                "there are no AWS credentials to sign with",
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            )
        for what in ("access_key", "secret_key", "token"):
            KNOWN.learn(f"AWS {what}", getattr(frozen, what))
        self._signer = self._auth(frozen, self._service, self._region)
        return LOOK_AGAIN_S

    def headers(self, method: str, url: str, body: bytes, content_type: str | None) -> Mapping[str, str]:
        """The payload is part of the signature, so a body that was changed on its way is refused."""
        sent = {} if content_type is None else {"Content-Type": content_type}
        request = self._request(method=method, url=url, data=body, headers=sent)
        self._signer.add_auth(request)
        names = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-SHA256")
        return {name: request.headers[name] for name in names if name in request.headers}
