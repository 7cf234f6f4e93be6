"""Hypothesis against every reader of what a target sends: it reads or refuses, keeps little, and ends; nothing else is raised."""

from __future__ import annotations

import socket as plain
from collections.abc import Callable
from dataclasses import dataclass

import gevent
import gevent.socket
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.check.checks import typed_meta
from harness.check.contract_check import parity
from harness.check.guess import Streamed, of_stream, of_whole
from harness.check.jobs_draft import jobs_draft
from harness.check.openapi import askings, posts, two_steps
from harness.check.preflight import fairness_checks
from harness.dialects.errors import code_of, error_in, gist, signs_of
from harness.dialects.framing.choose import PARSERS
from harness.dialects.framing.events import Event, Malformed
from harness.dialects.readers import reader_of
from harness.dialects.retry_after import retry_after_s, should_retry
from harness.dialects.room import Room
from harness.dialects.shapes import json_object
from harness.domain.bounds import EVENT_BYTES, HELD_BYTES, RETRY_AFTER_S
from harness.domain.sample import Outcome, Sample
from harness.domain.target import Dialect
from harness.evidence.files import dump
from harness.evidence.fitting import fit
from harness.load.connection import Connection
from harness.load.faults import ClosedEarly, DeadlinePassed, NotHttp, Stale
from harness.load.meta import problem_of
from harness.load.websocket import WebSocket
from tests.attack.answers import mapped, streams
from tests.attack.answers.peer import Hostile, Peer
from tests.attack.answers.table import DIALECTS, GROUPS, MAPPINGS
from tests.attack.fuzzing import SECONDS, fuzz, in_pieces, spoilt_bytes

MOST_SEED = 20_000  # bytes of an answer that is spoilt: larger ones only slow the rounds down
REFUSALS = (Stale, ClosedEarly, NotHttp, DeadlinePassed, OSError)


def wires(group: str) -> list[bytes]:
    """The hostile answers of a group that are plain bytes, and not too many of them."""
    return [one.act for one in GROUPS[group] if isinstance(one.act, bytes) and len(one.act) < MOST_SEED]


def bodies(group: str) -> list[bytes]:
    return [wire.partition(b"\r\n\r\n")[2] for wire in wires(group)]


PLAIN = {
    "sse": [
        streams.CITED + streams.TOKEN * 3 + streams.DONE,
        streams.HELLO + streams.STOP,
        b": x\r\n\r\ndata\r\rid: 1\n\n",
    ],
    "ndjson": [mapped.SAID * 3 + mapped.OVER, b'\xef\xbb\xbf{"out": 3}\r\n\n'],
    "json-array": [b'[{"t": "a"},\n{"t": "b\\"]"}, 1, "x"]', b"[]"],
    "aws-event-stream": [mapped.CHUNK * 2 + mapped.END],
    "text": ["añ€𝄞".encode()],
}
CHUNKED = {"text": b"text/plain", "ndjson": b"application/x-ndjson", "sse": b"text/event-stream"}


def check_framing(kind: str) -> Callable:
    def check(pieces: list[bytes]) -> None:
        parser = PARSERS[next(k for k in PARSERS if k.value == kind)]()
        try:
            for piece in pieces:
                assert all(isinstance(event, Event) for event in parser.feed(piece))
                assert parser.held <= EVENT_BYTES
            parser.end()
        except Malformed:
            return
        assert parser.cut in (True, False)

    return check


def check_reader(group: str) -> Callable:
    """A whole exchange without a socket; its sample always fits into the file."""
    fields = MAPPINGS.get(group)
    dialect = DIALECTS.get(group, Dialect.MAPPED)

    def check(case: tuple) -> None:
        pieces, status, kind, stream, headers = case
        sample = Sample(0, "x", measured=True, question_id="q", stream=stream, scheduled_s=0.0, sent_s=0.0)
        reader = reader_of(dialect, fields)
        answer = reader(sample, 0.0)
        answer.head(status, {b"content-type": kind, **headers}, 0.01)
        for k, piece in enumerate(pieces):
            answer.body(piece, 0.02 + k / 1000)
        sample.outcome, sample.error_code = answer.close()
        answer.leave()
        assert Outcome(sample.outcome) not in (Outcome.NOT_SENT, Outcome.LOST, Outcome.ABORTED)
        row = sample.row()
        assert fit(row) is row
        assert all(len(value) <= 20_000 for value in row if isinstance(value, str))

    return check


HEADER_VALUES = st.binary(max_size=30) | st.sampled_from(
    [
        b"-1",
        b"nan",
        b"1e300",
        b"1_0",
        b"9" * 400,
        b"Fri, 31 Dec 9999 23:59:59 -9999",
        b"Wed, 21 Oct 2015 07:28:00 GMT",
        b"gzip",
    ]
)
HEADER_NAMES = (
    *(
        b"x-instance-id",
        b"x-instance-requests",
        b"x-instance-age-ms",
        b"x-init-type",
        b"x-request-id",
        b"retry-after",
        b"date",
    ),
    *(
        b"retry-after-ms",
        b"x-should-retry",
        b"content-encoding",
        b"x-amzn-errortype",
        b"server",
        b"x-platform-request-id",
    ),
)
HEADERS = st.dictionaries(st.sampled_from(HEADER_NAMES), HEADER_VALUES, max_size=6)


def exchanges(group: str) -> st.SearchStrategy:
    kind = CHUNKED.get(group, b"text/event-stream" if group in ("rag-chat", "openai-chat") else b"application/json")
    seeds = [*bodies(group), *PLAIN.get(group, [])]
    return st.tuples(
        in_pieces(spoilt_bytes(seeds)),
        st.sampled_from([200, 200, 200, 200, 101, 204, 302, 400, 429, 500, 503, 999]),
        st.sampled_from([kind, kind, kind, b"application/json", b"text/plain", b"", b"x" * 50]),
        st.booleans() | st.just(group not in ("values", "wire")),
        HEADERS,
    )


def check_headers(headers: dict) -> None:
    wait_s = retry_after_s(headers)
    assert wait_s is None or wait_s in RETRY_AFTER_S
    assert should_retry(headers) in (None, True, False)


class Origin:
    """What a connection wants of one."""

    base_url, host_header, open_sockets = "http://127.0.0.1:9", "127.0.0.1:9", 0


@dataclass
class Sink:
    """Counts, and is over when it is told so."""

    over: bool = False
    heads: int = 0
    size: int = 0

    def head(self, status, headers, now) -> None:
        assert 100 <= status <= 999
        assert len(headers) <= 256
        self.heads += 1

    def body(self, data, now) -> None:
        self.size += len(data)

    def hold(self, size) -> None:
        assert size <= EVENT_BYTES

    def closed(self, code, reason, now) -> None:
        self.over = True


def exchange(make: Callable, request: bytes, serve: Callable) -> Sink:
    """One exchange over a pair of sockets; it ends, for the other end closes."""
    here, there = gevent.socket.socketpair()
    origin, sink = Origin(), Sink()
    origin.open_sockets = 1
    wire = make(origin, here)
    peer = gevent.spawn(serve, there)
    try:
        with gevent.Timeout(20):
            wire.exchange(request, sink)
    except REFUSALS:
        sink.over = True
    finally:
        wire.close()
        peer.kill()
        there.close()
    assert origin.open_sockets == 0
    assert sink.heads <= 1
    return sink


def check_wire(pieces: list[bytes]) -> None:
    def serve(socket) -> None:
        socket.recv(1 << 16)
        try:
            for piece in pieces:
                socket.sendall(piece)
            socket.shutdown(plain.SHUT_WR)
        except OSError:
            return

    exchange(Connection, b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", serve)


def check_websocket(case: tuple) -> None:
    upgraded, pieces = case

    def serve(socket) -> None:
        head = socket.recv(1 << 16)
        try:
            if upgraded:
                Peer(socket, head).accept()
            for piece in pieces:
                socket.sendall(piece)
            socket.shutdown(plain.SHUT_WR)
        except OSError:
            return

    def make(origin, socket):
        return WebSocket(origin, socket, MAPPINGS["websocket"].websocket)

    exchange(make, b'GET /x HTTP/1.1\r\nHost: x\r\n\r\n{"q": "ping"}', serve)


def frames() -> list[bytes]:
    """What the hostile sockets send, without a socket."""
    found: list[bytes] = []

    class Recorder(Peer):
        def __init__(self) -> None:
            self.head = b""

        def accept(self, more: str = "") -> None:
            found.append(b"")

        def send(self, *data: bytes) -> None:
            found[-1] += b"".join(data)

        def flood(self, unit: bytes, most: int | None = None) -> None:
            self.send(unit * 20)

        def drip(self, unit: bytes, every_s: float = 0.05) -> None:
            self.send(unit * 3)

        def silent(self) -> None:
            pass

    for one in GROUPS["websocket"]:
        if isinstance(one, Hostile) and callable(one.act):
            found.append(b"")
            one.act(Recorder())
    return [data for data in found if 0 < len(data) < MOST_SEED]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                (
                    *(
                        "paths",
                        "/chat",
                        "/ask/{id}",
                        "/ask",
                        "post",
                        "get",
                        "requestBody",
                        "content",
                        "application/json",
                    ),
                    *(
                        "schema",
                        "$ref",
                        "allOf",
                        "anyOf",
                        "properties",
                        "required",
                        "type",
                        "question",
                        "messages",
                        "enum",
                    ),
                    *(
                        "default",
                        "error",
                        "code",
                        "errors",
                        "details",
                        "metadata",
                        "answer",
                        "text",
                        "usage",
                        "contract",
                    ),
                    *(
                        "caches",
                        "runtime",
                        "region",
                        "model",
                        "index_digest",
                        "stream",
                        "session_id",
                        "status",
                        "message",
                    ),
                )
            )
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)
REFERENCES = st.sampled_from(["#/", "#/paths", "#/paths/~1ask", "#/a/b", "array", "object", "string", "rag-chat/1"])
DOCUMENTS = st.dictionaries(
    st.sampled_from(["paths", "error", "contract", "runtime", "caches"]), JSON | REFERENCES, max_size=5
)


def check_document(value: dict) -> None:
    """An openapi.json, an error, an answer of an unknown API, /v1/meta: each is anything."""
    document = json_object(orjson.dumps(value))
    askings(document), posts(document), two_steps(document)
    jobs_draft({"base_url": "http://127.0.0.1:9"}, document)
    of_whole(document)
    of_stream(Streamed([Event("message", orjson.dumps(document)), Event("x", b"[DONE]")]))
    error = error_in(document) or document
    assert len(code_of(error) or "") <= 80
    assert list(signs_of(gist(error)))[:1] == list(signs_of(error))[:1]
    meta = typed_meta(document)
    parity(meta, typed_meta({}))
    fairness_checks(["a", "b"], ["unknown", "unknown"], [meta, meta], 1.0)
    assert dump(meta)
    if problem_of(document, 10) is None:
        assert dump(document)


READERS: dict[str, tuple[st.SearchStrategy, Callable]] = {
    **{
        f"framing {kind}": (in_pieces(spoilt_bytes([*seeds, *bodies(kind if kind in GROUPS else "rag-chat")])), check_framing(kind))
        for kind, seeds in PLAIN.items()
    },
    **{f"answers of {group}": (exchanges(group), check_reader(group)) for group in GROUPS if group not in ("wire", "websocket")},
    "headers": (HEADERS, check_headers),
    "HTTP": (in_pieces(spoilt_bytes([*wires("wire"), *wires("values")[:20]])), check_wire),
    "WebSocket": (st.tuples(st.booleans() | st.just(True), in_pieces(spoilt_bytes(frames()))), check_websocket),
    "documents": (DOCUMENTS, check_document),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_reads_or_refuses(reader):
    strategy, check = READERS[reader]

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(strategy)
    def some(case):
        check(case)

    some()


@pytest.mark.attack
@pytest.mark.timeout(SECONDS + 300)
@pytest.mark.parametrize("reader", READERS)
def test_no_finding_in_all_that_time(reader):
    cases = fuzz(*READERS[reader])
    print(f"\n{reader}: {cases} cases in {SECONDS:.0f} s, no finding", end="")


def test_room_is_given_back_whatever_comes():
    room = Room()
    places = [room.place() for _ in range(40)]
    for place in places:
        place.hold(1 << 20)
    for place in places:
        place.leave()
    assert room.left == HELD_BYTES
