"""Answers that are no HTTP, lie about where they end, or end early."""

from __future__ import annotations

from tests.attack.answers.peer import CHUNKED, LAST, Hostile, Peer, chunk, head, whole
from tests.attack.answers.values import answer

BAD, OK, CUT, NONE, LATE = "bad_contract", "ok", "cut_stream", "connection_error", "timeout"
GOOD = answer()
BODY = GOOD.encode()


def _one(name: str, act, want: str = BAD, says: str = "") -> Hostile:
    return Hostile(name, act, want, says, stream=False)


def _line(line: str, want: str = BAD) -> Hostile:
    made = line.encode("latin-1") + b"\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
    return _one(f"status line {line[:40]!r}", made, want)


def _length(*values: str, want: str = BAD, body: bytes = BODY) -> Hostile:
    more = [f"Content-Length: {value}" for value in values]
    return _one(
        f"Content-Length {' and '.join(v[:24] for v in values)}, {len(body)} bytes",
        head("application/json", *more) + body,
        want,
    )


def _sized(name: str, *raw: bytes, want: str = BAD, says: str = "") -> Hostile:
    return _one(f"chunks: {name}", head("application/json", CHUNKED) + b"".join(raw), want, says)


def _reset_after(data: bytes):
    def act(peer: Peer) -> None:
        peer.send(data)
        peer.reset()

    return act


def _then(*steps):
    def act(peer: Peer) -> None:
        for step in steps:
            step(peer)

    return act


def _send(data: bytes):
    return lambda peer: peer.send(data)


def _flood(unit: bytes):
    return lambda peer: peer.flood(unit)


def _drip(unit: bytes):
    return lambda peer: peer.drip(unit)


OPEN = b"HTTP/1.1 200 OK\r\n"
WIRE: list[Hostile] = [
    _line("HTTP/1.1 200", OK),
    _line("HTTP/1.1 200 " + "x" * 1000, OK),
    _line("HTTP/1.0 200 OK", OK),
    *(
        _line(line)
        for line in ("HTTP/1.1 2000 OK", "HTTP/1.1 20 OK", "HTTP/1.1 000 X", "HTTP/1.1 042 X", "HTTP/1.1 -1 X")
    ),
    *(
        _line(line)
        for line in (
            "HTTP/9.9 200 OK",
            "HTTP/1.1",
            "ICY 200 OK",
            "HTTP/1.1  200 OK",
            "GET / HTTP/1.1",
            "http/1.1 200 OK",
        )
    ),
    _line("HTTP/1.1 999 X", "server_error"),
    _line("HTTP/1.1 600 X", "server_error"),
    _line("HTTP/1.1 206 Part", BAD),
    _line("HTTP/1.1 201 Made", BAD),
    _one("204", b"HTTP/1.1 204 No\r\n\r\n"),
    _one("304", b"HTTP/1.1 304 No\r\n\r\n", "rejected"),
    *(
        _one(f"{status} to itself", whole("", "Location: http://127.0.0.1:9/", status=f"{status} There"), "rejected")
        for status in (300, 301, 302, 303, 307, 308)
    ),
    _one("HTTP/0.9", BODY),
    _one("SSH", b"SSH-2.0-OpenSSH_9.6\r\n"),
    _one("SMTP", b"220 mail ESMTP\r\n"),
    _one("HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18),
    _one("TLS", b"\x15\x03\x01\x00\x02\x02\x0a"),
    _one("zeros", b"\x00" * 5000),
    _one("line breaks without end", _flood(b"\r\n"), f"{BAD}|{LATE}"),
    _one("a reason without end", _then(_send(b"HTTP/1.1 200 "), _flood(b"x"))),
    _one("100 Continue first", b"HTTP/1.1 100 Continue\r\n\r\n" + whole(GOOD), OK),
    _one("103 with headers first", b"HTTP/1.1 103 Early\r\nLink: <x>\r\n\r\n" + whole(GOOD), OK),
    _one("100 Continue without end", _flood(b"HTTP/1.1 100 Continue\r\n\r\n"), says="before its body"),
    _one("102 in drops without end", _drip(b"HTTP/1.1 102 Processing\r\n\r\n"), LATE),
    _one("101 that nobody asked for", b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + b"x" * 100),
    # heads
    _one(
        "256 headers",
        head("application/json", f"Content-Length: {len(BODY)}", *(f"A{k}: b" for k in range(254))) + BODY,
        OK,
    ),
    _one("300 headers", head("application/json", *(f"A{k}: b" for k in range(300))), says="256 headers"),
    _one("10,000 headers", head("application/json", *(f"A{k}: b" for k in range(10_000))), says="256 headers"),
    _one("one header 10,000 times", whole(GOOD, *["A: b"] * 8_000), OK),
    _one("a header of 100 KB", head("application/json", f"A: {'x' * 100_000}"), says="64 KiB"),
    _one("a header of 100 MB", _then(_send(OPEN + b"A: "), _flood(b"x")), says="64 KiB"),
    _one("a header's name of 100 MB", _then(_send(OPEN), _flood(b"x")), says="64 KiB"),
    _one(
        "headers without end",
        _then(_send(OPEN), lambda peer: [peer.send(b"A%d: b\r\n" % k * 500) for k in range(10**6)]),
        says="",
    ),
    _one("headers in drops without end", _then(_send(OPEN), _drip(b"A: b\r\n")), LATE),
    _one("a header without a colon", OPEN + b"what\r\n\r\n"),
    _one("a header with NUL", OPEN + b"A: b\x00c\r\n\r\n"),
    _one("a header with a blank in its name", OPEN + b"A b: c\r\n\r\n"),
    _one("a header without a name", OPEN + b": c\r\n\r\n"),
    _one("a header in two lines", OPEN + b"A: b\r\n c\r\n\r\n"),
    _one("a head of bare line feeds", OPEN.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}"),
    # lengths
    _length("-1"),
    _length("abc"),
    _length("+5"),
    _length("5, 5"),
    _length("0x5"),
    _length(""),
    _length("1e3"),
    _length("18446744073709551616"),
    _length("9" * 5000),
    _length("5", "6"),
    _length(str(len(BODY)), str(len(BODY))),
    _length("9223372036854775807", want=CUT),
    _length(str(len(BODY) + 10), want=CUT),
    _length(str(len(BODY) - 10), want=BAD),
    _length("0", want=BAD),
    _one("Content-Length and chunks", head("application/json", "Content-Length: 5", CHUNKED) + chunk(BODY) + LAST),
    # chunks
    _sized("of a negative size", b"-1\r\nx\r\n"),
    _sized("of no size", b"\r\nx\r\n"),
    _sized("of size xyz", b"xyz\r\nx\r\n"),
    _sized("of size 2^64", b"10000000000000000\r\nx\r\n"),
    _sized("of size 2^64 - 1", b"ffffffffffffffff\r\nx\r\n", want=f"{CUT}|{BAD}"),
    _sized(
        "with 1,000 zeros before the size", b"0" * 1000 + b"%x\r\n%s\r\n" % (len(BODY), BODY) + LAST, want=f"{OK}|{BAD}"
    ),
    _sized("with an extension", b"%x;a=b\r\n%s\r\n" % (len(BODY), BODY) + LAST, want=OK),
    _sized("with an odd extension", b"%x;\x01\x02=\x7f\r\n%s\r\n" % (len(BODY), BODY) + LAST),
    _sized("longer than said", b"2\r\n%s\r\n" % BODY + LAST),
    _sized("that end early", b"ff\r\n{", want=CUT),
    _sized("without the last", chunk(BODY), want=CUT),
    _sized("with half of the last", chunk(BODY), b"0\r\n", want=CUT),
    _sized("of one byte each", b"".join(chunk(b"%c" % b) for b in BODY), LAST, want=OK),
    _sized(
        "with a trailer that takes a header's place",
        chunk(BODY),
        b"0\r\nContent-Type: text/html\r\nX-Instance-Id: x\r\n\r\n",
        want=OK,
    ),
    _sized("encoded twice", b"", want=f"{CUT}|{BAD}"),
    _one(
        "chunks: an extension without end",
        _then(_send(head("application/json", CHUNKED) + b"1;"), _flood(b"a")),
        says="64 KiB",
    ),
    _one(
        "chunks: trailers without end",
        _then(_send(head("application/json", CHUNKED) + chunk(BODY) + b"0\r\n"), _flood(b"A: b\r\n")),
        says="64 KiB",
    ),
    _one(
        "chunks: a trailer of 100 MB",
        _then(_send(head("application/json", CHUNKED) + chunk(BODY) + b"0\r\nA: "), _flood(b"x")),
        says="64 KiB",
    ),
    _one(
        "chunks: of one byte without end",
        _then(_send(head("application/json", CHUNKED)), _flood(b"1\r\n \r\n")),
        says="larger than 1 MiB",
    ),
    *(
        _one(
            f"Transfer-Encoding: {how}",
            head("application/json", f"Transfer-Encoding: {how}") + chunk(BODY) + LAST,
            f"{BAD}|{OK}|{CUT}",
        )
        for how in ("gzip, chunked", "chunked, chunked", "identity", "Chunked", "xchunked", "chunked;q=1", "gzip")
    ),
    # ends
    _one("nothing at all", b"", NONE),
    _one("a reset at once", _reset_after(b""), NONE),
    _one("silence", Peer.silent, LATE),
    *(
        _one(f"the end {where}", data, want)
        for where, data, want in (
            ("within the status line", b"HTTP/1.1 2", NONE),
            ("after it", OPEN, NONE),
            ("within a header", OPEN + b"Cont", NONE),
            ("after the head", head("application/json", "Content-Length: 10"), CUT),
            ("within a whole answer", head("application/json", "Content-Length: 100") + BODY[:50], CUT),
        )
    ),
    *(
        _one(f"a reset {where}", _reset_after(data), want)
        for where, data, want in (
            ("within the status line", b"HTTP/1.1 2", NONE),
            ("after the head", head("application/json", "Content-Length: 10"), f"{CUT}|{NONE}"),
            ("within a whole answer", head("application/json", "Content-Length: 100") + BODY[:50], f"{CUT}|{NONE}"),
        )
    ),
    _one(
        "a 500 that ends early", head("application/json", "Content-Length: 100", status="500 No") + b"{", "server_error"
    ),
    _one("two answers at once", whole(GOOD) + whole(GOOD), OK),
    _one("an answer, then rubbish", whole(GOOD) + b"\x00" * 1000, OK),
    _one("an answer, then 100 MB", _then(_send(whole(GOOD)), _flood(b"x")), OK),
]
