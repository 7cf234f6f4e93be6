"""What only the wire shows: ends that come early or late, dead connections, answers before their request is whole."""

import socket
import ssl
import struct
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from tests.load.asking import ask

WHOLE = b'{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hello"}}]}'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(WHOLE), WHOLE)
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
HELLO = b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
LAST = b"0\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Request:
    """One that was read: how many came on its connection before it, and in all."""

    def __init__(self, connection, on_connection, in_all):
        self.connection, self.on_connection, self.in_all = connection, on_connection, in_all

    def send(self, *data):
        for part in data:
            self.connection.sendall(part)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def serving(act, *, read_bodies=True, before_body=b"", window=None, tls=None):
    """A raw server; ``act`` answers a request and returns True where the connection ends."""
    listener = socket.socket()
    if window:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    count = [0]

    def serve(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), tls.wrap_socket(connection, server_side=True) if tls else connection as opened:
            reader, served = opened.makefile("rb"), 0
            while length := _head(reader):
                opened.sendall(before_body)
                if read_bodies:
                    reader.read(length)
                count[0] += 1
                if act(Request(opened, served, count[0])):
                    return
                served += 1

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}", count
    listener.close()


def _head(reader):
    """Length of the body of the next request, 0 at the end."""
    length = 0
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return length


def test_a_stream_ends_with_its_own_end_whatever_its_connection_does_later():
    def act(request):
        request.send(SSE, chunk(HELLO + DONE))
        time.sleep(5)
        request.send(LAST)

    with serving(act) as (url, _):
        first, second = ask(url, "stream", "stream", gap_s=0.3)

    assert first["outcome"] == second["outcome"] == "ok"
    assert second["finished_s"] - second["sent_s"] < 4.0
    assert not second["conn_reused"], "a connection whose body had not ended was used again"
    assert second["sockets"] == 0


def test_a_stream_whose_last_chunk_comes_a_moment_after_keeps_its_connection():
    def act(request):
        request.send(SSE, chunk(HELLO + DONE))
        time.sleep(0.005)
        request.send(LAST)

    with serving(act) as (url, _):
        rows = ask(url, *["stream"] * 6, gap_s=0.02)

    assert any(row["conn_reused"] for row in rows), "on a busy machine a moment may be longer, but not each time"


def test_a_reset_after_the_streams_own_end_is_nothing():
    def act(request):
        request.send(SSE, chunk(HELLO + DONE))
        time.sleep(0.01)
        request.reset()
        return True

    with serving(act) as (url, _):
        assert [s["outcome"] for s in ask(url, "stream", "stream")] == ["ok", "ok"]


def test_over_tls_too(tmp_path):
    """Ends that come early or never, and a kept-alive connection that was closed."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def act(request):
        if request.in_all == 3:
            request.send(SSE, chunk(HELLO + DONE))
            time.sleep(5)
            request.send(LAST)
        elif request.in_all != 2:
            request.send(SSE, chunk(HELLO + DONE) + LAST)
        return request.in_all == 2

    with serving(act, tls=context) as (url, count):
        rows = ask(url, *["stream"] * 4, ca_file=str(tmp_path / "ca.pem"))

    assert [s["outcome"] for s in rows] == ["ok"] * 4
    assert [s["resent"] for s in rows] == [None, True, None, None]
    assert [s["conn_reused"] for s in rows] == [False, False, False, True]
    assert rows[1]["finished_s"] - rows[1]["sent_s"] < 4.0
    assert count[0] == 5


@pytest.mark.parametrize("more", [b"}\n", b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"])
def test_bytes_beyond_the_length_cost_the_connection_and_nothing_more(more):
    with serving(lambda request: request.send(OK + more)) as (url, _):
        rows = ask(url, "json", "json")

    assert [(s["outcome"], s["status"], s["conn_reused"]) for s in rows] == [("ok", 200, False)] * 2


@pytest.mark.parametrize("reset", [False, True])
def test_a_kept_alive_connection_that_was_closed_is_replaced_at_once_and_said_so(reset):
    """The peer closes as the second request is under way: it has read nothing of it that counts."""

    def act(request):
        if request.on_connection == 0:
            request.send(OK)
            return False
        if reset:
            request.reset()
        return True

    with serving(act) as (url, count):
        first, second, third = ask(url, "json", "json", "json")

    assert [s["outcome"] for s in (first, second, third)] == ["ok"] * 3
    assert (first["resent"], second["resent"], second["attempts"]) == (None, True, 1)
    assert not second["conn_reused"]
    assert second["connect_s"] > 0
    assert count[0] == 3 + sum(bool(s["resent"]) for s in (first, second, third))


def test_a_new_connection_that_closes_is_a_failure_and_not_tried_again():
    with serving(lambda request: True) as (url, count):
        (only,) = ask(url, "json")

    assert (only["outcome"], only["resent"], count[0]) == ("connection_error", None, 1)


def test_a_request_whose_service_dies_while_it_works_is_not_sent_again():
    def act(request):
        if request.on_connection == 0:
            request.send(OK)
            return False
        time.sleep(1.3)
        return True

    with serving(act) as (url, count):
        _, second = ask(url, "json", "json")

    assert (second["outcome"], second["resent"], count[0]) == ("connection_error", None, 2)


def test_half_a_head_is_an_answer_that_began_and_no_reason_to_send_again():
    def act(request):
        if request.on_connection == 0:
            request.send(OK)
            return False
        request.send(b"HTTP/1.1 200")
        return True

    with serving(act) as (url, count):
        _, second = ask(url, "json", "json")

    assert (second["outcome"], second["resent"], count[0]) == ("connection_error", None, 2)


@pytest.mark.parametrize("status", [b"413 Request Entity Too Large", b"401 Unauthorized"])
@pytest.mark.parametrize("keeps_open_s", [0.05, 1.0])
def test_an_answer_that_comes_before_the_request_is_whole_is_read(status, keeps_open_s):
    def act(request):
        request.send(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        time.sleep(keeps_open_s)
        return True

    with serving(act, read_bodies=False, window=16384) as (url, _):
        (only,) = ask(url, "json", prompt="x" * 12_000_000)

    assert only["status"] == int(status[:3])
    assert only["outcome"] == {413: "rejected", 401: "unauthorized"}[only["status"]]
    assert only["sockets"] == 0


def test_a_refusal_whose_body_is_cut_is_a_refusal():
    refusal = b"HTTP/1.1 413 X\r\nContent-Length: 5000\r\n\r\n<html>"

    with serving(lambda request: request.send(refusal) or True) as (url, _):
        (only,) = ask(url, "json")

    assert (only["outcome"], only["status"]) == ("rejected", 413)


def test_an_interim_answer_does_not_stop_a_long_request():
    """103 comes while the body is still being written, and the real answer when it is whole."""
    continues = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"

    with serving(lambda request: request.send(OK), before_body=continues, window=16384) as (url, _):
        (only,) = ask(url, "json", prompt="x" * 12_000_000, deadline_s=20)

    assert (only["outcome"], only["status"]) == ("ok", 200)


BOTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
LF = b"HTTP/1.1 200 OK\ncontent-length: 2\n\n{}"
BLANK = b"HTTP/1.1 200 OK\r\nX-Powered-By : PHP\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (BOTH, ["Transfer-Encoding", "Content-Length"]),
        (LF, ["CR", r"200 OK\n"]),
        (BLANK, ["X-Powered-By : PHP"]),
        (b"\x00\x00\x12\x04\x00\x00", [r"\x00\x00\x12\x04"]),
    ],
)
def test_what_is_not_http_is_named(head, named):
    with serving(lambda request: request.send(head) or True) as (url, _):
        (only,) = ask(url, "json")

    assert only["outcome"] == "bad_contract"
    assert only["detail"].startswith("not valid HTTP/1.1: ")
    assert all(words in only["detail"] for words in named), only["detail"]


def test_a_client_that_tries_again_gets_past_a_gateways_504():
    answers = iter([b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n", OK])

    with serving(lambda request: request.send(next(answers))) as (url, _):
        (only,) = ask(url, "json", retry=True)

    assert (only["outcome"], only["attempts"]) == ("ok", 2)


def test_a_server_that_asks_not_to_come_again_is_heeded():
    refusal = b"HTTP/1.1 429 X\r\nx-should-retry: false\r\nContent-Length: 0\r\n\r\n"

    with serving(lambda request: request.send(refusal)) as (url, count):
        (only,) = ask(url, "json", retry=True)

    assert (only["outcome"], only["attempts"], count[0]) == ("throttled", 1, 1)


def test_a_slot_that_begins_late_was_free_and_one_that_still_waits_for_an_answer_was_not():
    """On a busy machine slots begin after the first requests are due: that is lag, and more slots would not help."""

    def act(request):
        time.sleep(0.1)
        request.send(OK)

    with serving(act) as (url, _):
        late = ask(url, "json", "json", slots=4, gap_s=0.01, begin_s=0.05)
        busy = ask(url, "json", "json", slots=1, gap_s=0.01)

    assert [row["outcome"] for row in (*late, *busy)] == ["ok"] * 4
    assert [row["no_free_slot"] for row in (late[0], busy[0])] == [0, 1]
    assert late[0]["sent_s"] - late[0]["scheduled_s"] > 0.04
