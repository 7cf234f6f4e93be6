"""How many clean requests a promise needs, against the exact law of a count, computed here in another way."""

import math
from fractions import Fraction

import pytest

from harness.domain.decidable import Lacks, Measured, least_clean, unsettled
from harness.domain.verdict import Slo

ERRORS = Slo("error rate", "error_rate", 0.01, "share")
P95 = Slo("p95 response time", "p95_s", 2.0, "s")
TTFT = Slo("p95 time to first token", "ttft_p95_s", 1.0, "s")
UP = Slo("availability", "availability", 0.999, "share", at_least=True)


def chance_of_none(share, n):
    """That ``n`` requests show no failure where a share of them fails: exact, by rational numbers."""
    return (1 - Fraction(str(share))) ** n


@pytest.mark.parametrize(("share", "alpha"), [(0.01, 0.025), (0.05, 0.025), (0.01, 0.0125), (0.001, 0.025), (0.5, 0.4)])
def test_one_request_fewer_and_a_target_at_its_limit_would_pass_too_often(share, alpha):
    n = least_clean(share, alpha)

    assert chance_of_none(share, n) <= alpha < chance_of_none(share, n - 1)


def test_nothing_shows_that_no_request_ever_fails():
    assert least_clean(0.0, 0.025) is None


def test_the_240_requests_of_an_old_first_look_settle_no_error_rate_of_1_percent():
    [found] = unsettled([ERRORS, P95], [Measured("steady", 6, 240, 240)])

    assert (found.promise, found.lacks, found.has, found.needed) == ("error rate", Lacks.REQUESTS, 240, 368)
    assert not math.isclose(found.needed, 299), "which a single one-sided 5 % would have taken"


def test_a_promise_to_the_first_token_is_shown_by_streams_alone():
    [found] = unsettled([TTFT], [Measured("steady", 6, 700, 70)])
    assert (found.has, found.needed) == (70, 72)


def test_fewer_blocks_than_a_verdict_needs_settle_nothing():
    found = unsettled([ERRORS, P95], [Measured("steady", 5, 10_000, 10_000)])
    assert [(one.lacks, one.has, one.needed) for one in found] == [(Lacks.BLOCKS, 5, 6)] * 2


def test_availability_is_never_shown_by_requests():
    [found] = unsettled([UP], [Measured("steady", 12, 10**6, 0)])
    assert (found.lacks, found.needed) == (Lacks.NOTHING_SHOWS_IT, None)


def test_more_looks_leave_less_for_the_last_one_and_ask_for_more():
    [one_look] = unsettled([ERRORS], [Measured("steady", 6, 1, 1)])
    [three_looks] = unsettled([ERRORS], [Measured("steady", 12, 1, 1)])
    assert three_looks.needed > one_look.needed
