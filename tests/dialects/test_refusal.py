"""Who refused, from what the refusal shows."""

import pytest

from harness.dialects.refusal import refused_by
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
