"""Who refused a request, from what the refusal itself shows.

Header names as the platforms document them or as public clients handle them; of the
cloud signs none has been seen live by this project (spec only). Our own platform's
are live.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.domain.sample import REFUSALS, Layer, Outcome

GATEWAYS = (
    *(b"apigw-requestid", b"x-amz-apigw-id", b"x-amz-cf-id", b"cf-ray", b"x-azure-ref", b"x-envoy-overloaded"),
    *(
        b"x-kong-request-id",
        b"x-kong-response-latency",
        b"x-apisix-response-source",
        b"x-krakend",
        b"x-envoy-ratelimited",
    ),
)
# Words of a Server header: of istio-envoy, openresty/1.25, Microsoft-Azure-Application-Gateway/v2, BIG-IP …
# Not "Google Frontend": on Cloud Run that is the platform itself.
GATEWAY_WORDS = frozenset(
    {
        *(b"awselb", b"envoy", b"istio", b"nginx", b"openresty", b"tengine", b"cloudfront", b"cloudflare", b"kong"),
        *(b"traefik", b"caddy", b"haproxy", b"gateway", b"apisix", b"krakend", b"varnish", b"akamaighost", b"big"),
        *(b"gravitee", b"tyk", b"linkerd", b"apigee", b"apim", b"fastly", b"litespeed", b"pingora", b"gorouter"),
    }
)
VECTOR_STORE = "vector store"
SOURCES = {"model": "provider", "vector-store": VECTOR_STORE}
_WORD = re.compile(rb"[a-z]+")


def refused_by(
    outcome: Outcome, layer: str | None, headers: Mapping[bytes, bytes], error: Mapping[str, Any], status: int = 0
) -> str | None:
    """``runtime``, ``gateway``, ``service``, ``provider``, ``vector store``; None where nothing was refused."""
    if outcome not in REFUSALS:
        return None
    if layer == Layer.PROVIDER:
        return SOURCES.get(str(error.get("source")), "provider or vector store")
    if layer == Layer.SERVICE or status == 200:
        return "service"
    if any(name in headers for name in GATEWAYS):
        return "gateway"
    if not GATEWAY_WORDS.isdisjoint(_WORD.findall(headers.get(b"server", b"").lower())):
        return "gateway"
    return "runtime"
