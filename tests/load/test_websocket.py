"""Questions over a WebSocket: the upgrade, the messages, how it ends, and what a run keeps of each."""

import dataclasses
import ssl
import time

import pytest

from harness.workspace.mapping_toml import MappingTable
from tests.load.asking import ask
from tests.load.sockets import serving

PLAIN = {
    "path": "/live",
    "request": {"action": "ask", "text": "{prompt}", "id": "{request_id}"},
    "stream": {"framing": "websocket", "event_at": "type", "token_event": "token", "text": "t", "done_event": "done"},
}


def fields(**more):
    made = MappingTable.model_validate({**PLAIN, **more}).field_map()
    return dataclasses.asdict(made)


def answering(*messages, then=None):
    """Accepts, waits for a question, and sends these; ``then`` is given the peer."""

    def act(peer):
        peer.accept()
        while peer.asked() is not None:
            for message in messages:
                peer.send(message)
            if then is not None:
                then(peer)
                return

    return act


TOKENS = ({"type": "token", "t": "Hel"}, {"type": "token", "t": "lo"})
DONE = {"type": "done"}


def test_a_question_is_answered_by_messages_until_the_mappings_end():
    seen = []

    def act(peer):
        peer.accept("X-Instance-Id: i1\r\nX-Instance-Age-Ms: 90000\r\n")
        seen.append((peer.head.split("\r\n")[0], peer.header("X-Request-Id"), peer.asked()))
        for message in TOKENS:
            peer.send(message)
            time.sleep(0.05)
        peer.send(DONE)
        time.sleep(5)  # what it does afterwards is nobody's time

    with serving(act) as url:
        (sample,) = ask(f"{url}/base", "stream", fields=fields())
    ((line, request_id, question),) = seen
    assert line == "GET /base/live HTTP/1.1"
    assert question == {"action": "ask", "text": "ping", "id": request_id}
    assert (sample["outcome"], sample["status"], sample["token_events"]) == ("ok", 101, 2), sample["detail"]
    assert (sample["instance_id"], sample["cold"], sample["request_id"]) == ("i1", False, request_id)
    assert sample["sent_s"] < sample["headers_s"] < sample["first_token_s"] < sample["last_token_s"]
    assert sample["finished_s"] - sample["sent_s"] < 4.0
    assert sample["connect_s"] is not None
    assert sample["sockets"] == 0, "a connection a question"


def test_over_tls_it_is_the_same_with_a_handshake_more(tmp_path):
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(answering(*TOKENS, DONE), context) as url:
        how = fields(websocket={"keep_open": True})
        first, second = ask(url, "stream", "stream", fields=how, ca_file=str(tmp_path / "ca.pem"))
    assert [(s["outcome"], s["token_events"]) for s in (first, second)] == [("ok", 2)] * 2
    assert first["tls_s"] > 0
    assert (second["conn_reused"], second["tls_s"]) == (True, None)


def test_over_tls_a_silent_peer_is_a_timeout_too(tmp_path):
    """A check patches nothing: a socket that blocked its thread would never see the deadline pass."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(lambda _peer: time.sleep(3), context) as url:
        (sample,) = ask(url, "stream", fields=fields(), ca_file=str(tmp_path / "ca.pem"), deadline_s=0.5)
    assert sample["outcome"] == "timeout"


def test_a_message_may_come_in_frames_with_pings_between():
    pongs = []

    def then(peer):
        peer.send(b'{"type":"to', last=False)
        peer.send(b"are you there", 9)
        peer.send(b'ken","t":"Hi"}', 0)
        pongs.append(peer.frame())
        peer.send(DONE)

    with serving(answering(then=then)) as url:
        (sample,) = ask(url, "stream", fields=fields())
    assert (sample["outcome"], sample["token_events"]) == ("ok", 1)
    assert pongs == [(10, b"are you there")]


@pytest.mark.parametrize(
    ("status", "more", "outcome", "code"),
    [
        (429, "Retry-After: 3\r\n", "throttled", "slow"),
        (401, "", "unauthorized", "slow"),
        (200, "", "bad_contract", None),
    ],
)
def test_a_refused_upgrade_is_an_answer_like_any_other(status, more, outcome, code):
    with serving(lambda peer: peer.refuse(status, b'{"code":"slow"}' if status != 200 else b'{"a":1}', more)) as url:
        (sample,) = ask(url, "stream", fields=fields())
    assert (sample["outcome"], sample["status"], sample["error_code"]) == (outcome, status, code)
    assert sample["retry_after_s"] == (3.0 if more else None)


@pytest.mark.parametrize(
    ("code", "outcome", "said"),
    [
        (1000, "cut_stream", None),
        (1013, "overloaded", "1013"),
        (1011, "server_error", "1011"),
        (1008, "unauthorized", "1008"),
        (4429, "throttled", "4429"),
        (4999, "server_error", "4999"),
    ],
)
def test_a_close_before_the_answers_end_is_what_its_code_says(code, outcome, said):
    with serving(answering(TOKENS[0], then=lambda peer: peer.bye(code, "why"))) as url:
        (sample,) = ask(url, "stream", fields=fields())
    assert (sample["outcome"], sample["error_code"]) == (outcome, said)
    assert sample["detail"] == (
        f"closed with {code} why" if said else "the stream ended without its end (done_event = done)"
    )
    assert sample["token_events"] == 1


def test_a_normal_close_is_the_end_where_the_mapping_names_none():
    how = fields(stream={**PLAIN["stream"], "done_event": None})
    with serving(answering(*TOKENS, then=lambda peer: peer.bye(1000))) as url:
        (sample,) = ask(url, "stream", fields=how)
    assert (sample["outcome"], sample["token_events"]) == ("ok", 2)


def test_a_peer_that_is_gone_without_a_close_has_cut_the_stream():
    with serving(answering(*TOKENS, then=lambda _: None)) as url:
        (sample,) = ask(url, "stream", fields=fields(stream={**PLAIN["stream"], "done_event": None}))
    assert sample["outcome"] == "cut_stream"


def test_an_error_message_is_no_success():
    with serving(answering(TOKENS[0], {"type": "error", "error": {"code": "rate_limit_exceeded"}}, DONE)) as url:
        (sample,) = ask(url, "stream", fields=fields())
    assert (sample["outcome"], sample["error_code"]) == ("throttled", "rate_limit_exceeded")


def test_a_gateways_own_message_is_an_error_by_a_field_of_it():
    """API Gateway answers {"message", "connectionId", "requestId"} and keeps the socket open."""
    own = {"message": "Internal server error", "connectionId": "c1", "requestId": "r1"}
    with serving(answering(own)) as url:
        (sample,) = ask(url, "stream", fields=fields(stream={**PLAIN["stream"], "error_at": "connectionId"}))
    assert sample["outcome"] == "server_error"


def test_a_silent_peer_is_a_timeout():
    with serving(answering()) as url:
        (sample,) = ask(url, "stream", fields=fields(), deadline_s=0.5)
    assert (sample["outcome"], sample["sockets"]) == ("timeout", 0)


def test_an_upgrade_that_nobody_answers_is_a_timeout():
    with serving(lambda _: time.sleep(2)) as url:
        (sample,) = ask(url, "stream", fields=fields(), deadline_s=0.3)
    assert (sample["outcome"], sample["headers_s"], sample["sockets"]) == ("timeout", None, 0)


def test_bytes_that_are_no_frames_break_the_contract():
    def act(peer):
        peer.accept()
        peer.asked()
        peer.connection.sendall(b"\xff" * 64)
        time.sleep(0.5)

    with serving(act) as url:
        (sample,) = ask(url, "stream", fields=fields())
    assert sample["outcome"] == "bad_contract"
    assert "not a valid WebSocket" in sample["detail"]


def test_a_socket_that_is_kept_open_answers_the_next_question_too():
    peers = []

    def act(peer):
        peers.append(peer.number)
        answering(TOKENS[0], DONE)(peer)

    with serving(act) as url:
        first, second = ask(url, "stream", "stream", fields=fields(websocket={"keep_open": True}))
    assert peers == [1]
    assert [s["outcome"] for s in (first, second)] == ["ok", "ok"]
    assert (first["conn_reused"], second["conn_reused"], second["headers_s"]) == (False, True, None)


def test_one_that_the_peer_has_closed_meanwhile_is_opened_anew():
    def act(peer):
        peer.accept()
        peer.asked()
        peer.send(TOKENS[0])
        peer.send(DONE)
        peer.bye(1001)

    with serving(act) as url:
        first, second = ask(url, "stream", "stream", fields=fields(websocket={"keep_open": True}))
    assert [s["outcome"] for s in (first, second)] == ["ok", "ok"]
    assert not second["conn_reused"]


APPSYNC = {
    "path": "/event/realtime",
    "request": {
        "type": "publish",
        "id": "{request_id}",
        "channel": "chat/{request_id}",
        "events": [{"$json": {"question": "{prompt}"}}],
    },
    "stream": {
        "framing": "websocket",
        "event_at": "type",
        "token_event": "data",
        "text": "event.text",
        "done_at": "event.last",
    },
    "websocket": {
        "subprotocols": ["aws-appsync-event-ws", {"host": "h", "x-api-key": "{env:PATH}"}],
        "opening": [
            {"send": {"type": "connection_init"}, "until": {"type": "connection_ack"}},
            {
                "send": {"type": "subscribe", "id": "{request_id}", "channel": "chat/{request_id}"},
                "until": {"type": "subscribe_success"},
            },
        ],
    },
}


def test_appsyncs_opening_publish_and_events():
    """Acknowledged step by step, keep-alives between, each event's data a text that is JSON."""
    said, offered = [], []

    def act(peer):
        offered.append(peer.header("Sec-WebSocket-Protocol"))
        peer.accept("Sec-WebSocket-Protocol: aws-appsync-event-ws\r\n")
        said.append(peer.asked())
        peer.send({"type": "ka"})
        peer.send({"type": "connection_ack", "connectionTimeoutMs": 300000})
        said.append(peer.asked())
        peer.send({"type": "subscribe_success", "id": said[-1]["id"]})
        said.append(peer.asked())
        peer.send({"type": "publish_success", "id": said[-1]["id"], "successful": [], "failed": []})
        peer.send({"type": "data", "event": '{"text":"Hel"}'})
        peer.send({"type": "data", "event": '{"text":"lo","last":true}'})

    with serving(act) as url:
        (sample,) = ask(
            url,
            "stream",
            fields=dataclasses.asdict(MappingTable.model_validate(APPSYNC).field_map()),
            prompt='a "quoted" one',
        )
    assert (sample["outcome"], sample["token_events"]) == ("ok", 2), sample["detail"]
    assert [one["type"] for one in said] == ["connection_init", "subscribe", "publish"]
    assert said[1]["channel"] == said[2]["channel"] == f"chat/{sample['request_id']}"
    assert said[2]["events"] == ['{"question":"a \\"quoted\\" one"}']
    plain, encoded = offered[0].split(", ")
    assert plain == "aws-appsync-event-ws"
    assert encoded.startswith("header-eyJob3N0IjoiaCIs")


def test_an_error_in_the_opening_is_the_answer():
    def act(peer):
        peer.accept("Sec-WebSocket-Protocol: aws-appsync-event-ws\r\n")
        peer.asked()
        peer.send({"type": "connection_error", "errors": [{"errorType": "UnauthorizedException", "errorCode": 401}]})
        time.sleep(0.5)

    how = {
        **APPSYNC,
        "stream": {**APPSYNC["stream"], "error_event": "connection_error"},
        "error_code": "errors.0.errorCode",
    }
    with serving(act) as url:
        (sample,) = ask(url, "stream", fields=dataclasses.asdict(MappingTable.model_validate(how).field_map()))
    assert (sample["outcome"], sample["error_code"]) == ("unauthorized", "401")
