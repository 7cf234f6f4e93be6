"""Asks a target which contract it speaks; by hand before a run, in a campaign only afterwards."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.domain.target import Dialect
from harness.errors import PilotError, Refused
from harness.load.origin import tls_context
from harness.load.signing import header_map

if TYPE_CHECKING:
    from harness.load.spec import RunSpec

TIMEOUT_S = 10


def ask(spec: RunSpec, *, strict: bool = True) -> dict[str, Any]:
    """``/v1/meta`` of the target; empty when it does not answer, which the run itself will show.

    Raises Refused when something answers that speaks another contract.
    """
    if spec.dialect != Dialect.RAG_CHAT or not spec.base_url:
        return {}
    parts = urlsplit(spec.base_url)
    connection = (
        http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=TIMEOUT_S, context=tls_context(spec.ca_file)
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    )
    try:
        headers = header_map(spec, "GET", spec.base_url.rstrip("/") + "/v1/meta")
        connection.request("GET", parts.path.rstrip("/") + "/v1/meta", headers=headers)
        answer = connection.getresponse()
        raw = answer.read(1 << 20)
    except (OSError, http.client.HTTPException, PilotError):
        return {}
    finally:
        connection.close()
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and value.get("contract") == Dialect.RAG_CHAT:
        return value
    if strict and answer.status < 500 and answer.status not in (401, 403, 429):
        said = value.get("contract") if isinstance(value, dict) else None
        raise Refused(
            f"{spec.base_url} does not say that it speaks {Dialect.RAG_CHAT.value} "
            f"(GET /v1/meta answered {answer.status}{f', contract {said!r}' if said else ''})",
            "name its dialect with --dialect, or check the URL",
        )
    return {}
