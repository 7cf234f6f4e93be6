"""Waiting for a target to answer its health check."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Generator

import httpx

from harness.domain.target import Dialect, Target
from harness.errors import PilotError, Refused
from harness.platforms.shared.auth import authoriser_of

READY_TIMEOUT_S = 30.0


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


def verify_of(target: Target) -> ssl.SSLContext | bool:
    """Whose certificates count: the system's authorities, or the file's; raises PilotError when it cannot be read."""
    if target.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=target.ca_file)
    except OSError as error:
        raise PilotError(
            f"{target.name}: tls.ca_file {target.ca_file}: {error.strerror or error}",
            "tls.ca_file is a path beside target.toml",
        ) from None


def wait_ready(target: Target, base_url: str, timeout_s: float = READY_TIMEOUT_S) -> None:
    """Return on the first healthy answer; raises PilotError after the timeout."""
    path = "/healthz" if target.dialect is Dialect.RAG_CHAT else "/v1/models"
    path = target.fields.ready_path if target.fields else path
    up = 300 if target.dialect is Dialect.RAG_CHAT else 500  # not every server of the dialect lists its models
    deadline = time.monotonic() + timeout_s
    said = "no answer"
    verify, auth = verify_of(target), auth_of(target, base_url)
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(base_url + path, auth=auth, timeout=5, trust_env=False, verify=verify)
            if answer.status_code < up:
                return
            said = f"HTTP {answer.status_code}"
        except httpx.HTTPError as error:
            said = f"{type(error).__name__}: {error}"
        time.sleep(0.1)
    raise PilotError(
        f"{target.name} is not ready after {timeout_s:g} s: GET {path} gave {said}",
        "pilot check names what is wrong with it",
    )
