"""Waiting for a target to answer its health check."""

from __future__ import annotations

import os
import time

import httpx

from harness.domain.target import Dialect, Target
from harness.errors import PilotError

READY_TIMEOUT_S = 30.0


def headers_of(target: Target) -> dict[str, str]:
    """Authorisation from this process's environment; never written down."""
    return {name: os.environ.get(variable, "") for name, variable in target.headers_from_env.items()}


def wait_ready(target: Target, base_url: str, timeout_s: float = READY_TIMEOUT_S) -> None:
    """Return on the first healthy answer; raises PilotError after the timeout."""
    path = "/healthz" if target.dialect is Dialect.RAG_CHAT else "/v1/models"
    deadline = time.monotonic() + timeout_s
    said = "no answer"
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(base_url + path, headers=headers_of(target), timeout=5, trust_env=False)
            if answer.status_code < 300:
                return
            said = f"HTTP {answer.status_code}"
        except httpx.HTTPError as error:
            said = f"{type(error).__name__}: {error}"
        time.sleep(0.1)
    raise PilotError(f"{target.name} is not ready after {timeout_s:g} s: GET {path} gave {said}")
