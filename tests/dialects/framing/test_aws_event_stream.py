"""AWS event streams: written here by the specification, read back, and held to botocore's own reader."""

import json
from binascii import crc32
from struct import pack

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.framing import aws_event_stream
from harness.dialects.framing.aws_event_stream import AwsEventStreamParser
from harness.dialects.framing.events import Event, EventTooLarge, Malformed
from tests.dialects.framing.splits import cut, parsed

OTHERS = (
    b"\x01t\x00" + b"\x01f\x01" + b"\x01b\x02\x07" + b"\x01s\x03\x00\x07" + b"\x01i\x04\x00\x00\x00\x07"
    b"\x01l\x05" + bytes(8) + b"\x01y\x06\x00\x02ab" + b"\x01d\x08" + bytes(8) + b"\x01u\x09" + bytes(16)
)  # one header of each type that is not text


def message(payload, more=b"", **headers):
    """One message; ``more`` are headers as bytes."""
    names = {f":{name.replace('_', '-')}": value for name, value in headers.items()}
    head = more + b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + pack(">H", len(value)) + value.encode()
        for name, value in names.items()
    )
    prelude = pack(">II", len(head) + len(payload) + 16, len(head))
    body = prelude + pack(">I", crc32(prelude)) + head + payload
    return body + pack(">I", crc32(body))


def event(name, **fields):
    return message(json.dumps(fields).encode(), event_type=name, content_type="application/json", message_type="event")


def test_botocore_reads_what_these_tests_write():
    buffer = EventStreamBuffer()
    buffer.add_data(event("contentBlockDelta", delta={"text": "ä"}) + message(b"", OTHERS, message_type="event"))
    first, second = list(buffer)
    assert first.headers[":event-type"] == "contentBlockDelta"
    assert json.loads(first.payload) == {"delta": {"text": "ä"}}
    assert second.headers["y"] == b"ab"


@given(st.lists(st.binary(max_size=30), max_size=4), st.data())
def test_any_split_gives_the_same_messages(payloads, data):
    wire = b"".join(message(p, OTHERS, event_type="chunk", message_type="event") for p in payloads)
    at = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))
    parser = AwsEventStreamParser()
    assert parsed(parser, cut(wire, at)) == [Event("chunk", p) for p in payloads]
    assert not parser.cut


def test_an_exception_and_an_error_are_one_kind_of_event():
    exception = message(b'{"message":"slow down"}', message_type="exception", exception_type="throttlingException")
    error = message(b"", message_type="error", error_code="InternalFailure", error_message="broken")
    found = parsed(AwsEventStreamParser(), [exception + error])
    assert [e.name for e in found] == ["error", "error"]
    assert [json.loads(e.data)["error"] for e in found] == [
        {"code": "throttlingException", "message": "slow down"},
        {"code": "InternalFailure", "message": "broken"},
    ]


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_byte_never_gives_another_event(at, change):
    wire = bytearray(event("contentBlockDelta", delta={"text": "hello"}, padding="x" * 60))
    wire[at % len(wire)] ^= change
    parser = AwsEventStreamParser()
    with pytest.raises((Malformed, EventTooLarge)):
        parser.feed(bytes(wire))


def test_a_message_that_did_not_come_whole_is_cut():
    parser = AwsEventStreamParser()
    assert parsed(parser, [event("chunk")[:-1]]) == []
    assert parser.cut


def test_headers_that_end_too_early_are_said():
    with pytest.raises(Malformed, match="headers"):
        AwsEventStreamParser().feed(message(b"", b"\x05abc"))


def test_no_length_makes_it_hold_more_than_its_most(monkeypatch):
    monkeypatch.setattr(aws_event_stream, "EVENT_BYTES", 100)
    with pytest.raises(EventTooLarge):
        AwsEventStreamParser().feed(message(b"x" * 200)[:12])
