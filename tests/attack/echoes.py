"""A server that says again whatever it is sent, in every place of an answer and in every form, with a terminal's tricks around it."""

from __future__ import annotations

import base64
import itertools
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

TRICK = "\x1b[2K\x1b]0;owned\x07\r  pass  it is fine\x9b31m\u202e\u200b"
OPEN = ("host", "user-agent", "content-type", "content-length", "accept", "accept-encoding", "connection")
CALM = "\x9b31m\xad"  # what a value of a header may hold on the wire: an escape of one byte, and what nobody sees


def heard(head: bytes, body: bytes) -> list[str]:
    """What was sent and is worth saying again: values of headers, and texts of the body."""
    out = []
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        if value and name.lower() not in OPEN:
            out.append(value)
    with suppress(ValueError):
        out += [t for t in _texts(json.loads(body)) if len(t) >= 12]
    return out or ["nothing was sent"]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def said_again(value: str) -> list[str]:
    """One value in many forms."""
    bare = value.rpartition(" ")[2]
    return [
        value,
        bare,
        quote(bare, safe=""),
        base64.b64encode(value.encode()).decode(),
        bare.encode().hex(),
        json.dumps(bare),
    ]


def answer(status: str, body: str, kind: str = "application/json", **headers: str) -> bytes:
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    data = body.encode("utf-8", "surrogatepass")
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n{head}\r\n".encode("latin-1")
        + data
    )


def good(text: str, passage: str) -> str:
    usage = {"input_tokens": 1, "output_tokens": 1}
    row = {"passage_id": passage, "title": text, "score": 1}
    return json.dumps({"id": text, "answer": text, "model": text, "citations": [row], "usage": usage, "timings": {}})


def answers(value: str) -> list[bytes]:
    """One value, in each place where a reader looks."""
    text, wire = TRICK + value + TRICK, value.replace("\r", "").replace("\n", "")
    marked = CALM + wire + CALM
    ids = {"X_Request_Id": marked, "X_Instance_Id": marked, "X_Platform_Request_Id": marked, "X_Init_Type": marked}
    own = {
        **ids,
        "X_Instance_Requests": "1",
        "X_Instance_Age_Ms": "5",
        "x_amzn_RequestId": wire,
        "Apigw_Requestid": wire,
    }
    return [
        answer("200 OK", good(text, value), **own),
        answer("500 Oh", json.dumps({"error": {"code": value, "message": text, "type": text}}), **ids),
        answer("500 Oh", json.dumps({"error": {"code": "x" * (80 - 20) + value}})),
        answer("401 No", json.dumps({"error": {"code": f"invalid key {value}"}})),
        answer("400 No", json.dumps({"code": text})),
        answer("302 There", "", Location=f"https://user:{quote(wire)}@evil.example/?token={quote(wire)}#{quote(wire)}"),
        answer("429 Wait", json.dumps({"error": text}), Retry_After="0", x_amzn_errortype=f"{wire}:http://x"),
        answer("200 OK", text, kind=f"text/{wire.replace(' ', '-')}"),
        answer("200 OK", json.dumps({"answer": 5, "id": text})),
        answer(
            "200 OK", f"event: error\ndata: {json.dumps({'code': value, 'message': text})}\n\n", "text/event-stream"
        ),
        answer("200 OK", f"event: citations\ndata: {{{text}\n\n", "text/event-stream"),
        f"HTTP/1.1 2{wire[:6]} {wire}\r\n\r\n".encode("latin-1", "replace"),
        f"{wire} {text}\r\n\r\n".encode("utf-8", "replace"),
        f"HTTP/1.1 503 Busy {wire}\r\nServer: {marked}\r\nVia: {wire}\r\nContent-Length: 999\r\n\r\n{wire}".encode(
            "latin-1"
        ),
    ]


@contextmanager
def echoing() -> Iterator[tuple[str, list[bytes]]]:
    """Its URL, and the requests that it got."""
    got: list[bytes] = []
    turn = itertools.count()

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as reader:
            head = b""
            while not head.endswith(b"\r\n\r\n") and (line := reader.readline(65536)):
                head += line
            sizes = [int(x.split(b":")[1]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")]
            body = reader.read(sizes[0]) if sizes else b""
            got.append(head + body)
            number = next(turn)
            values = [form for value in heard(head, body) for form in said_again(value)]
            value = values[number // 14 % len(values)]
            meta = json.dumps({"contract": "rag-chat/1", "model": f"{TRICK}{value}", "runtime": {"kind": value}})
            of_meta = head.startswith(b"GET") and b"/v1/meta" in head
            connection.sendall(answer("200 OK", meta) if of_meta else answers(value)[number % 14])

    def accept(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", got
