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


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_client_libraries_try_again_by_its_status(status):
    assert AS_A_CLIENT.wait_s(1, Outcome.REJECTED, None, 0.0, status=status) == 0.5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_and_what_they_do_not(status):
    assert AS_A_CLIENT.wait_s(1, Outcome.REJECTED, None, 0.0, status=status) is None


def test_a_throttle_under_another_status_is_tried_again():
    """As AWS's libraries do with a 400 that is named ThrottlingException."""
    assert AS_A_CLIENT.wait_s(1, Outcome.THROTTLED, None, 0.0, status=400) == 0.5


def test_a_200_was_taken_whatever_is_inside():
    assert AS_A_CLIENT.wait_s(1, Outcome.THROTTLED, None, 0.0, status=200) is None
    assert AS_A_CLIENT.wait_s(1, Outcome.THROTTLED, None, 0.0, status=200, told=True) is None


def test_what_the_server_says_of_trying_again_wins():
    assert AS_A_CLIENT.wait_s(1, Outcome.THROTTLED, None, 0.0, status=429, told=False) is None
    assert AS_A_CLIENT.wait_s(1, Outcome.REJECTED, None, 0.0, status=400, told=True) == 0.5


def test_attempts_end():
    assert AS_A_CLIENT.wait_s(3, Outcome.THROTTLED, 1.0, 0.0) is None
