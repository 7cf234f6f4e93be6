"""Streams of ``rag-chat/1`` and ``openai-chat``: floods, drops, odd events, events without end."""

from __future__ import annotations

from tests.attack.answers.peer import CHUNKED, SSE, Hostile, Peer, chunk, event, head, streamed

BAD, OK, CUT, LATE = "bad_contract", "ok", "cut_stream", "timeout"
CITED = event('{"citations": []}', "citations")
TOKEN = event('{"text": "a"}', "token")
ENDED = '{"id": "a", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 2}}'
DONE = event(ENDED, "done")
OPENED = head(SSE)  # whose body ends with the connection


def _after(*begun: bytes, flood: bytes = b"", drip: bytes = b"", then: bytes = b""):
    def act(peer: Peer) -> None:
        peer.send(OPENED, *begun)
        if flood:
            peer.flood(flood)
        if drip:
            peer.drip(drip)
        peer.send(then)

    return act


def _done(name: str, data: str, want: str = BAD, says: str = "") -> Hostile:
    return Hostile(f"done with {name}", streamed(CITED, TOKEN, event(data, "done")), want, says)


def _token(name: str, data: bytes | str, want: str = BAD, says: str = "") -> Hostile:
    return Hostile(f"a token with {name}", streamed(CITED, event(data, "token"), DONE), want, says)


def _usage(value: str) -> Hostile:
    return _done(f"output_tokens = {value[:24]}", f'{{"id": "a", "model": "m", "usage": {{"output_tokens": {value}}}}}')


RAG: list[Hostile] = [
    Hostile("a good stream", streamed(CITED, TOKEN, DONE), OK),
    Hostile(
        "a good stream in one chunk of each byte",
        head(SSE, CHUNKED) + b"".join(chunk(b"%c" % b) for b in CITED + TOKEN + DONE) + b"0\r\n\r\n",
        OK,
    ),
    Hostile("9,000 tokens", streamed(CITED, TOKEN * 9_000, DONE), OK),
    Hostile("carriage returns alone", streamed(*(part.replace(b"\n", b"\r") for part in (CITED, TOKEN, DONE))), OK),
    Hostile("a byte order mark", streamed(b"\xef\xbb\xbf", CITED, TOKEN, DONE), OK),
    Hostile("a token before the citations", streamed(TOKEN, CITED, DONE), BAD, "before the citations"),
    Hostile("no citations", streamed(TOKEN, DONE), BAD),
    Hostile("no token", streamed(CITED, DONE), BAD, "without a token"),
    Hostile("no end", streamed(CITED, TOKEN), CUT),
    Hostile("an end twice", streamed(CITED, TOKEN, DONE, DONE), OK),
    Hostile("more after the end", streamed(CITED, TOKEN, DONE, b"\x00" * 50_000), OK),
    Hostile("nothing but zeros", streamed(b"\x00" * 100_000), CUT),
    Hostile("an empty stream", streamed(), CUT),
    Hostile(
        "citations that are no list",
        streamed(event('{"citations": 1}', "citations"), TOKEN, DONE),
        BAD,
        "citations is a number",
    ),
    Hostile("citations that are no JSON", streamed(event("x", "citations"), TOKEN, DONE), BAD),
    Hostile("citations in one another", streamed(event("[" * 100_000, "citations"), TOKEN, DONE), BAD),
    _token("no text", "{}"),
    _token("null", '{"text": null}'),
    _token("a number", '{"text": 1}'),
    _token("nothing in it", '{"text": ""}'),
    _token("a list", '{"text": ["a"]}'),
    _token("no object", "[]"),
    _token("no JSON", "{"),
    _token("half a pair", r'{"text": "\ud800"}'),
    _token("invalid UTF-8", b'{"text": "\xff"}'),
    _token("NUL", r'{"text": "\u0000"}', OK),
    _token("a bracket too many", '{"text": "a"}]'),
    _token("another event in it", '{"text": "a"},{"text": "b"}'),
    _token("200 KB", '{"text": "' + "x" * 200_000 + '"}', OK),
    _token("objects in one another", '{"a":' * 40_000),
    *(_usage(value) for value in ("9223372036854775808", "-1", "1e300", "true", '"2"', "NaN", "[1]", "9" * 5000)),
    _done("timings = [1]", ENDED[:-1] + ', "timings": [1]}', says="timings is a list"),
    _done("a negative timing", ENDED[:-1] + ', "timings": {"generation_ms": -5}}', says="generation_ms"),
    _done("no object", "[]"),
    _done("no JSON", "{"),
    _done("nothing", ""),
    _done("lists in one another", "[" * 100_000),
    _done("no usage", '{"id": "a", "model": "m"}', says="usage is null"),
    Hostile("an error that is no JSON", streamed(CITED, TOKEN, event("{", "error")), "server_error|bad_contract"),
    Hostile("an error that is text", streamed(CITED, TOKEN, event('"x"', "error")), "server_error"),
    Hostile(
        "an error of 200 KB",
        streamed(CITED, event('{"error": {"code": "' + "x" * 200_000 + '"}}', "error")),
        "server_error",
    ),
    Hostile("tokens without end", _after(CITED, flood=TOKEN), BAD, " events"),
    Hostile("tokens in drops without end", _after(CITED, drip=TOKEN), LATE),
    Hostile("tokens of one byte in drops", _after(CITED, drip=b"event: token\ndata"), f"{LATE}|{BAD}"),
    Hostile("heartbeats without end", _after(CITED, flood=b": x\n\n"), BAD, "more than"),
    Hostile("heartbeats in drops", _after(CITED, drip=b": x\n\n"), LATE),
    Hostile("events that nobody knows without end", _after(CITED, flood=event("x", "other")), BAD, " events"),
    Hostile("one token of 100 MB", _after(CITED, b'event: token\ndata: {"text": "', flood=b"x"), BAD, "more than"),
    Hostile(
        "a token of 100 MB in 1,000 lines",
        _after(CITED, b"event: token\n", flood=b"data: " + b"x" * 90_000 + b"\n"),
        BAD,
        "more than",
    ),
    Hostile("empty data lines without end", _after(CITED, flood=b"data:\n"), BAD, "more than"),
    Hostile("a comment without end", _after(CITED, b": ", flood=b"x"), BAD, "more than"),
    Hostile("an event's name without end", _after(CITED, b"event: ", flood=b"x"), BAD, "more than"),
    Hostile("names of events without end", _after(CITED, flood=b"event: abc\n"), BAD, "more than"),
    Hostile("ids without end", _after(CITED, flood=b"id: 1\n"), BAD, "more than"),
    Hostile("line feeds without end", _after(CITED, flood=b"\n"), BAD, "more than"),
    Hostile("carriage returns without end", _after(CITED, flood=b"\r"), BAD, "more than"),
    Hostile("numbers in place of tokens without end", _after(CITED, flood=event('{"text": 1}', "token")), BAD),
    Hostile("an event of 1 MB in drops of two bytes", _after(CITED, b"event: token\ndata: ", drip=b"xy"), LATE),
    Hostile("the end within an event", _after(CITED, TOKEN, b"event: done\nda"), CUT),
    Hostile("the end within a character", _after(CITED, b'event: token\ndata: {"text": "\xc3'), CUT),
    Hostile(
        "a whole answer",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        BAD,
        "got a whole answer",
    ),
    Hostile(
        "a stream in gzip", streamed(b"\x1f\x8b\x08" + b"\x00" * 50_000, more=["Content-Encoding: gzip"]), BAD, "gzip"
    ),
    Hostile("a type of 60,000 characters", head("x" * 60_000) + CITED + TOKEN + DONE, BAD),
]


def _chunk(delta: str, more: str = "") -> bytes:
    return event(f'{{"choices": [{{"delta": {delta}{more}}}]}}')


HELLO = _chunk('{"content": "hello"}')
STOP = event("[DONE]")
FAILED = event('{"choices": [{"delta": {}, "error": {"code": "x", "metadata": [' + ",".join(["[]"] * 60_000) + "]}}]}")


def _delta(name: str, delta: str, want: str = BAD, says: str = "") -> Hostile:
    return Hostile(f"delta: {name}", streamed(_chunk(delta), STOP), want, says)


def _chunks(name: str, *rows: str, want: str = BAD, says: str = "") -> Hostile:
    return Hostile(name, streamed(HELLO, *(event(row) for row in rows), STOP), want, says)


OPENAI: list[Hostile] = [
    Hostile("a good stream", streamed(HELLO, STOP), OK),
    Hostile("no end", streamed(HELLO), CUT),
    Hostile("an end alone", streamed(STOP), BAD, "not a single choice"),
    Hostile("50,000 ends", streamed(HELLO, STOP * 50_000), OK),
    _delta("a list", "[]", says="delta is a list"),
    _delta("text", '"x"'),
    _delta("content is a number", '{"content": 1}'),
    _delta("content is an object", '{"content": {}}'),
    _delta("content is a list of numbers", '{"content": [1]}'),
    _delta("content is half a pair", r'{"content": "\ud800"}'),
    _delta("content is NUL", r'{"content": "\u0000"}', OK),
    _delta("content lies in lists", '{"content": ' + "[" * 900 + "]" * 900 + "}", f"{BAD}"),
    _delta("reasoning is a number", '{"content": "a", "reasoning": 1}'),
    _delta("tool_calls is text", '{"tool_calls": "x"}'),
    _delta("tool_calls of numbers", '{"tool_calls": [1]}'),
    _delta("a function that is a list", '{"tool_calls": [{"function": []}]}'),
    _delta("arguments of 2^70", '{"tool_calls": [{"function": {"arguments": 1180591620717411303424}}]}', OK),
    _delta("a refusal that is a number", '{"refusal": 1}'),
    _delta("function_call is text", '{"function_call": "x"}'),
    _chunks("choices is an object", '{"choices": {"a": 1}}', says="choices is an object"),
    _chunks("choices is a number", '{"choices": 1}', says="choices is a number"),
    _chunks("choices of numbers", '{"choices": [1]}'),
    _chunks("60,000 choices", '{"choices": [' + ",".join(["{}"] * 60_000) + "]}", want=OK),
    _chunks("a chunk that is a list", "[1]"),
    _chunks("a chunk that is a number", "1"),
    _chunks("a chunk that is no JSON", "{"),
    _chunks("lists in one another", "[" * 100_000),
    _chunks("objects in one another", '{"choices":' * 20_000),
    _chunks("finish_reason is a number", '{"choices": [{"delta": {}, "finish_reason": 1}]}'),
    _chunks(
        "finish_reason of 200 KB", '{"choices": [{"delta": {}, "finish_reason": "' + "x" * 200_000 + '"}]}', want=OK
    ),
    _chunks("usage is a list", '{"choices": [], "usage": [1]}', says="usage is a list"),
    *(
        _chunks(f"completion_tokens = {value[:24]}", f'{{"choices": [], "usage": {{"completion_tokens": {value}}}}}')
        for value in ("9223372036854775808", "-1", "1e300", "true", '"2"', "NaN", "[1]", "9" * 5000)
    ),
    _chunks(
        "reasoning_tokens = -1",
        '{"choices": [], "usage": {"completion_tokens_details": {"reasoning_tokens": -1}}}',
        says="reasoning_tokens",
    ),
    *(
        Hostile(
            f"an error that is {shown}",
            streamed(HELLO, event(f'{{"error": {value}}}')),
            "server_error|bad_contract|cut_stream",
        )
        for shown, value in {
            "true": "true",
            "2^70": "1180591620717411303424",
            "a list": "[1]",
            "lists": "[" * 500 + "]" * 500,
        }.items()
    ),
    Hostile("an error event of 200 KB that is no JSON", streamed(HELLO, event("x" * 200_000, "error")), "server_error"),
    Hostile(
        "a failed choice, then tokens in drops",
        _after(
            FAILED,
            drip=HELLO,
        ),
        LATE,
    ),
    Hostile("tokens without end", _after(flood=HELLO), BAD, "more than"),
    Hostile("empty chunks without end", _after(flood=event('{"choices": []}')), BAD, " events"),
    Hostile("blank events without end", _after(flood=event(" ")), BAD, " events"),
    Hostile("reasoning without end", _after(flood=_chunk('{"reasoning": "hm"}')), BAD, "more than"),
    Hostile("one token of 100 MB", _after(b'data: {"choices": [{"delta": {"content": "', flood=b"x"), BAD, "more than"),
    Hostile("one token a while without end", _after(drip=HELLO), LATE),
]
