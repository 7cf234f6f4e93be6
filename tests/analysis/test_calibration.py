"""A small piece of the table of laws, in every run: enough to see a method that broke, not to state a rate."""

import pytest

from tests.analysis.laws_table import campaigns, row
from tests.analysis.simulated import Law

DRAWS = 80


@pytest.mark.parametrize(
    "law",
    [Law("block sd .1", spread=0.1), Law("failing", failing=0.05, cv=0.7)],
    ids=lambda law: law.name,
)
def test_intervals_cover_and_verdicts_seldom_err(law):
    found = row(law, 12, 100, DRAWS)

    assert min(found.p95, found.share, found.ratio) >= 0.9
    assert max(found.looks_pass, found.looks_fail) <= 0.08


def test_equal_targets_at_five_percent_failing_are_seldom_called_different():
    """They were in half of all campaigns."""
    found = campaigns(Law("failing", failing=0.05, cv=0.7), 100, 40)

    assert found.different <= 0.15
