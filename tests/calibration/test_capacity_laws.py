"""The capacity search held to servers that share no code with it: how often it is right, and what it costs.

``make test-slow`` prints the table. Draws are fewer where answers are long, for a search of eight-second answers is ten
thousand requests; ``CAPACITY_DRAWS`` multiplies them.
"""

import math
import os
import statistics
import sys

import pytest

from harness.domain.experiments.capacity import CapacitySearch
from harness.domain.experiments.protocol import Promise
from tests.domain.experiments.search import conditions, drive
from tests.domain.experiments.servers import Autoscaling, Collapsing, Sharing, truth

CARRIES = 8.5  # answers a second at full use; 40/s is the most that is allowed
DRAWS = {1: 60, 4: 24, 8: 12}
LIMIT = 3.0  # promise: times a mean answer; the deadline is five


def servers(answer_s):
    """Name, maker by seed, whether it has a limit."""
    width, deadline_s = CARRIES * answer_s, 5 * answer_s
    one = max(4, 2 * answer_s)
    return {
        "no limit": (lambda seed: Sharing(answer_s, deadline_s=deadline_s, seed=seed), False),
        "processor sharing": (lambda seed: Sharing(answer_s, width, deadline_s=deadline_s, seed=seed), True),
        "collapse past the knee": (
            lambda seed: Collapsing(answer_s, width, 2.5 * width, deadline_s=deadline_s, seed=seed),
            True,
        ),
        "autoscaler, lag 30 s": (
            lambda seed: Autoscaling(answer_s, one, 5, 30, deadline_s=deadline_s, seed=seed),
            True,
        ),
        "autoscaler without end": (
            lambda seed: Autoscaling(answer_s, one, 1000, 30, deadline_s=deadline_s, seed=seed),
            False,
        ),
    }


def searched(make, answer_s, draws):
    """Intervals (None: no limit claimed, or no answer) and requests of so many searches from 1/s on."""
    out = []
    for seed in range(draws):
        made = CapacitySearch(rate=1.0).begin(conditions(Promise(LIMIT * answer_s), seed, 40.0))
        done = drive(made, make(seed))
        low, high = made.interval()
        out.append((None if low is None or high is None else (low, high), len(done.seen), done.now_s))
    return out


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("answer_s", DRAWS)
@pytest.mark.parametrize("law", servers(1))
def test_a_search_is_within_a_seventh_its_interval_covers_and_no_limit_is_invented(law, answer_s):
    make, limited = servers(answer_s)[law]
    draws = DRAWS[answer_s] * int(os.environ.get("CAPACITY_DRAWS", "1"))
    found = searched(make, answer_s, draws)
    spans = [span for span, _, _ in found if span is not None]
    spent = f"{statistics.median(n for _, n, _ in found):,.0f} requests, {statistics.median(s for _, _, s in found) / 60:.1f} min"
    if not limited:
        print(f"\n{law}, answers of {answer_s} s: a limit claimed in {len(spans)} of {draws}; {spent}", file=sys.stderr)
        assert len(spans) <= 0.05 * draws
        return
    true = truth(make, LIMIT * answer_s, 4.0, 24.0, seconds=600.0)
    near = sum(abs(math.sqrt(low * high) / true - 1) <= 0.15 for low, high in spans) / draws
    covers = sum(low <= true <= high for low, high in spans) / draws
    said = f"true {true:.2f}/s, within 15 % {near:.2f}, covered {covers:.2f}, no answer {1 - len(spans) / draws:.2f}"
    print(f"\n{law}, answers of {answer_s} s: {said}; {spent}", file=sys.stderr)
    slack = 2 * math.sqrt(0.9 * 0.1 / draws)  # two standard errors of a share from so few draws

    assert near >= 0.85 - slack
    assert covers >= 0.90 - slack
