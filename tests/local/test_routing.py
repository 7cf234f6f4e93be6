"""Which side of a router answers: its rules, their order, and a split that only grows."""

import json

import pytest

from harness.local.routing import Request, characters_of, place_of, side_of
from harness.platforms.local_router.config import Canary, Fallback, Length, LocalRouter, Overflow, Tenants

EVERY = {
    "tenants": Tenants(primary=("pinned",), secondary=("acme",)),
    "length": Length(20),
    "canary": Canary(0.5),
    "overflow": Overflow(3),
}


def rules(**tables):
    return LocalRouter(primary="fleet", secondary="function", **(tables or {"fallback": Fallback()}))


def asks(text="short", tenant=None, request_id="r1"):
    return Request(json.dumps({"messages": [{"role": "user", "content": text}]}).encode(), tenant, request_id)


def side(made, asked, in_flight=0, share=0.0):
    return side_of(made, asked, in_flight, share)


def test_without_a_rule_that_says_a_side_the_primary_answers():
    assert side(rules(), asks()) == "primary"


@pytest.mark.parametrize(("in_flight", "expected"), [(2, "primary"), (3, "secondary"), (9, "secondary")])
def test_overflow_begins_with_the_request_that_the_primary_has_no_place_for(in_flight, expected):
    assert side(rules(overflow=Overflow(3)), asks(), in_flight) == expected


@pytest.mark.parametrize(("text", "expected"), [("x" * 20, "primary"), ("x" * 21, "secondary")])
def test_a_longer_question_goes_to_the_side_of_its_rule(text, expected):
    assert side(rules(length=Length(20)), asks(text)) == expected


def test_a_tenants_side_comes_before_its_length_the_split_and_overflow():
    made = rules(**EVERY)

    assert side(made, asks("x" * 50, "pinned"), in_flight=9, share=1.0) == "primary"
    assert side(made, asks(tenant="acme")) == "secondary"
    assert side(made, asks(tenant="another")) == "primary"


def test_only_the_share_of_the_keys_goes_to_the_secondary_and_a_key_stays_while_the_share_grows():
    made = rules(canary=Canary(0.0))
    asked = [asks(request_id=f"request-{n}") for n in range(4000)]

    def there(share):
        return {n for n, one in enumerate(asked) if side(made, one, share=share) == "secondary"}

    one, quarter = there(0.01), there(0.25)
    assert there(0.0) == set()
    assert one < quarter < there(1.0) == set(range(4000))
    assert abs(len(quarter) / 4000 - 0.25) < 0.03  # 4 standard errors


def test_a_split_by_tenant_keeps_a_tenant_together():
    made = rules(canary=Canary(0.5, key="tenant"))
    sides = {side(made, asks(tenant="acme", request_id=str(n)), share=0.5) for n in range(50)}

    assert len(sides) == 1


def test_a_request_without_the_key_is_split_by_its_own_text():
    made = rules(canary=Canary(0.5))
    sides = {side(made, asks(f"question {n}", request_id=None), share=0.5) for n in range(50)}

    assert sides == {"primary", "secondary"}
    assert 0 <= place_of(b"anything") < 1


@pytest.mark.parametrize(
    ("body", "length"),
    [
        (b'{"messages": [{"content": "a long one before"}, {"content": "last"}]}', 4),
        (b'{"messages": [{"content": [{"type": "text", "text": "in parts"}]}]}', 8),
        (b'{"query": {"text": "nested"}, "id": "q"}', 6),
        (b"not JSON", 8),
        (b"[" * 100_000, 100_000),
        (b"{}", 0),
    ],
)
def test_a_question_is_as_long_as_its_last_message_or_the_bodys_longest_text(body, length):
    assert characters_of(body) == length
