"""Who refused, from what the refusal shows."""

import pytest

from harness.domain.refusal import refused_by
from harness.domain.sample import Layer, Outcome

THROTTLED = (Outcome.THROTTLED, Layer.PLATFORM)


@pytest.mark.parametrize(
    ("outcome", "layer", "headers", "error", "who"),
    [
        (*THROTTLED, {b"x-amzn-errortype": b"TooManyRequestsException"}, {}, "runtime"),
        (*THROTTLED, {b"x-amzn-errortype": b"TooManyRequestsException", b"apigw-requestid": b"x"}, {}, "gateway"),
        (Outcome.OVERLOADED, Layer.PLATFORM, {b"server": b"awselb/2.0"}, {}, "gateway"),
        (Outcome.OVERLOADED, Layer.PLATFORM, {b"server": b"Google Frontend"}, {}, "runtime"),
        (Outcome.OVERLOADED, Layer.SERVICE, {}, {"code": "overloaded"}, "service"),
        (Outcome.UPSTREAM_THROTTLED, Layer.PROVIDER, {}, {"source": "model"}, "provider"),
        (Outcome.UPSTREAM_THROTTLED, Layer.PROVIDER, {}, {"source": "vector-store"}, "vector store"),
        (Outcome.UPSTREAM_THROTTLED, Layer.PROVIDER, {}, {}, "provider or vector store"),
        (Outcome.SERVER_ERROR, Layer.PLATFORM, {}, {}, None),
        (Outcome.OK, None, {}, {}, None),
    ],
)
def test_a_refusal_names_its_maker(outcome, layer, headers, error, who):
    assert refused_by(outcome, layer, headers, error) == who


@pytest.mark.parametrize(
    "server",
    [
        *("envoy", "istio-envoy", "cloudflare", "openresty/1.25.3", "kong/3.4.2", "nginx/1.27", "Caddy", "traefik"),
        *("APISIX/3.9", "Microsoft-Azure-Application-Gateway/v2", "CloudFront", "awselb/2.0", "AkamaiGHost", "BIG-IP"),
    ],
)
def test_a_gateway_is_known_by_the_name_it_gives_itself(server):
    assert refused_by(Outcome.OVERLOADED, Layer.PLATFORM, {b"server": server.encode()}, {}) == "gateway"


@pytest.mark.parametrize("server", ["uvicorn", "Kestrel", "bigtop", "sennginx"])
def test_what_only_looks_like_one_is_none(server):
    assert refused_by(Outcome.OVERLOADED, Layer.PLATFORM, {b"server": server.encode()}, {}) == "runtime"


@pytest.mark.parametrize("header", ["x-azure-ref", "cf-ray", "x-envoy-ratelimited", "x-kong-response-latency"])
def test_or_by_a_header_of_its_own(header):
    assert refused_by(Outcome.THROTTLED, Layer.PLATFORM, {header.encode(): b"1"}, {}) == "gateway"


def test_a_refusal_inside_a_200_is_the_services():
    """Whoever answered had let the request in."""
    assert refused_by(Outcome.THROTTLED, Layer.PLATFORM, {b"server": b"nginx"}, {}, 200) == "service"
