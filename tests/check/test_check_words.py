"""A declared target's answers: the check says what a run would make of each, in the server's own words, and what to do."""

import pytest

from harness.check.asking import AskingTerms
from harness.check.contract_check import Answer, check_contract
from tests.builders import external
from tests.check.test_recognise import CHUNK, SAID, completion
from tests.peers.raw import Last, raw, sse, streamed, whole

ONLY_WHOLE = AskingTerms(streams=False)
ONLY_STREAMS = AskingTerms(whole=False)
ID = [
    "X-Request-Id: r",
    "X-Instance-Id: i",
    "X-Instance-Requests: 1",
    "X-Instance-Age-Ms: 5000",
    "X-Init-Type: always-on",
]


def checked(answer, terms=AskingTerms(), dialect="openai-chat", **more):  # noqa: B008 - frozen
    with raw(answer) as url:
        return check_contract(external(url, dialect, **more), url, terms)


def test_only_the_modes_of_the_plan_are_asked_for():
    asked = []

    def answer(one):
        asked.append(one.stream)
        return completion(one)

    checked(answer, ONLY_STREAMS)
    assert set(asked) == {True}
    asked.clear()
    checked(answer, ONLY_WHOLE)
    assert set(asked) == {False}


def test_json_behind_a_byte_order_mark_is_read():
    [check] = checked(lambda _: whole(b"\xef\xbb\xbf" + whole(SAID).partition(b"\r\n\r\n")[2]), ONLY_WHOLE)
    assert check.answer is Answer.PASS


def test_an_answer_with_two_lengths_names_both_headers():
    def answer(_):
        body = whole(SAID).partition(b"\r\n\r\n")[2]
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n"
        return head % len(body) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    [check] = checked(answer, ONLY_WHOLE)
    assert check.answer is Answer.FAIL
    assert "Transfer-Encoding" in check.detail
    assert "Content-Length" in check.detail


def test_a_number_that_is_none_is_not_json():
    cited = b'[{"document_id":"d","passage_id":"p","title":"t","score":NaN}]'
    done = b'"id":"i","model":"m","usage":{"input_tokens":1,"output_tokens":1}'

    def answer(asked):
        if asked.stream:
            events = b'event: citations\ndata: {"citations":%s}\n\n' % cited
            tokens = sse({"text": "a"}, "token")
            return streamed(events, tokens, b"event: done\ndata: {%s}\n\n" % done, more=ID)
        return whole(b'{%s,"answer":"a","citations":%s}' % (done, cited), more=ID)

    found = {c.name: c for c in checked(answer, dialect="rag-chat/1")}
    for name in ("A whole answer is read as a run reads it", "A streamed answer is read as a run reads it"):
        assert found[name].answer is Answer.FAIL
        assert "NaN is not JSON" in found[name].detail
        assert "write null" in found[name].mend


def test_heartbeats_and_chunks_without_a_delta_are_no_fault():
    silent = ("data:\n\n", sse({"choices": [{}]}), sse(CHUNK), sse("[DONE]"))
    found = checked(lambda _: streamed(*silent), ONLY_STREAMS)
    assert [c.answer for c in found] == [Answer.PASS, Answer.PASS]


def test_a_media_type_is_the_same_in_capitals():
    found = checked(
        lambda _: streamed(sse(CHUNK), sse("[DONE]"), kind="Text/Event-Stream; Charset=UTF-8"), ONLY_STREAMS
    )
    assert [c.answer for c in found] == [Answer.PASS, Answer.PASS]


def test_an_answer_that_was_all_thought_says_that_its_length_is_too_small():
    message = {"role": "assistant", "content": None, "reasoning_content": "Okay, the user"}
    thought = {"choices": [{"index": 0, "finish_reason": "length", "message": message}]}
    chunks = (
        {"choices": [{"delta": {"reasoning_content": "Okay"}}]},
        {"choices": [{"delta": {}, "finish_reason": "length"}]},
    )
    found = checked(lambda a: streamed(*map(sse, chunks), sse("[DONE]")) if a.stream else whole(thought))
    assert [c.answer for c in found] == [Answer.FAIL, Answer.FAIL, Answer.UNKNOWN]
    assert found[0].detail == found[1].detail
    assert all("max_tokens 512 is too small for this model" in c.mend for c in found[:2])


@pytest.mark.parametrize(
    ("terms", "answer", "words"),
    [
        (ONLY_WHOLE, lambda _: streamed(sse(CHUNK), sse("[DONE]")), "load.stream_share = 1"),
        (ONLY_STREAMS, lambda _: whole(SAID), "load.stream_share = 0"),
    ],
)
def test_the_other_mode_is_a_fault_where_the_plan_asks_for_this_one(terms, answer, words):
    check = checked(answer, terms)[0]
    assert check.answer is Answer.FAIL
    assert words in check.mend


def test_a_stream_without_its_end_says_what_was_missing_and_who_reads_it():
    end = sse({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    check = checked(lambda _: streamed(sse(CHUNK), end), ONLY_STREAMS)[0]
    assert check.answer is Answer.FAIL
    assert "without [DONE]" in check.detail
    assert 'dialect = "hayhooks"' in check.mend


def test_a_stream_that_is_cut_is_told_from_one_that_ends():
    whole_answer = streamed(sse(CHUNK), sse("[DONE]"))
    check = checked(lambda _: Last(whole_answer[: whole_answer.index(b"data: [DONE]")]), ONLY_STREAMS)[0]
    assert check.answer is Answer.FAIL
    assert check.detail.startswith("ended after ")
    assert "timeout on the way, or a crash" in check.mend


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable", "529 Overloaded"])
def test_a_refusal_for_load_is_a_cant_tell_now(status):
    check = checked(lambda _: whole({"error": {"message": "later"}}, status, more=["Retry-After: 2"]), ONLY_WHOLE)[0]
    assert check.answer is Answer.UNKNOWN
    assert check.detail.startswith("can't tell now: answered ")
    assert "after 2 s" in check.mend
    assert "later" in check.said


def test_a_gateway_that_cannot_reach_the_service_is_named():
    check = checked(
        lambda _: whole(b"<h1>Bad Gateway</h1>", "502 Bad Gateway", "text/html", ["Server: nginx"]), ONLY_WHOLE
    )[0]
    assert check.answer is Answer.FAIL
    assert "a gateway on the way (nginx) could not reach the service" in check.detail


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-length: 2\n\n{}", "CR"),
        (whole(SAID, more=["X-Powered-By : PHP"]), "header"),
    ],
)
def test_what_a_run_refuses_as_http_a_check_refuses_too(said, why):
    check = checked(lambda _: said, ONLY_WHOLE)[0]
    assert check.answer is Answer.FAIL
    assert why in check.detail
