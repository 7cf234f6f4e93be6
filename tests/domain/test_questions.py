"""What an evaluation question expects of its answer."""

import pytest

from harness.domain.questions import Expectation

EXPECTS = Expectation(cite=("a#1", "b#2"), say=("thirty days", "Refund"), not_say=("I don't know",))


@pytest.mark.parametrize(
    ("text", "cited", "missed"),
    [
        ("A REFUND is possible for thirty\n  days.", ("b#2", "x", "a#1"), ()),
        ("A refund is possible for thirty days.", ("a#1",), ("cite 2",)),
        ("A refund, for a month. i don't  know more.", ("a#1", "b#2"), ("say 1", "not_say 1")),
        ("A refund is possible for thirty days.", None, None),
        ("No idea.", None, ("say 1", "say 2")),
        (None, ("a#1", "b#2"), None),
        (None, ("a#1",), ("cite 2",)),
    ],
    ids=("kept", "passage", "texts", "citations untold", "wrong anyway", "text untold", "wrong without text"),
)
def test_checks_fail_by_name_and_are_untold_rather_than_passed(text, cited, missed):
    assert EXPECTS.missed(text, cited) == missed


def test_what_is_not_checked_need_not_be_told():
    assert Expectation(say=("yes",)).missed("Yes.", None) == ()
    assert Expectation(cite=("a",)).missed(None, ("a",)) == ()
