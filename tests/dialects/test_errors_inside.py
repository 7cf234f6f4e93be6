"""An error inside a 200 is never a success, in whatever form; its code, type or number decides what it is."""

import orjson
import pytest

from harness.dialects import outcomes
from harness.dialects.errors import code_of, error_in
from harness.domain.field_map import FieldMap, Places, StreamMap
from tests.dialects.answers import DONE, JSON, delta, events, message, read

HALF = delta(content="The answer is")
LIMITED = {"error": {"message": "Rate limit exceeded", "type": "rate_limit_error", "code": 429}}


@pytest.mark.parametrize(
    ("said", "outcome", "code"),
    [
        (LIMITED, "throttled", "429"),
        ({"error": {"message": "slow down", "code": "429", "type": "None"}}, "throttled", "429"),
        ({"error": {"code": None, "type": "rate_limit_error"}}, "throttled", "rate_limit_error"),
        (
            {"object": "error", "message": "out of memory", "type": "InternalServerError", "code": 500},
            "server_error",
            "500",
        ),
        ({"error": "Model is overloaded", "error_type": "overloaded"}, "overloaded", "overloaded"),
        ({"error": "the model crashed"}, "server_error", None),
        ({"error": "rate_limit_exceeded"}, "throttled", "rate_limit_exceeded"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}, "overloaded", "overloaded_error"),
        ({"error": {"code": 503, "status": "UNAVAILABLE"}}, "overloaded", "503"),
        ({"error": {"code": 529}}, "overloaded", "529"),
        ({"error": {"code": 401, "message": "bad key"}}, "unauthorized", "401"),
        ({"error": {"code": 400, "type": "invalid_request_error"}}, "rejected", "400"),
        ({"error": {"code": 500, "type": "rate_limit_error"}}, "throttled", "500"),
        ({"error": {"code": "upstream_throttled"}}, "upstream_throttled", "upstream_throttled"),
        ({"error": {"code": 429, "metadata": {"provider_name": "x"}}}, "upstream_throttled", "429"),
        ({"error": {"code": 502, "metadata": {"provider_name": "x"}}}, "upstream_error", "502"),
        ({"__type": "com.amazonaws.x#ThrottlingException", "message": "x"}, "throttled", "ThrottlingException"),
        ({"statusCode": 429, "message": "Rate limit is exceeded"}, "throttled", "429"),
        ({"error": True, "status": 504}, "timeout", "504"),
        ({"code": "Throttling.RateQuota", "message": "x", "request_id": "r"}, "throttled", "Throttling.RateQuota"),
        ({"code": 429, "msg": "slow down"}, "throttled", "429"),
        ({"errcode": 0, "code": "QuotaExceeded", "error_msg": "x"}, "throttled", "QuotaExceeded"),
        ({"success": False, "errors": [{"code": 3040, "message": "x"}]}, "server_error", "3040"),
    ],
)
def test_every_form_of_it_in_both_modes(said, outcome, code):
    streamed = read(events(HALF, said) + DONE)
    whole = read(orjson.dumps(said), stream=False)
    instead_of_a_stream = read(orjson.dumps(said), headers=JSON)

    assert [(r.outcome, r.code) for r in (streamed, whole, instead_of_a_stream)] == [(outcome, code)] * 3


@pytest.mark.parametrize(
    ("data", "outcome", "code"),
    [
        (b'{"code":"overloaded","message":"engine overloaded"}', "overloaded", "overloaded"),
        (b"something broke", "server_error", None),
        (b"", "server_error", None),
        (b"null", "server_error", None),
        (b"[1]", "server_error", None),
    ],
)
def test_an_event_named_error_is_one_whatever_it_holds(data, outcome, code):
    done = read(events(HALF) + b"event: error\ndata: " + data + b"\n\n" + DONE)

    assert (done.outcome, done.code) == (outcome, code)
    assert done.answer.over


@pytest.mark.parametrize(
    ("reason", "outcome", "code"),
    [
        ("error", "server_error", "finish_reason_error"),
        ("content_filter", "rejected", "content_filter"),
        ("insufficient_system_resource", "overloaded", "insufficient_system_resource"),
    ],
)
def test_a_finish_reason_that_says_it_failed_in_both_modes(reason, outcome, code):
    streamed = read(events(HALF, delta(reason)) + DONE)
    whole = read(message(reason, content="The answer is"), stream=False)

    assert [(r.outcome, r.code) for r in (streamed, whole)] == [(outcome, code)] * 2


def test_what_follows_an_error_is_not_read():
    done = read([events(LIMITED), events(HALF), DONE])

    assert done.sample.first_token_s is None
    assert done.outcome == "throttled"


@pytest.mark.parametrize("said", [{"error": None}, {"error": ""}, {"error": {}}, {"error": False}, {"error_code": 0}])
def test_an_empty_error_field_is_none(said):
    assert error_in(said) is None
    assert read(events(HALF | said) + DONE).outcome == "ok"


def test_a_rag_chat_error_event_keeps_its_code():
    stream = b'event: citations\ndata: {"citations":[]}\n\nevent: error\ndata: {"error":{"code":%s}}\n\n'

    internal, limited = (read(stream % code, dialect="rag-chat/1") for code in (b'"internal"', b"429"))
    assert (internal.outcome, internal.code) == ("server_error", "internal")
    assert (limited.outcome, limited.code) == ("throttled", "429")


def test_an_error_that_a_gateway_puts_into_a_rag_chat_stream_counts():
    stream = b'event: citations\ndata: {"citations":[]}\n\nevent: token\ndata: {"text":"x"}\n\n'

    done = read(stream + events(LIMITED), dialect="rag-chat/1")
    assert (done.outcome, done.code) == ("throttled", "429")


FIELDS = FieldMap(
    "/ask",
    {"q": "{prompt}"},
    answer=Places(text="reply"),
    stream=StreamMap("delta", "piece", done_event="end", error_event="oops"),
    error_code="fault.code",
)


def test_a_mapped_apis_numeric_code_is_recorded_whole_and_streamed():
    body = b'{"fault":{"code":42901,"text":"slow down"}}'

    refused = read(body, dialect="mapped", fields=FIELDS, stream=False, status=429)
    streamed = read(
        b'event: delta\ndata: {"piece":"hel"}\n\nevent: oops\ndata: ' + body + b"\n\n", dialect="mapped", fields=FIELDS
    )
    inside = read(body, dialect="mapped", fields=FIELDS, stream=False)

    assert [(r.outcome, r.code) for r in (refused, streamed, inside)] == [("throttled", "42901")] * 3


@pytest.mark.parametrize(
    ("status", "error", "outcome"),
    [
        (400, {"__type": "ThrottlingException"}, "throttled"),
        (400, {"code": "ValidationException"}, "rejected"),
        (403, {"errors": [{"reason": "rateLimitExceeded"}]}, "throttled"),
        (403, {}, "unauthorized"),
        (429, {"status": "RESOURCE_EXHAUSTED"}, "throttled"),
        (429, {"code": "upstream_throttled"}, "upstream_throttled"),
        (500, {"type": "overloaded_error"}, "overloaded"),
        (500, {"code": "429"}, "throttled"),
        (400, {"status": 429}, "throttled"),
        (500, {"code": 400}, "server_error"),
        (503, {"code": "upstream_throttled"}, "upstream_throttled"),
        (503, {"code": "SlowDown"}, "overloaded"),
        (529, {}, "overloaded"),
        (502, {"code": "upstream_error"}, "upstream_error"),
        (408, {}, "rejected"),
        (504, {}, "timeout"),
    ],
)
def test_a_status_and_what_its_body_names(status, error, outcome):
    assert outcomes.of_answer(status, error) == outcome


def test_a_header_of_aws_names_the_error_where_the_body_does_not():
    headers = JSON | {b"x-amzn-errortype": b"ThrottlingException:http://internal.example/coral/"}

    done = read(b'{"message": null}', stream=False, status=400, headers=headers)

    assert (done.outcome, done.code) == ("throttled", "ThrottlingException")


def test_a_code_is_bounded():
    assert len(code_of({"code": "x" * 5000})) == 80
