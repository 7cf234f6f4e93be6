"""What a client does after a failure."""

import pytest

from harness.domain.retry import AS_A_CLIENT, NO_RETRY, RetryPolicy
from harness.domain.sample import Outcome


def test_none_is_the_default():
    assert NO_RETRY.wait_s(1, Outcome.THROTTLED, 1.0, 0.0) is None


def test_retry_after_is_honoured_up_to_the_cap():
    assert AS_A_CLIENT.wait_s(1, Outcome.THROTTLED, 2.5, 0.5) == 2.5
    assert AS_A_CLIENT.wait_s(1, Outcome.OVERLOADED, 60.0, 0.5) == AS_A_CLIENT.cap_s


def test_without_it_waits_double_and_jitter_shortens_them():
    policy = RetryPolicy(attempts=9, base_s=0.5, cap_s=8)

    assert [policy.wait_s(k, Outcome.THROTTLED, None, 0.0) for k in (1, 2, 3, 4, 5, 6)] == [0.5, 1, 2, 4, 8, 8]
    assert policy.wait_s(1, Outcome.THROTTLED, None, 0.999) == pytest.approx(0.375, abs=0.001)


@pytest.mark.parametrize(
    "outcome", [Outcome.OK, Outcome.REJECTED, Outcome.UNAUTHORIZED, Outcome.CUT_STREAM, Outcome.TIMEOUT]
)
def test_what_another_try_would_not_mend_is_not_tried_again(outcome):
    assert AS_A_CLIENT.wait_s(1, outcome, None, 0.0) is None


def test_attempts_end():
    assert AS_A_CLIENT.wait_s(3, Outcome.THROTTLED, 1.0, 0.0) is None
