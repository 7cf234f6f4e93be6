"""The journal: every event comes back as it was noted."""

import json

import pytest

from harness.evidence.digests import broken_at
from harness.evidence.files import dump, write_text
from harness.evidence.store import Store


@pytest.mark.parametrize("text", ["a\u2028b", "a\u0085b", "a\x1cb", "a\nb\r", "\ud800 half a pair", "\ufeffmark"])
def test_whatever_an_event_holds_is_one_line_that_is_read_back(tmp_path, text):
    store = Store(tmp_path)
    store.note("changed", why=text)
    store.note("collected", pulled=0)

    assert [event.get("why") for event in store.journal()] == [text, None]
    assert broken_at(store.journal()) is None


def test_a_file_of_half_a_pair_says_the_same_when_it_is_read(tmp_path):
    write_text(tmp_path / "x.json", dump({"reason": "\ud800"}))

    assert json.loads((tmp_path / "x.json").read_text()) == {"reason": "\ud800"}
