"""Odd values in whole answers of ``rag-chat/1``, and in the headers that say something of an instance."""

from __future__ import annotations

from tests.attack.answers.peer import Hostile, head, whole

BAD, OK = "bad_contract", "ok"
FIELDS = {
    "id": '"a"',
    "model": '"m"',
    "answer": '"hello"',
    "citations": "[]",
    "usage": '{"input_tokens": 3, "output_tokens": 4}',
    "timings": "{}",
}
INSTANCE = "X-Instance-Id: 6f1c"


def answer(**changed: str) -> str:
    """A good answer but for the fields that are given as raw JSON."""
    return "{" + ", ".join(f'"{name}": {value}' for name, value in {**FIELDS, **changed}.items()) + "}"


def _of(name: str, value: str, want: str, says: str = "") -> Hostile:
    shown = value if len(value) < 24 else f"{value[:12]}… of {len(value)}"
    return Hostile(f"{name} = {shown}", whole(answer(**{name: value})), want, says, stream=False)


def _tokens(value: str, want: str = BAD) -> Hostile:
    made = _of("usage", f'{{"input_tokens": {value}, "output_tokens": 4}}', want)
    return Hostile(
        f"input_tokens = {value[:24]}", made.act, want, "" if want == OK else "the answer|input_tokens", stream=False
    )


def _timing(value: str, want: str = BAD) -> Hostile:
    return _of("timings", f'{{"queue_ms": {value}}}', want, "" if want == OK else "queue_ms")


def _header(name: str, value: str, want: str = BAD) -> Hostile:
    more = (INSTANCE, f"{name}: {value}")
    said = name.lower() if want == BAD else ""
    return Hostile(f"{name}: {value[:24]!r}", whole(answer(), *more), want, said, stream=False)


def _raw(name: str, body: bytes | str, want: str = BAD, says: str = "", **more: str) -> Hostile:
    return Hostile(name, whole(body, **more), want, says, stream=False)


NUMBERS = (
    "9223372036854775808",
    "18446744073709551616",
    "1e300",
    "-1",
    "-9223372036854775809",
    "true",
    '"12"',
    "1.5",
    "[]",
    "{}",
    "10000001",
    "1e999",
    "NaN",
    "Infinity",
    "-Infinity",
    "9" * 5000,
    "0x10",
    "01",
)
TIMES = ("-1", "1e300", "true", '"1"', "[1]", "{}", "86400001")
HEADERS = ("1e19", "1e300", "-1", "abc", "NaN", "inf", "1_000", "0x10", "9" * 5000, "\uff11".encode().decode("latin-1"))

VALUES: list[Hostile] = [
    *(_tokens(value) for value in NUMBERS),
    *(_tokens(value, OK) for value in ("null", "12.0", "0", "10000000")),
    *(_timing(value) for value in TIMES),
    _timing("null", OK),
    _of("timings", "[1]", BAD, "timings is a list"),
    _of("timings", '"x"', BAD, "timings is text"),
    _of("timings", "1", BAD, "timings is a number"),
    _of("timings", '{"other": "x"}', OK),
    _of("usage", "null", BAD, "usage is null"),
    _of("usage", "[]", BAD, "usage is a list"),
    _of("usage", '"x"', BAD, "usage is text"),
    _of("id", "1", BAD, "id is a number"),
    _of("id", "null", BAD, "id is null"),
    _of("model", "[]", BAD, "model is a list"),
    _of("answer", '""', BAD, "answer is empty"),
    _of("answer", "null", BAD),
    _of("answer", "1", BAD),
    _of("answer", r'"\ud800"', BAD, "not valid JSON"),
    _of("answer", r'"\u0000"', OK),
    _of("answer", '"\x00"', BAD, "not valid JSON"),
    _of("citations", "null", BAD, "citations is null"),
    _of("citations", "{}", BAD),
    _of("citations", "[1]", BAD, "element of citations"),
    _of("citations", "[null]", BAD),
    _of("citations", "[{}]", BAD, "passage_id is null"),
    _of("citations", '[{"passage_id": {}}]', BAD, "passage_id is an object"),
    _of("citations", "[" + ",".join(['{"passage_id": "p"}'] * 20_000) + "]", BAD, "more than 1,000 citations"),
    _of("citations", '[{"passage_id": "' + "p" * 20_000 + '"}]', BAD, "16,384 characters"),
    _of("citations", "[" * 900 + "]" * 900, BAD),
    _raw("an answer in invalid UTF-8", answer().encode().replace(b"hello", b"h\xff\xfe"), says="not valid JSON"),
    _raw("lists without end in one another", "[" * 500_000, says="not valid JSON"),
    _raw("objects without end in one another", '{"a":' * 300_000, says="not valid JSON"),
    _raw("a key of 1 MB", answer(**{"k" * 1_000_000: "1"}), OK),
    _raw("every key twice", answer()[:-1] + ", " + answer()[1:], OK),
    _raw("345,000 lists", '{"x": [' + ",".join(["[]"] * 345_000) + "]}", says="answer is null"),
    _raw("60,000 keys", "{" + ",".join(f'"{k}":{k}' for k in range(60_000)) + "}", says="answer is null"),
    _raw("a byte order mark", b"\xef\xbb\xbf" + answer().encode(), OK),
    _raw("something after the answer", answer() + "{}", says="not valid JSON"),
    _raw("nothing", b"", says="empty"),
    _raw("blanks", b" " * 1000, says="not valid JSON"),
    _raw("a list", "[]"),
    _raw("text", '"x"'),
    _raw("a number of 100,000 digits", "9" * 100_000),
    _raw("null", "null"),
    _raw("half an answer", answer()[:40], says="not valid JSON"),
    _raw("2 MiB", answer(answer='"' + "x" * (2 << 20) + '"'), says="larger than 1 MiB"),
    _raw("a stream where an answer was asked for", "data: x\n\n", kind="text/event-stream", says="got a stream"),
    _raw("HTML", "<html>" + "x" * 100_000, kind="text/html", says="not valid JSON"),
    _raw("UTF-16", answer().encode("utf-16")),
    *(
        Hostile(
            f"a bomb in {name}",
            whole(b"\x1f\x8b\x08" + b"\x00" * 100_000, f"Content-Encoding: {name}"),
            BAD,
            name,
            stream=False,
        )
        for name in ("gzip", "br", "deflate", "zstd", "gzip, gzip", "x" * 50)
    ),
    *(_header("X-Instance-Requests", value) for value in HEADERS),
    *(_header("X-Instance-Age-Ms", value) for value in HEADERS),
    _header("X-Instance-Requests", "3", OK),
    _header("X-Instance-Age-Ms", "12.5", OK),
    Hostile("an instance id of 60,000 characters", whole(answer(), f"X-Instance-Id: {'x' * 60_000}"), OK, stream=False),
    Hostile(
        "ids of bytes beyond ASCII",
        whole(answer(), "X-Instance-Id: \xff\x80\xfe", "X-Request-Id: \x9b31m"),
        OK,
        stream=False,
    ),
    *(
        Hostile(
            f"429 with Retry-After: {value[:24]}",
            whole("{}", f"Retry-After: {value}", status="429 No"),
            "throttled",
            stream=False,
        )
        for value in (
            "-1",
            "1e300",
            "abc",
            "9" * 5000,
            "Fri, 31 Dec 9999 23:59:59 -9999",
            "Mon, 01 Jan 0001 00:00:00 +2359",
            "nan",
            "\xff",
        )
    ),
    *(
        Hostile(
            f"an error whose code is {shown}",
            whole(f'{{"error": {{"code": {code}}}}}', status="500 No"),
            "server_error",
            stream=False,
        )
        for shown, code in {
            "2^70": "1180591620717411303424",
            "a million characters": '"' + "x" * 1_000_000 + '"',
            "an object": "{}",
            "lists in lists": "[" * 500 + "]" * 500,
            "true": "true",
            "a line break": r'"a\nb"',
        }.items()
    ),
    Hostile(
        "an error of 60,000 parts",
        whole('{"error": {"details": [' + ",".join(['{"reason": "x"}'] * 60_000) + "]}}", status="500 No"),
        "server_error",
        stream=False,
    ),
    Hostile("a 500 of 3 MiB", whole(b"x" * (3 << 20), status="500 No"), "server_error", stream=False),
    Hostile(
        "a 429 without end",
        lambda peer: (peer.send(head("text/plain", status="429 No")), peer.flood(b"x" * 1000)),
        "throttled",
        stream=False,
    ),
    Hostile(
        "a 200 without end",
        lambda peer: (peer.send(head()), peer.flood(b" " * 1000)),
        BAD,
        "larger than 1 MiB",
        stream=False,
    ),
    Hostile("a 200 in drops without end", lambda peer: (peer.send(head()), peer.drip(b"ab")), "timeout", stream=False),
]
