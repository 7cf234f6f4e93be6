"""An interval without width is told once, never as a range; the level of an interval is that of its estimates."""

import re
from dataclasses import replace

import pytest

from harness.domain.estimate import Estimate
from harness.report import words
from harness.report.blocks import LEVEL, table
from harness.report.columns import estimate, interval, text, word
from harness.words.numbers import bracket, duration_text, money, percent, significant, span
from harness.words.page import ends
from tests.builders import Pilot
from tests.report.test_report import render

FIXED = Estimate(109.2, 109.2, 109.2, 0.95, 600, 6, "test")  # a fleet that never changes
WIDE = Estimate(0.6, 0.531, 0.65, 0.985, 600, 6, "test")
TWICE = re.compile(r"(?<![\w.,$+])([$+-]?[\d.,]*\d(?: (?:%|ms|s))?) to \1(?![\d.,]*\d)")


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (span(109.2, 109.4, money), "$109"),
        (span(0.531, 0.65, duration_text), "531 ms to 650 ms"),
        (ends((0.19, 0.28), percent), "19 to 28 %"),
        (ends((0.19, 0.19), percent), "19 %"),
        (ends((None, 0.28), percent), "up to 28 %"),
        (ends((0.0, None), percent), "from 0 %"),
        (bracket("2.00", span(2.0, 2.0, significant)), ""),
        (bracket("2.00", span(2.0, 2.0, significant), "simulated"), " (simulated)"),
        (bracket("600 ms", "531 ms to 650 ms"), " (531 ms to 650 ms)"),
        (words.estimate_text(FIXED, money), "$109"),
        (words.ratio_text(replace(FIXED, value=1.0, low=1.0, high=1.0)), "1.00"),
        (words.estimate_text(WIDE, duration_text), "600 ms (531 ms to 650 ms)"),
        (words.interval_text(replace(WIDE, high=None), duration_text), "from 531 ms on"),
    ],
)
def test_an_interval_without_width_is_one_value(told, says):
    assert told == says


@pytest.mark.parametrize(
    ("values", "head"),
    [
        ([FIXED], "95 % interval"),
        ([WIDE, WIDE], "98.5 % interval"),
        ([WIDE, FIXED], "95 % or 98.5 % interval"),
        ([(0.1, 0.2)], "interval"),
        ([], "interval"),
    ],
)
def test_a_head_names_the_level_of_what_stands_below_it(values, head):
    made = table("t", "T", [interval("x", significant)], [[value] for value in values])
    assert made.head == (head,)
    assert all("95" not in column.means for column in made.columns), "a frame holds what may be at any level"


def test_a_head_with_a_value_names_it_too():
    made = table("t", "T", [estimate(f"p95 ({LEVEL} interval)", "x_s", duration_text)], [[WIDE]])
    assert made.head == ("p95 (98.5 % interval)",)


def test_no_report_tells_a_value_as_a_range(tmp_path):
    """Six of twelve blocks: an early look, at which intervals are wider than 95 %."""
    made = render(Pilot(tmp_path, blocks=8), tmp_path / "r")
    text = re.sub(r"<[^>]+>", " ", made.read_text())

    assert TWICE.findall(text) == []
    assert TWICE.findall((made.parent / "report.md").read_text()) == []
    assert TWICE.search("($109 to $109)"), "or this test would see nothing"


def test_a_phone_shows_rows_with_sentences_as_cards_and_long_tables_a_line_a_row():
    why = (word("target"), text("state"), text("n"), text("why"))
    sentence = "none of the requests was refused, so nothing can be told of it"
    cards = [
        table("t", "T", shown, [[*"abc"[: len(shown) - 1], words]] * rows).cards
        for shown, words, rows in ((why, sentence, 2), (why, "short", 2), (why, sentence, 60), (why[2:], sentence, 2))
    ]
    assert cards == [True, False, False, False]
