"""How often a change is told where nothing changed, over campaigns whose truth is known; slow, so not part of CI.

``python -m pytest -m slow tests/analysis/test_trend_slow.py -s`` prints the table that docs/method.md sums up.
"""

import math

import numpy as np
import pytest

from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import percentile
from harness.analysis.shares import share_of
from harness.analysis.trend import ALPHA, By, Seen, change, judged
from harness.domain.estimate import Estimate
from harness.domain.looks import SPENT
from tests.analysis.simulated import LAWS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
DRAWS, REPORTS, PROMISES = 400, 2000, 16
MOST = 0.06  # 5 %, and what so few campaigns leave to chance
FIRST_LOOK = 1 - 2 * SPENT[3][0]
SIZES = ((6, 50, FIRST_LOOK), (6, 600, FIRST_LOOK), (6, 600, 0.95), (12, 600, 0.95))


def told(seen, by, rng):
    """Of pairs drawn from these campaigns, of those that can be judged, and of reports of sixteen: how many tell a change.

    What cannot be judged is not called one: a value or a facing end that is infinite.
    """
    pairs = rng.integers(0, len(seen), (REPORTS, PROMISES, 2))
    found = [[change(seen[a], seen[b], by) for a, b in report if a != b and seen[a] and seen[b]] for report in pairs]
    families = [[one.p for one in report if one] for report in found]
    single = sum(p < ALPHA for family in families for p in family)
    judged_pairs = max(1, sum(map(len, families)))
    return (
        single / (REPORTS * PROMISES),
        single / judged_pairs,
        sum(min(ps, default=1.0) < ALPHA for ps in judged(families)) / REPORTS,
    )


def seen_of(known):
    if not isinstance(known, Estimate):
        return None
    return Seen(known.value, known.low, known.high, known.confidence, known.blocks)


@pytest.mark.parametrize(("blocks", "n", "confidence"), SIZES)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_where_nothing_changed_a_report_seldom_tells_a_change(law, blocks, n, confidence):
    rng, truth = np.random.default_rng([7, blocks, n]), law.true_s()
    limit = truth if math.isfinite(truth) else 1e9
    p95, shares = [], []
    for drawn in law.draw(rng, (DRAWS, blocks, n)):
        pooled = Pooled(list(drawn))
        p95.append(seen_of(percentile(pooled, 0.95, confidence, limit)))
        shares.append(seen_of(share_of(pooled.beyond(limit), pooled.totals, pooled.runs(limit)).estimate(confidence)))
    for what, seen, by in (("p95", p95, By.TIMES), ("share beyond", shares, By.POINTS)):
        one, of_judged, report = told(seen, by, rng)
        print(
            f"{law.name:<22}{blocks:>3} of {n:<5}{confidence:.2f} {what:<13} one {one:.3f}, of judged {of_judged:.3f}, report {report:.3f}"
        )
        assert one <= MOST
        assert report <= MOST
