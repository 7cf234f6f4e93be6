"""Waiting for a target to answer its health check."""

from __future__ import annotations

import ssl
import time

from harness.domain.target import HEALTH, Dialect, Target
from harness.errors import PilotError

READY_TIMEOUT_S = 30.0
STARTING = 500  # from here on


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


def health_paths(target: Target) -> tuple[str, ...]:
    """Where it may say that it is ready: a front end keeps one path for itself, or refuses those that it does not know."""
    if target.fields:
        return (target.fields.ready_path,)
    return HEALTH if target.dialect is Dialect.RAG_CHAT else ("/v1/models",)


def wait_ready(target: Target, base_url: str, timeout_s: float = READY_TIMEOUT_S) -> None:
    """Return on the first healthy answer; raises PilotError after the timeout."""
    import httpx  # noqa: PLC0415 - with what needs it: most commands wait for nothing

    from harness.platforms.shared.target_auth import auth_of  # noqa: PLC0415

    paths = health_paths(target)
    path = paths[0]
    up = 300 if target.dialect is Dialect.RAG_CHAT else 500  # not every server of the dialect lists its models
    deadline = time.monotonic() + timeout_s
    said = "no answer"
    verify, auth = verify_of(target), auth_of(target, base_url)
    while time.monotonic() < deadline:
        for path in paths:
            try:
                answer = httpx.get(base_url + path, auth=auth, timeout=5, trust_env=False, verify=verify)
            except httpx.HTTPError as error:
                said = f"{type(error).__name__}: {error}"
                break
            if answer.status_code < up:
                return
            said = f"HTTP {answer.status_code}"
            if answer.status_code >= STARTING:
                break  # it is there, and not ready yet
        time.sleep(0.1)
    raise PilotError(
        f"{target.name} is not ready after {timeout_s:g} s: GET {path} gave {said}",
        "pilot check names what is wrong with it",
    )
