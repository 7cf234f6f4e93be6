"""Numbers as people read them."""

import math

import pytest

from harness.words.numbers import duration_text, money, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0, "0 %"), (1, "100 %"), (0.0002, "< 0.1 %"), (0.99999, "> 99.9 %"), (0.0123, "1.2 %"), (0.254, "25 %")),
        *((0.995, "99.5 %"), (1.0003, "> 100 %"), (1.004, "100.4 %"), (2.06, "206 %"), (12.5, "1,250 %")),
    ],
)
def test_percentages_never_round_to_what_is_not_true(value, text):
    assert percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0012345, "1.23 ms"), (0.5267, "527 ms"), (1.5, "1.50 s"), (12.34, "12.3 s"), (math.inf, "∞")]
)
def test_durations_change_unit_at_one_second(value, text):
    assert duration_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "$1,234"), (26.0027, "$26.00"), (0.0130013, "$0.0130"), (0, "$0.00")]
)
def test_money_keeps_cents_and_fractions(value, text):
    assert money(value) == text
