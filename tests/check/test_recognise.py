"""An endpoint by its URL alone: which API it speaks, what it wants otherwise than most, and what is only so now."""

import pytest

from harness.check.contract_check import Answer
from harness.check.endpoint import EndpointHints
from harness.check.recognise import recognise
from harness.errors import BadFile
from tests.peers.raw import not_found, raw, sse, streamed, whole

USAGE = {"prompt_tokens": 11, "completion_tokens": 3}
SAID = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Until Saturday."}}], "usage": USAGE}
CHUNK = {"choices": [{"delta": {"content": "Until Saturday."}}], "usage": USAGE}


def completion(asked):
    """OpenAI's API, as most serve it."""
    if asked.path != "/v1/chat/completions":
        return not_found(asked)
    return streamed(sse(CHUNK), sse("[DONE]")) if asked.stream else whole(SAID)


def refusing(field, message, then=completion):
    """The same, from a server that refuses a field of the request."""

    def answer(asked):
        if asked.method == "POST" and field in asked.fields:
            error = {
                "message": message,
                "type": "invalid_request_error",
                "param": field,
                "code": "unsupported_parameter",
            }
            return whole({"error": error}, "400 Bad Request")
        return then(asked)

    return answer


def seen(answer, **told):
    with raw(answer) as url:
        return recognise(url, EndpointHints(**told))


@pytest.mark.parametrize("end", ["", "/v1", "/v1/chat/completions"])
def test_the_base_that_clients_are_given_is_taken_as_well_as_the_servers(end):
    with raw(completion) as url:
        found = recognise(url + end)
    assert found.target.base_url == url
    assert {c.answer for c in found.held} == {Answer.PASS}


def test_a_server_that_is_out_of_quota_may_be_fine():
    def answer(asked):
        if asked.method == "GET":
            return not_found(asked)
        error = {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}
        return whole({"error": error}, "429 Too Many Requests", more=["Retry-After: 7"])

    found = seen(answer)
    assert found.seen.answer is Answer.UNKNOWN
    assert found.seen.detail == "probably openai-chat; can't tell now: answered 429 (rate_limit_exceeded)"
    assert "Rate limit reached" in found.seen.said
    assert "check again after 7 s" in found.seen.mend


def test_nothing_that_is_refused_for_now_is_asked_again_in_other_ways():
    found = seen(lambda _: whole(b"<h1>busy</h1>", "503 Service Unavailable", "text/html"))
    assert found.seen.answer is Answer.UNKNOWN
    assert len(found.asked) == 2


def test_a_model_is_named_where_one_is_wanted_whatever_the_refusals_status():
    def answer(asked):
        if asked.path == "/v1/models":
            return whole({"data": [{"id": "small:1b"}, {"id": "large"}]})
        if asked.method == "POST" and "model" not in asked.fields:
            return whole({"error": {"message": 'model "" not found, try pulling it first'}}, "404 Not Found")
        return completion(asked)

    found = seen(answer)
    assert found.target.model == "small:1b"
    assert {c.answer for c in found.held} == {Answer.PASS}


def test_a_model_that_is_said_and_not_there_is_no_fault_of_the_api():
    def answer(asked):
        error = {"message": "The model `big` does not exist", "param": "model", "code": "model_not_found"}
        return whole({"error": error}, "404 Not Found") if asked.method == "POST" else not_found(asked)

    found = seen(answer, model="big")
    assert found.seen.answer is Answer.UNKNOWN
    assert "name one that it has" in found.seen.mend


def test_a_field_by_another_name_is_tried_and_said_with_the_servers_own_words():
    words = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    found = seen(refusing("max_tokens", words))

    assert found.target.openai.max_tokens_field == "max_completion_tokens"
    assert words in found.seen.said
    assert 'max_tokens_field = "max_completion_tokens"' in found.draft
    assert {c.answer for c in found.held} == {Answer.PASS}


def test_a_field_that_is_refused_is_left_out():
    found = seen(refusing("stream_options", "Extra inputs are not permitted"))
    assert not found.target.openai.stream_options
    assert "Extra inputs are not permitted" in found.seen.said
    assert {c.answer for c in found.held} == {Answer.PASS}


def test_streams_that_end_with_finish_reason_have_a_preset():
    def answer(asked):
        if not asked.stream:
            return completion(asked)
        return streamed(sse(CHUNK), sse({"choices": [{"delta": {}, "finish_reason": "stop"}]}))

    found = seen(answer)
    assert found.target.preset == "hayhooks"
    assert "without [DONE]" in found.seen.detail


def test_an_api_that_streams_whatever_is_asked_is_no_fault_where_nothing_is_planned():
    def answer(asked):
        return streamed(sse(CHUNK), sse("[DONE]")) if asked.method == "POST" else not_found(asked)

    found = seen(answer)
    assert [c.answer for c in found.held] == [Answer.UNTOLD, Answer.PASS, Answer.PASS]
    assert "load.stream_share = 1" in found.held[0].detail
    assert found.stream_share == 1


def test_an_api_that_never_streams_is_none_either():
    found = seen(lambda asked: whole(SAID) if asked.method == "POST" else not_found(asked))
    assert [c.answer for c in found.held] == [Answer.PASS, Answer.UNTOLD, Answer.UNTOLD]
    assert found.stream_share == 0


def test_what_is_compressed_is_recognised_and_refused():
    import gzip

    def answer(asked):
        body = completion(asked).partition(b"\r\n\r\n")[2]
        return whole(gzip.compress(body), more=["Content-Encoding: gzip"])

    found = seen(answer)
    assert found.target is not None
    assert {c.answer for c in found.held[:1]} == {Answer.FAIL}
    assert "content-encoding gzip" in found.held[0].detail
    assert "Until Saturday." in found.held[0].said, "shown unpacked"


def test_a_quota_that_is_used_up_is_not_taken_for_missing_credentials():
    """As Google says it: 403, with the quota in the error's reason."""
    spent = {"error": {"code": 403, "status": "PERMISSION_DENIED", "errors": [{"reason": "rateLimitExceeded"}]}}
    found = seen(lambda asked: whole(spent, "403 Forbidden") if asked.method == "POST" else not_found(asked))
    assert found.seen.detail == "probably openai-chat; can't tell now: answered 403 (throttled)"


def test_an_unknown_api_is_said_with_what_was_asked_and_how_to_go_on():
    found = seen(lambda asked: whole({"detail": "Not Found"}, "404 Not Found"))
    assert found.seen.answer is Answer.UNKNOWN
    assert "--path" in found.seen.mend
    assert "POST /v1/chat/completions 404" in found.asked


def test_words_of_a_server_cannot_command_a_terminal():
    found = seen(lambda _: whole("\x1b[31m\u202eno\r\n".encode(), "500 Oh", "text/plain"))
    assert r"\u001b[31m\u202eno\u000d\u000a" in found.seen.said


def test_a_secret_that_a_server_repeats_is_not_shown(monkeypatch):
    monkeypatch.setenv("CHAT_KEY", "Bearer very-secret-1")

    def answer(asked):
        return whole({"error": {"message": f"bad key {asked.headers['authorization'][7:]}"}}, "401 Unauthorized")

    found = seen(answer, tables={"auth": {"kind": "header", "env": "CHAT_KEY"}})
    assert found.seen.answer is Answer.UNKNOWN
    assert "bad key [secret CHAT_KEY]" in found.seen.said
    assert "very-secret-1" not in repr(found.groups)


@pytest.mark.parametrize(("status", "says"), [("401 Unauthorized", "credentials"), ("422 Unprocessable Entity", "422")])
def test_what_the_url_itself_answers_is_told_before_what_is_not_there(status, says):
    def answer(asked):
        if asked.path == "/v2/converse":
            return whole({"trouble": "who are you"}, status)
        return not_found(asked)

    with raw(answer) as url:
        found = recognise(url + "/v2/converse")
    assert found.seen.answer is not Answer.PASS
    assert found.seen.detail.startswith("POST /v2/converse: ")
    assert says in found.seen.detail
    assert "who are you" in found.seen.said


def test_an_option_that_no_target_toml_could_have_is_named_as_it_was_typed():
    with pytest.raises(BadFile, match=r"(?s)http://127.0.0.1:9:.*--header: X-Team-Key: looks like a secret"):
        recognise("http://127.0.0.1:9", EndpointHints({"headers": {"X-Team-Key": "s3cret-of-the-team"}}))


def test_streams_that_failed_do_not_make_it_an_api_without_streams():
    def answer(asked):
        if asked.stream:
            return whole(b"<h1>Something went wrong</h1>", kind="text/html")
        return completion(asked)

    found = seen(answer)
    assert Answer.FAIL in {c.answer for c in found.held}
    assert found.stream_share is None
