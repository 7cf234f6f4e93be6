"""Where a campaign stops."""

from decimal import Decimal

import pytest

from harness.campaign.limits import Spending
from harness.campaign.progress import duration
from harness.check.contract_check import Answer, parity
from harness.errors import Exit, LimitReached


def test_the_worst_case_is_reserved_before_it_is_spent(tmp_path):
    limits = Spending(Decimal(10), tmp_path / "STOP")
    limits.reserve(Decimal(6))
    limits.settle(Decimal(6))
    with pytest.raises(LimitReached) as caught:
        limits.reserve(Decimal(5))

    assert caught.value.exit_code == Exit.LIMIT
    assert "limits.budget_usd" in str(caught.value)


def test_a_stop_file_stops(tmp_path):
    limits = Spending(Decimal(10), tmp_path / "STOP")
    (tmp_path / "STOP").touch()
    with pytest.raises(LimitReached, match="stop file"):
        limits.check_stop_file()


def test_parity_that_is_not_said_is_not_passed():
    same = {"index_digest": "a", "model": "m", "prompt_version": "1", "service_version": "1"}
    answers = {c.name: c.answer for c in parity(same, {**same, "model": "n", "prompt_version": None})}

    assert answers == {
        "same index_digest": Answer.PASS,
        "same model": Answer.FAIL,
        "same prompt_version": Answer.UNKNOWN,
        "same service_version": Answer.PASS,
    }


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45 s"), (200, "3 min"), (7500, "2 h 05 min"), (9 * 86400 + 4 * 3600, "9 d 4 h")]
)
def test_durations_read_as_people_say_them(seconds, text):
    assert duration(seconds) == text
