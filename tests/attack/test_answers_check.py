"""What a hostile endpoint says of itself: a check ends with words for all of it, a run asks it and goes on or refuses."""

import json

import pytest

from harness.check.asking import USUAL, asker_of
from harness.check.checks import typed_meta
from harness.check.contract_check import Answer, check_contract, parity
from harness.check.preflight import fairness_checks
from harness.check.recognise import recognise
from harness.domain.sample import Outcome
from harness.errors import Refused
from harness.evidence.files import dump
from harness.load import meta
from harness.load.ask import get
from harness.load.spec import single
from tests.attack.answers.peer import Hostile, head, hostile, whole
from tests.attack.answers.values import answer
from tests.builders import external

GONE = Hostile("not there", whole("{}", status="404 No"), "")
GOOD = Hostile("good", whole(answer()), "")
DEEP = '{"contract": "rag-chat/1", "x": ' + "[" * 900 + "]" * 900 + "}"


def said(**more):
    return json.dumps({"contract": "rag-chat/1", **more})


METAS = {  # what GET /v1/meta answers, and whether a run keeps it
    "good": (whole(said(model="m")), True),
    "odd values": (whole(said(model=2**63, runtime=[1], caches=[[1]])), True),
    "nested deeper than JSON is read": (whole(DEEP.replace("[" * 900, "[" * 100_000)), False),
    "nested deeper than is kept": (whole(DEEP), False),
    "half a pair": (whole(r'{"contract": "rag-chat/1", "model": "\ud800"}'), False),
    "10 MB": (whole(said(model="x" * 10_000_000)), False),
    "100 KB": (whole(said(model="x" * 100_000)), False),
    "a number of 5,000 digits": (whole(said(model=1).replace(" 1}", " " + "9" * 5000 + "}")), False),
    "NaN": (whole(said(model=float("nan"))), False),
    "a list": (whole("[1]"), False),
    "another contract": (whole('{"contract": ["x", {"y": 1}]}'), False),
    "nothing": (whole(""), False),
    "300 headers": (head("application/json", *(f"A{k}: b" for k in range(300))) + said().encode(), False),
    "100 Continue without end": (lambda peer: peer.flood(b"HTTP/1.1 100 Continue\r\n\r\n"), False),
    "blanks without end": (lambda peer: (peer.send(head()), peer.flood(b" ")), False),
}


@pytest.mark.parametrize("name", METAS)
def test_a_run_keeps_what_can_be_written_and_refuses_or_ignores_the_rest(name):
    act, kept = METAS[name]
    with hostile([GOOD], gets=act) as url:
        spec = single(external("t"), url, 5.0)
        found, words = {}, ""
        try:
            found = meta.ask(spec)
        except Refused as refused:
            words = str(refused)
        assert len(words) < 300
        assert bool(found) == kept
        assert dump(found).encode()
        assert bool(meta.ask(spec, strict=False)) == kept


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\n", head()])
def test_an_endpoint_that_answers_in_drops_is_waited_for_only_so_long(begun):
    with hostile([GOOD], gets=lambda peer: (peer.send(begun), peer.drip(b"A"))) as url:
        asked = get(single(external("t"), url, 5.0), "/v1/meta", 0.4)
    assert asked.sample.outcome in (Outcome.TIMEOUT, Outcome.BAD_CONTRACT)
    assert asked.took_s < 5


ITSELF = {
    "allOf": [{"$ref": "#/s"}] * 50,
    "properties": {"a": {"$ref": "#/s"}, "question": {"type": "string"}},
    "required": ["a"] * 50,
}
FAN = {
    "allOf": [{"$ref": "#/s"}] * 50,
    "properties": {f"p{k}": {"$ref": "#/s"} for k in range(50)},
    "type": "object",
    "required": [f"p{k}" for k in range(50)],
}


def described(schema, path="/chat", **more):
    body = {"content": {"application/json": {"schema": schema}}}
    return {"paths": {path: {"post": {"requestBody": body}}}, "s": schema, **more}


DOCUMENTS = {
    "a schema that is itself": described(ITSELF),
    "a schema of itself fifty times": described(FAN),
    "required of lists": described({"properties": {"question": {"type": "string"}}, "required": [[1], {}, None]}),
    "anyOf is a number": described({"properties": {"question": {"anyOf": 5, "type": [1, None]}}}),
    "properties of numbers": described({"properties": {"question": 1, "messages": [2]}, "allOf": {"a": 1}}),
    "paths is a list": {"paths": [1]},
    "methods of numbers": {"paths": {"/a": 1, "/a/{id}": 2, "/b": {"post": 3}, "/b/{id}": 4}},
    "a path of 100,000 characters": described({"properties": {"question": {"type": "string"}}}, "/" + "x" * 100_000),
    "a path with NUL": described({"properties": {"question": {"type": "string"}}}, "/\x00\n"),
    "a default in 80 lists": described(
        {
            "properties": {"question": {"type": "string"}, "x": {"default": json.loads("[" * 80 + "]" * 80)}},
            "required": ["x"],
        }
    ),
    "100,000 paths": {"paths": {f"/{k}": {"post": {}} for k in range(60_000)}},
    "a reference to a reference": described(
        {"$ref": "#/paths/~1chat/post/requestBody/content/application~1json/schema"}
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whatever_a_description_says_the_endpoint_is_told_in_words(name):
    with hostile([GONE], gets=whole(json.dumps(DOCUMENTS[name]))) as url:
        found = recognise(url)
    assert found.seen.detail
    assert "cannot be read" not in found.seen.detail
    assert len(found.asked) < 60


@pytest.mark.parametrize(
    "body", ["[" * 100_000, r'{"a": "\ud800"}', "9" * 5000, '{"detail": ' + "[" * 900 + "]" * 900 + "}", "\x00" * 1000]
)
def test_whatever_it_answers_an_endpoint_is_told_in_words(body):
    with hostile([Hostile("odd", whole(body, status="422 No"), "")], gets=whole(body)) as url:
        found = recognise(url)
    assert found.seen.answer is not Answer.PASS
    assert "cannot be read" not in found.seen.detail


@pytest.mark.parametrize(
    "act",
    [
        whole(answer(citations="[1]")),
        whole(answer(citations='[{"passage_id": "p", "document_id": 1}]')),
        whole(answer(), "X-Instance-Id: a", "X-Instance-Age-Ms: NaN", "X-Request-Id: \xff"),
        whole(DEEP),
        b"\x00" * 100,
    ],
)
def test_no_check_of_a_contract_ends_in_a_traceback(act):
    with hostile([Hostile("odd", act, "")], gets=whole(said(index_digest=[1], model={"a": 1}, runtime="x"))) as url:
        checks = check_contract(external("t"), url)
    assert len(checks) > 10
    assert not [check for check in checks if "the check itself failed" in check.detail]


@pytest.mark.parametrize("odd", [1, [1], {"a": []}, None, True, "x" * 1000])
def test_two_targets_are_compared_whatever_they_say(odd):
    one = typed_meta({"index_digest": odd, "model": odd, "runtime": odd, "caches": odd})
    other = typed_meta({"index_digest": "a", "model": "m", "runtime": {"region": odd}, "caches": [odd]})
    checks = [*parity(one, other), *fairness_checks(["a", "b"], ["?", "?"], [one, other], 1.0)]
    assert Answer.PASS not in {check.answer for check in checks}


def test_a_check_that_breaks_itself_is_neither_pass_nor_fail(monkeypatch):
    def broken(self):
        """It breaks"""
        raise LookupError("of ours")

    monkeypatch.setattr("harness.check.contract_check.Contract.checks", property(lambda self: [lambda: broken(self)]))
    with hostile([GOOD]) as url, asker_of(external("t"), url, USUAL):
        [check] = check_contract(external("t"), url)
    assert (check.answer, "LookupError" in check.detail) == (Answer.UNKNOWN, True)
