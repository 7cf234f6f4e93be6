"""Streams in the other framings, read by a mapping: lines, an array, AWS messages, plain text, a WebSocket."""

from __future__ import annotations

from binascii import crc32
from struct import pack

from tests.attack.answers.peer import Hostile, Peer, event, head, streamed, whole
from tests.dialects.reading import fields

BAD, OK, CUT, LATE, NONE = "bad_contract", "ok", "cut_stream", "timeout", "connection_error"
PLACES = {"text": "t", "input_tokens": "in", "output_tokens": "out", "citations": "cited", "model_ms": "ms"}
LINES = "application/x-ndjson"
AWS = "application/vnd.amazon.eventstream"


def _mapping(framing: str, **more):
    return {"stream": {"framing": framing, **PLACES, **more}}


TABLES = {
    "ndjson": _mapping("ndjson", done_at="done"),
    "json-array": _mapping("json-array"),
    "aws-event-stream": _mapping("aws-event-stream", token_event="chunk", done_event="end"),
    "text": {"stream": {"framing": "text"}},
    "sse": _mapping("sse", done_data="[DONE]", event_at="kind", text="a.b.*.t"),
    "websocket": _mapping("websocket", done_at="done"),
}
MAPPINGS = {name: fields(**table) for name, table in TABLES.items()}


def _after(kind: str, *begun: bytes, flood: bytes = b"", drip: bytes = b""):
    def act(peer: Peer) -> None:
        peer.send(head(kind), *begun)
        if flood:
            peer.flood(flood)
        if drip:
            peer.drip(drip)

    return act


SAID, OVER = b'{"t": "hello"}\n', b'{"done": true}\n'


def _line(name: str, line: bytes | str, want: str = BAD, says: str = "") -> Hostile:
    data = line.encode() if isinstance(line, str) else line
    return Hostile(name, streamed(SAID, data + b"\n", OVER, kind=LINES), want, says)


NDJSON = [
    Hostile("good lines", streamed(SAID, OVER, kind=LINES), OK),
    Hostile("no end", streamed(SAID, kind=LINES), CUT),
    *(
        _line(f"out = {value[:24]}", f'{{"out": {value}}}')
        for value in ("9223372036854775808", "-1", "1e300", "true", '"2"', "[1]", "1.5")
    ),
    _line("ms = -1", '{"ms": -1}'),
    _line("ms is text", '{"ms": "1"}'),
    _line("ms is 1e300", '{"ms": 1e300}'),
    _line("half a pair within text that is JSON", r'{"t": "{\"x\": \"\\ud800\"}"}', OK),
    _line("20,000 citations", '{"cited": [' + ",".join(["1"] * 20_000) + "]}", says="1,000 citations"),
    _line("a citation of 200 KB", '{"cited": ["' + "x" * 200_000 + '"]}', says="characters"),
    _line("citations in lists", '{"cited": [' + "[" * 900 + "]" * 900 + "]}", f"{BAD}|{OK}"),
    _line("lists in one another", "[" * 100_000, f"{OK}|{BAD}"),
    _line("no JSON", "{", f"{OK}|{BAD}"),
    _line("invalid UTF-8", b'{"t": "\xff"}', f"{OK}|{BAD}"),
    Hostile("a line without end", _after(LINES, SAID, flood=b"x"), BAD, "more than"),
    Hostile("lines without end", _after(LINES, flood=SAID), BAD, " events"),
    Hostile("blank lines without end", _after(LINES, SAID, flood=b"\n"), BAD, "more than"),
    Hostile("a line in drops", _after(LINES, SAID, drip=b"xy"), LATE),
    Hostile("the end within a line", streamed(SAID, b'{"t": ', kind=LINES), CUT),
]

ARRAY = [
    Hostile("a good array", streamed(b'[{"t": "a"},', b'{"t": "b"}]', kind="application/json"), OK),
    Hostile("no end", streamed(b'[{"t": "a"},', kind="application/json"), CUT),
    Hostile("no array", streamed(b'{"t": "a"}', kind="application/json"), BAD, "not one JSON array"),
    Hostile("two arrays", streamed(b'[{"t": "a"}]', b'[{"t": "a"}]', kind="application/json"), BAD),
    Hostile("brackets without end", _after("application/json", flood=b"["), BAD, "deep"),
    Hostile("commas without end", _after("application/json", b'[{"t": "a"}', flood=b","), BAD, "missing"),
    Hostile("blanks without end", _after("application/json", flood=b" "), BAD, "more than"),
    Hostile("text without end", _after("application/json", b'["', flood=b"\\\\"), BAD, "more than"),
    Hostile("elements without end", _after("application/json", b"[", flood=b'{"t": "a"},'), BAD, " events"),
    Hostile("ends without end", _after("application/json", b'[{"t": "a"}', flood=b"]"), BAD),
    Hostile("an element in drops", _after("application/json", b'[{"t": "', drip=b"xy"), LATE),
]


def _message(payload: bytes, name: bytes = b"chunk", kind: bytes = b"event") -> bytes:
    rows = ((b":message-type", kind), (b":event-type", name), (b":exception-type", name))
    headers = b"".join(bytes([len(n)]) + n + b"\x07" + pack(">H", len(v)) + v for n, v in rows)
    return _framed(headers, payload)


def _framed(headers: bytes, payload: bytes) -> bytes:
    prelude = pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + pack(">I", crc32(prelude)) + headers + payload
    return body + pack(">I", crc32(body))


def prelude(length: int, headers: int) -> bytes:
    made = pack(">II", length, headers)
    return made + pack(">I", crc32(made))


CHUNK, END = _message(b'{"t": "hello"}'), _message(b"{}", b"end")
AWS_STREAM = [
    Hostile("good messages", streamed(CHUNK, END, kind=AWS), OK),
    Hostile("no end", streamed(CHUNK, kind=AWS), CUT),
    Hostile("a wrong CRC of the lengths", streamed(CHUNK, END[:8] + b"xxxx" + END[12:], kind=AWS), BAD, "CRC"),
    Hostile("a wrong CRC of a message", streamed(CHUNK, END[:-1] + b"x", kind=AWS), BAD, "CRC"),
    Hostile("a length of 2^32 - 1", streamed(CHUNK, prelude(2**32 - 1, 0), kind=AWS), BAD, "more than"),
    Hostile("a length of 0", streamed(CHUNK, prelude(0, 0), kind=AWS), BAD, "shorter"),
    Hostile("headers longer than the message", streamed(CHUNK, prelude(32, 2**32 - 1), kind=AWS), BAD, "shorter"),
    Hostile("headers that cannot be read", streamed(CHUNK, _framed(b"\xff\xff\xff", b""), kind=AWS), BAD, "headers"),
    Hostile("a header of a type that is none", streamed(CHUNK, _framed(b"\x01a\x63", b""), kind=AWS), BAD, "headers"),
    Hostile(
        "a header's text longer than the headers", streamed(CHUNK, _framed(b"\x01a\x07\xff\xff", b""), kind=AWS), BAD
    ),
    Hostile(
        "an exception that is no JSON",
        streamed(CHUNK, _message(b"\xff", b"oddException", b"exception"), kind=AWS),
        "server_error",
    ),
    Hostile("a message type that nobody knows", streamed(CHUNK, _message(b"", b"x", b"y"), kind=AWS), "server_error"),
    Hostile("messages without end", _after(AWS, flood=CHUNK), BAD, "more than"),
    Hostile("empty messages without end", _after(AWS, CHUNK, flood=_framed(b"", b"")), BAD, " events"),
    Hostile("a message in drops", _after(AWS, CHUNK, prelude(1 << 17, 0), drip=b"xy"), LATE),
    Hostile("the end within a message", streamed(CHUNK, END[:20], kind=AWS), CUT),
]

TEXT = [
    Hostile("good text", streamed(b"hello", kind="text/plain"), OK),
    Hostile("no text", streamed(kind="text/plain"), BAD),
    Hostile("text without end", _after("text/plain", flood=b"x"), BAD, "more than"),
    Hostile("bytes that are no text", streamed(b"\xff" * 50_000, kind="text/plain"), OK),
    Hostile("text in drops", _after("text/plain", drip=b"x"), LATE),
    Hostile("the end within a character", streamed(b"a\xc3", kind="text/plain"), CUT),
    Hostile("NUL", streamed(b"\x00" * 1000, kind="text/plain"), OK),
]

DEEP = '{"kind": "message", "a": {"b": [{"t": "x"}]}}'
SSE_STREAM = [
    Hostile("good events", streamed(event(DEEP), event("[DONE]")), OK),
    Hostile(
        "a name of 200 KB in the data",
        streamed(event(DEEP), event('{"kind": "' + "x" * 200_000 + '"}'), event("[DONE]")),
        OK,
    ),
    Hostile("a name that is a number", streamed(event(DEEP), event('{"kind": 1}'), event("[DONE]")), OK),
    Hostile(
        "text of 100,000 numbers",
        streamed(event('{"a": {"b": [' + ",".join(["1"] * 100_000) + "]}}"), event("[DONE]")),
        BAD,
    ),
    Hostile(
        "text that is JSON of half a pair",
        streamed(event(r'{"a": "{\"b\": [{\"t\": \"\\ud800\"}]}"}'), event("[DONE]")),
        BAD,
    ),
    Hostile(
        "text that is JSON in JSON", streamed(event('{"a": "' + "[" * 100_000 + '"}'), event(DEEP), event("[DONE]")), OK
    ),
    Hostile("other names without end", _after("text/event-stream", flood=event('{"kind": "x"}')), BAD, " events"),
    Hostile("not a single event", streamed(b"x" * 100_000), CUT),
]


def _ws(data: bytes, opcode: int = 1, *, last: bool = True, length: int | None = None, mask: bool = False) -> bytes:
    """One frame; ``length`` where it lies."""
    size = len(data) if length is None else length
    bit = 0x80 if mask else 0
    said = (
        bytes([bit | size])
        if size < 126
        else bytes([bit | 126]) + pack(">H", size)
        if size < 1 << 16
        else bytes([bit | 127]) + pack(">Q", size)
    )
    return bytes([opcode | (0x80 if last else 0)]) + said + (b"\0\0\0\0" if mask else b"") + data


HELLO_WS, DONE_WS = _ws(b'{"t": "hello"}'), _ws(b'{"done": true}')


def _socket(
    name: str,
    *frames: bytes,
    want: str = BAD,
    says: str = "",
    flood: bytes = b"",
    drip: bytes = b"",
    quiet: bool = False,
) -> Hostile:
    def act(peer: Peer) -> None:
        peer.accept()
        peer.send(*frames)
        if flood:
            peer.flood(flood)
        if drip:
            peer.drip(drip)
        if quiet:
            peer.silent()

    return Hostile(name, act, want, says)


WEBSOCKET = [
    _socket("good messages", HELLO_WS, DONE_WS, want=OK),
    _socket("gone without good-bye", HELLO_WS, want=CUT),
    _socket("silence", HELLO_WS, want=LATE, quiet=True),
    _socket("a masked frame", HELLO_WS, _ws(b"{}", mask=True)),
    _socket("an opcode that is none", HELLO_WS, _ws(b"{}", 3)),
    _socket("a continuation of nothing", HELLO_WS, _ws(b"{}", 0)),
    _socket("a message within a message", _ws(b"{", last=False), _ws(b"}", 1)),
    _socket("reserved bits", HELLO_WS, bytes([0xF1, 0x02]) + b"{}"),
    _socket("a ping of 126 bytes", HELLO_WS, _ws(b"x" * 126, 9)),
    _socket("a ping in two frames", HELLO_WS, _ws(b"x", 9, last=False)),
    _socket("text that is no UTF-8", HELLO_WS, _ws(b"\xff\xfe", 1)),
    _socket("a length of 2^63", HELLO_WS, _ws(b"", length=2**63)),
    _socket("a length of 2^62, then nothing", HELLO_WS, _ws(b"x", length=2**62), want=LATE, quiet=True),
    _socket("a message of 100 MB", _ws(b"", length=2**40), flood=b"x", says="more than"),
    _socket("fragments without end", _ws(b"x", last=False), flood=_ws(b"x", 0, last=False), says="frames"),
    _socket("empty fragments without end", _ws(b"", last=False), flood=_ws(b"", 0, last=False), says="frames"),
    _socket("pings without end", HELLO_WS, flood=_ws(b"x", 9), want=f"{BAD}|{LATE}"),
    _socket("pongs without end", HELLO_WS, flood=_ws(b"x", 10), says="frames"),
    _socket("messages without end", flood=HELLO_WS, says="more than"),
    _socket("messages in drops", drip=HELLO_WS, want=LATE),
    _socket("a close of one byte", HELLO_WS, _ws(b"x", 8)),
    _socket("a close with code 0", HELLO_WS, _ws(pack(">H", 0), 8)),
    _socket("a close whose reason is no UTF-8", HELLO_WS, _ws(pack(">H", 1011) + b"\xff", 8)),
    _socket("a close with 4429", HELLO_WS, _ws(pack(">H", 4429) + b"x" * 100, 8), want="throttled"),
    _socket("a count of 2^63", HELLO_WS, _ws(b'{"out": 9223372036854775808}'), DONE_WS),
    _socket("binary zeros", _ws(b"\x00" * 1000, 2), DONE_WS),
    Hostile("a refused upgrade", whole("{}", status="403 No"), "unauthorized"),
    Hostile("a 200 in place of the upgrade", whole("{}"), BAD),
    Hostile(
        "an upgrade with a wrong key",
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
        BAD,
    ),
    Hostile("an upgrade to something else", b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", BAD),
    Hostile("no upgrade but rubbish", b"\x00" * 1000, BAD),
    Hostile("an upgrade without end", lambda peer: (peer.send(b"HTTP/1.1 101 X\r\nA: "), peer.flood(b"x")), BAD),
    Hostile("100 Continue without end", lambda peer: peer.flood(b"HTTP/1.1 100 Continue\r\n\r\n"), f"{BAD}|{LATE}"),
    Hostile(
        "a refusal without end",
        lambda peer: (peer.send(head(status="500 No")), peer.flood(b"x")),
        "server_error|bad_contract",
    ),
    Hostile("nothing", b"", NONE),
]
