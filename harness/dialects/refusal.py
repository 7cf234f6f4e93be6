"""Who refused a request, from what the refusal itself shows.

Header names as the platforms document them or as public clients handle them; of the
cloud signs none has been seen live by this project (spec only). Our own platform's
are live.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.sample import REFUSALS, Layer, Outcome

GATEWAYS = (b"apigw-requestid", b"x-amz-apigw-id", b"x-kong-request-id", b"x-envoy-overloaded")
GATEWAY_SERVERS = (b"awselb", b"envoy", b"nginx", b"cloudfront")
SOURCES = {"model": "provider", "vector-store": "vector store"}


def refused_by(
    outcome: Outcome, layer: str | None, headers: Mapping[bytes, bytes], error: Mapping[str, Any]
) -> str | None:
    """``runtime``, ``gateway``, ``service``, ``provider``, ``vector store``; None where nothing was refused."""
    if outcome not in REFUSALS:
        return None
    if layer == Layer.PROVIDER:
        return SOURCES.get(str(error.get("source")), "provider or vector store")
    if layer == Layer.SERVICE:
        return "service"
    if any(name in headers for name in GATEWAYS):
        return "gateway"
    server = headers.get(b"server", b"").lower()
    if any(server.startswith(name) for name in GATEWAY_SERVERS):
        return "gateway"
    return "runtime"
