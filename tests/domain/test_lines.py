"""Lines end at line feeds, whatever else a text may hold."""

import re
from pathlib import Path

import pytest

from harness.domain.lines import first_line, last_line, lines_of

ROOT = Path(__file__).parent.parent.parent
OTHER_ENDS = "\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e\r"  # where str.splitlines cuts too


@pytest.mark.parametrize("mark", OTHER_ENDS)
def test_what_is_no_line_feed_is_text(mark):
    assert lines_of(f"a{mark}b\nc\n") == [f"a{mark}b", "c"]


def test_windows_ends_and_marks_are_no_text():
    assert lines_of("\ufeffa\r\n\ufeffb\r\n\r\nc") == ["a", "b", "", "c"]
    assert lines_of("") == []


def test_the_first_and_the_last_line_of_nothing_are_empty():
    assert (first_line(" \n"), last_line("")) == ("", "")
    assert (first_line("\na\nb\n"), last_line("a\nb\n\n")) == ("a", "b")


def test_nothing_here_splits_at_anything_else():
    """``splitlines`` is right for no file that is read here: it would cut a question, a journal's event or a span in two."""
    files = [p for room in ("harness", "targets", "tools") for p in (ROOT / room).rglob("*.py")]
    found = [p.relative_to(ROOT) for p in files if re.search(r"\.splitlines\(", p.read_text())]

    assert len(files) > 300
    assert found == []
