"""AWS event stream (``application/vnd.amazon.eventstream``), as Bedrock's ConverseStream answers.

A message is its length and its headers' length, a CRC of these, headers, payload,
and a CRC of all. Source: the Smithy specification of ``vnd.amazon.eventstream``.
An event has the name of its ``:event-type``. An exception or error becomes an event
``error`` with ``{"error": {"code", "message"}}``, so that one reader knows them all.
"""

from __future__ import annotations

from binascii import crc32
from struct import Struct
from struct import error as StructError  # noqa: N812

import orjson

from harness.dialects.framing.events import MOST_NAME, Event, EventTooLarge, Malformed
from harness.domain.bounds import EVENT_BYTES

_PRELUDE = Struct(">III")  # length of the message, of its headers, CRC of the two
_LENGTH = Struct(">H")
_CRC = Struct(">I")
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # of a header's value by its type; 6 and 7 say theirs
_TEXT, _BYTES = 7, 6


class AwsEventStreamParser:
    """Holds the unfinished message between feeds."""

    __slots__ = ("_buffer", "held")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.held = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """The messages that this chunk completes; raises Malformed where a CRC or a length is wrong."""
        buffer, events = self._buffer, []
        buffer += chunk
        while len(buffer) >= _PRELUDE.size:
            length, headers_length, crc = _PRELUDE.unpack_from(buffer)
            if crc != crc32(buffer[:8]):
                raise Malformed("not an AWS event stream: the CRC of a message's lengths is wrong")
            if length > EVENT_BYTES:
                raise EventTooLarge
            if length < headers_length + 16:
                raise Malformed("a message that is shorter than its headers")
            if len(buffer) < length:
                break
            message = bytes(buffer[:length])
            del buffer[:length]
            if _CRC.unpack_from(message, length - 4)[0] != crc32(message[:-4]):
                raise Malformed("a message's CRC is wrong")
            events.append(_event(_headers(message[12 : 12 + headers_length]), message[12 + headers_length : -4]))
        self.held = len(buffer)
        return events

    def end(self) -> list[Event]:
        return []

    @property
    def cut(self) -> bool:
        return bool(self._buffer)


def _headers(data: bytes) -> dict[str, str]:
    """Those that are text; raises Malformed."""
    out, at = {}, 0
    try:
        while at < len(data):
            name_end = at + 1 + data[at]
            name, kind = data[at + 1 : name_end].decode(), data[name_end]
            at = name_end + 1
            if kind in (_TEXT, _BYTES):
                size = _LENGTH.unpack_from(data, at)[0]
                at += 2
            else:
                size = _SIZES[kind]
            if at + size > len(data):
                raise IndexError  # noqa: TRY301 - as any other end that comes too early
            if kind == _TEXT:
                out[name] = data[at : at + size].decode()
            at += size
    except (IndexError, KeyError, ValueError, StructError):
        raise Malformed("a message's headers cannot be read") from None
    return out


def _event(headers: dict[str, str], payload: bytes) -> Event:
    match headers.get(":message-type", "event"):
        case "event":
            return Event(headers.get(":event-type", "message")[:MOST_NAME], payload)
        case "exception":
            code, message = headers.get(":exception-type"), _message(payload)
        case _:
            code, message = headers.get(":error-code"), headers.get(":error-message")
    return Event("error", orjson.dumps({"error": {"code": code, "message": message}}))


def _message(payload: bytes) -> str | None:
    try:
        value = orjson.loads(payload)
    except ValueError:
        return None
    said = value.get("message", value.get("Message")) if isinstance(value, dict) else None
    return said if isinstance(said, str) else None
