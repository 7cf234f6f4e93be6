"""How long an answer asks to wait, in every form that client libraries read."""

import time
from email.utils import formatdate

import pytest

from harness.dialects.retry_after import retry_after_s, should_retry


def http_date(after_s):
    return formatdate(1_795_000_000 + after_s, usegmt=True).encode()


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({b"retry-after": b"2"}, 2.0),
        ({b"retry-after": b" 2.5 "}, 2.5),
        ({b"retry-after": b"soon"}, None),
        ({b"retry-after": b"nan"}, None),
        ({b"retry-after-ms": b"1500"}, 1.5),
        ({b"x-ms-retry-after-ms": b"250"}, 0.25),
        ({b"retry-after-ms": b"1500", b"retry-after": b"2"}, 1.5),
        ({b"retry-after-ms": b"x", b"retry-after": b"2"}, 2.0),
        ({b"retry-after": http_date(3), b"date": http_date(0)}, 3.0),
        ({b"retry-after": http_date(0), b"date": http_date(3)}, 0.0),
        ({b"retry-after": b"Thu, 99 Foo 2026 99:99:99 GMT", b"date": http_date(0)}, None),
    ],
)
def test_a_wait_in_seconds(headers, wait_s):
    assert retry_after_s(headers) == wait_s


def test_a_date_without_the_answers_own_counts_from_this_machines_clock():
    headers = {b"retry-after": formatdate(time.time() + 30, usegmt=True).encode()}

    wait_s = retry_after_s(headers)
    assert wait_s is not None
    assert 25 < wait_s <= 30


@pytest.mark.parametrize(("said", "told"), [(b"true", True), (b"False", False), (b"perhaps", None), (None, None)])
def test_a_server_may_say_whether_to_come_again(said, told):
    assert should_retry({} if said is None else {b"x-should-retry": said}) is told
