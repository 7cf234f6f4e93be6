"""Request bytes: the trace context that spans are joined by."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness.domain import arrivals
from harness.domain.field_map import FieldMap
from harness.domain.mix import Mix
from harness.domain.questions import Message, Question
from harness.domain.schedule import Arrival
from harness.domain.target import SourceConfig
from harness.load.bodies import Bodies
from harness.load.spec import RunSpec, of_target
from tests.builders import external

QUESTION = Question("q0", (Message("user", "Why?"),))
ORIGIN = SimpleNamespace(prefix="", host_header="127.0.0.1")
SPEC = RunSpec("steady", "t", None, "rag-chat/1", arrivals.constant(1), 1, 1, 5.0, Mix(), "", "", None, None)
ID = "a3f1c2d4e5b697887766000000000012"


def head_of(request_id=ID, **more):
    made = Bodies(replace(SPEC, **more), {"q0": QUESTION}, ORIGIN)
    sent = made.request(Arrival(18, 0.0, "steady", True, "q0", False), request_id)
    lines = sent.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines)


def test_a_request_whose_spans_are_collected_is_a_trace_of_its_own_id():
    assert head_of(traced=True)["traceparent"] == f"00-{ID}-{ID[:16]}-01"


def test_attempts_of_one_arrival_are_one_trace():
    assert head_of(f"{ID}-2", traced=True)["traceparent"].split("-")[1] == ID


@pytest.mark.parametrize("more", [{}, {"traced": True, "headers": {"Traceparent": "of the team"}}])
def test_nobody_elses_tracing_is_steered(more):
    assert "traceparent" not in head_of(**more)


def test_a_checks_question_has_an_id_of_another_form_and_is_no_trace():
    assert "traceparent" not in head_of("pilot-check-0123456789ab", traced=True)


@pytest.mark.parametrize(("kinds", "traced"), [((), False), (("prometheus",), False), (("otlp-traces",), True)])
def test_a_target_is_traced_where_its_spans_are_collected(kinds, traced):
    target = external("http://127.0.0.1:1", sources=tuple(SourceConfig(kind, {}) for kind in kinds))

    assert of_target(target)["traced"] is traced


def test_a_tenant_is_sent_in_its_header_in_place_of_the_targets_own():
    of_acme = Arrival(18, 0.0, "steady", True, "q0", False, tenant="acme")
    mix = Mix(tenants=(("acme", 1.0),))
    spec = replace(SPEC, mix=mix, headers={"x-tenant-id": "the target's"})
    sent = Bodies(spec, {"q0": QUESTION}, ORIGIN).request(of_acme, ID)

    head, _, body = sent.partition(b"\r\n\r\n")
    assert [line for line in head.lower().split(b"\r\n") if b"tenant" in line] == [b"x-tenant-id: acme"]
    assert b"tenant" not in body
    assert head_of(headers={"X-Tenant-Id": "the target's"})["X-Tenant-Id"] == "the target's"


def test_a_mapped_api_may_have_the_tenant_in_its_body():
    fields = FieldMap("/ask", {"q": "{prompt}", "who": "{tenant}"})
    made = Bodies(replace(SPEC, dialect="mapped", fields=fields), {"q0": QUESTION}, ORIGIN)

    def body(tenant):
        sent = made.request(Arrival(1, 0.0, "steady", True, "q0", False, tenant=tenant), ID)
        return json.loads(sent.partition(b"\r\n\r\n")[2])

    assert body("acme") == {"q": "Why?", "who": "acme"}
    assert body("globex")["who"] == "globex"
    assert body(None) == {"q": "Why?"}
