"""One question over a run's own wire: what is sent, what is kept of it, and that nothing is left behind."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from harness.check.asking import AskingTerms, asker_of
from harness.check.contract_check import Answer, check_contract
from harness.errors import Refused
from harness.workspace.target_toml import target_of
from tests.builders import external
from tests.check.test_recognise import CHUNK, completion
from tests.load.sockets import serving as serving_sockets
from tests.peers.raw import Last, raw, sse, streamed, whole
from tests.suite.waiting import until


def asked(answer, *, stream=False, terms=AskingTerms(), **more):  # noqa: B008 - frozen
    seen = []

    def noted(one):
        seen.append(one)
        return answer(one)

    with raw(noted) as url, asker_of(external(url, "openai-chat", **more), url, terms) as asker:
        made = asker.ask(stream=stream)
    return made, seen


def test_a_question_has_the_headers_of_a_run():
    made, [one] = asked(completion, stream=True)
    assert made.sample.outcome == "ok"
    assert one.headers["accept-encoding"] == "identity"
    assert one.headers["accept"] == "text/event-stream"
    assert one.headers["user-agent"] == "runtime-pilot"
    assert one.headers["x-request-id"] == made.sent.request_id
    assert one.fields == {**made.sent.fields, "stream": True}


def test_a_question_has_the_length_that_the_plan_allows():
    _, [one] = asked(completion, terms=AskingTerms(max_tokens=64))
    assert one.fields["max_tokens"] == 64


def test_secrets_come_from_the_environment_and_are_not_shown(monkeypatch):
    monkeypatch.setenv("CHAT_KEY", "Bearer abc-123-def")
    more = {"headers_from_env": {"Authorization": "CHAT_KEY"}}
    made, [one] = asked(lambda a: whole(a.headers["authorization"].encode(), kind="text/plain"), **more)
    assert one.headers["authorization"] == "Bearer abc-123-def"
    assert made.said.text == "Bearer [secret CHAT_KEY]"


def test_a_secret_that_is_not_set_is_refused_before_anything_is_sent():
    seen = []
    target = external("http://127.0.0.1:9", "openai-chat", headers_from_env={"Authorization": "NOT_SET_ANYWHERE"})
    with pytest.raises(Refused, match="NOT_SET_ANYWHERE"):
        asker_of(target, target.base_url)
    assert seen == []


def test_what_the_server_said_is_kept_beside_what_a_run_keeps():
    made, _ = asked(lambda _: whole({"error": {"code": "busy", "message": "later"}}, "503 Oh", more=["Server: envoy"]))
    assert (made.sample.outcome, made.sample.error_code, made.sample.refused_by) == ("overloaded", "busy", "gateway")
    assert (made.said.status, made.said.media_type, made.said.header("server")) == (503, "application/json", "envoy")
    assert made.said.fields == {"error": {"code": "busy", "message": "later"}}


def test_a_kept_connection_that_was_closed_is_replaced_once():
    answers = iter([whole({"data": []}), None, completion])
    closed = []

    def answer(one):
        said = next(answers)
        closed.append(said is None)
        return said(one) if callable(said) else said

    with raw(answer) as url, asker_of(external(url, "openai-chat"), url) as asker:
        asker.send("GET", "/v1/models")
        made = asker.ask(stream=False)
    assert made.sample.outcome == "ok"
    assert made.sample.resent
    assert closed == [False, True, False]


def test_an_answer_that_is_cut_has_what_came_of_it():
    said = streamed(sse(CHUNK), sse("[DONE]"))
    made, _ = asked(lambda _: Last(said[: said.index(b"data: [DONE]")]), stream=True)
    assert made.sample.outcome == "cut_stream"
    assert "Until Saturday." in made.said.text


def test_a_deadline_is_that_of_the_plan():
    def stuck(_):
        threading.Event().wait(0.5)

    made, _ = asked(stuck, terms=AskingTerms(deadline_s=0.2))
    assert made.sample.outcome == "timeout"
    assert made.sample.detail == "no answer within 0.2 s"


def descriptors():
    return psutil.Process().num_fds()


def test_many_threads_may_ask_at_once_and_leave_nothing_open():
    def check(url):
        return {c.answer for c in check_contract(external(url, "openai-chat"), url)}

    with raw(completion) as url:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(check, url).result()
        before = descriptors()
        with ThreadPoolExecutor(4) as pool:
            answers = [made.result() for made in [pool.submit(check, url) for _ in range(8)]]
        until(lambda: descriptors() <= before)  # the server's own ends close when it sees that the client's have
    assert answers == [{Answer.PASS}] * 8


def test_a_websocket_is_asked_as_a_run_asks_it():
    mapping = {
        "path": "/live",
        "request": {"action": "ask", "text": "{prompt}"},
        "stream": {
            "framing": "websocket",
            "event_at": "type",
            "token_event": "token",
            "text": "t",
            "done_event": "done",
        },
    }

    def act(peer):
        peer.accept()
        while peer.asked() is not None:
            for message in ({"type": "token", "t": "Hel"}, {"type": "token", "t": "lo"}, {"type": "done"}):
                peer.send(message)

    with serving_sockets(act) as url:
        tables = {"base_url": url, "dialect": "mapped", "mapping": mapping, "runtime": {"kind": "external"}}
        found = check_contract(target_of(tables, "live"), url, AskingTerms(whole=False))
    read, flowing = found
    assert read.answer is Answer.PASS, found
    assert flowing.answer in (Answer.PASS, Answer.UNTOLD), "two pieces are too few to tell where a machine is slow"
