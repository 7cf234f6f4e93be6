"""What single requests outside a run are authorised by."""

from __future__ import annotations

import os
from collections.abc import Generator

import httpx

from harness.domain.target import Target
from harness.errors import Refused
from harness.platforms.shared.auth import authoriser_of


class TargetAuth(httpx.Auth):
    """Authorisation from this process's environment; never written down. Raises PilotError where it has none."""

    requires_request_body = True

    def __init__(self, target: Target, base_url: str) -> None:
        self._target = target
        self._authoriser = authoriser_of(target.auth, base_url) if target.auth else None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        missing = [variable for variable in self._target.headers_from_env.values() if not os.environ.get(variable)]
        if missing:
            raise Refused(
                f"{self._target.name}: environment variable {', '.join(missing)} is not set",
                "export it where pilot and its workers run",
            )
        request.headers.update(self._target.headers)
        request.headers.update({n: os.environ[v] for n, v in self._target.headers_from_env.items()})
        if self._authoriser is not None:
            self._authoriser.renew()
            kind = request.headers.get("content-type")
            request.headers.update(self._authoriser.headers(request.method, str(request.url), request.content, kind))
        yield request


def auth_of(target: Target, base_url: str) -> httpx.Auth | None:
    """What single requests outside a run are authorised by; a target's plain headers go with it."""
    return TargetAuth(target, base_url) if target.auth or target.headers_from_env or target.headers else None
