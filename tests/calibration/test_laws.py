"""The closed forms themselves, against published check values, and the verdicts that rest on them."""

import pytest

from harness.calibration.checks import against
from harness.calibration.laws import Exponential, SingleServer, Stall
from harness.calibration.trial import Trial


def test_the_stall_law_has_its_check_values():
    law = Stall(every_s=10, stall_s=1, service_s=0.005)

    assert [law.quantile(p) for p in (0.90, 0.95, 0.99, 0.999)] == pytest.approx([0.005, 0.505, 0.905, 0.995])


def test_the_queues_have_their_check_values():
    assert [SingleServer(10, 20).quantile(p) for p in (0.5, 0.95, 0.99)] == pytest.approx(
        [0.06931, 0.29957, 0.46052], abs=1e-5
    )
    even = SingleServer(10, 20, even=True)
    assert even.sigma == pytest.approx(0.203188, abs=1e-6)
    assert [even.quantile(p) for p in (0.5, 0.95, 0.99)] == pytest.approx([0.04350, 0.18798, 0.28897], abs=1e-5)


def test_an_exponential_quantile_and_its_error_have_their_check_values():
    law = Exponential(0.050)

    assert [law.quantile(p) for p in (0.95, 0.99)] == pytest.approx([0.149787, 0.230259], abs=1e-6)
    assert [law.relative_error(p, 10_000) for p in (0.95, 0.99)] == pytest.approx([0.0146, 0.0216], abs=1e-4)


def trial(*, valid=True, all_ok=True):
    return Trial(valid, () if valid else ("a worker was lost",), all_ok, (), (), (), (), {})


@pytest.mark.parametrize(
    ("values", "made", "verdict"),
    [
        ([0.5] * 100, trial(), "pass"),
        ([0.6] * 100, trial(), "fail"),
        ([0.5] * 100, trial(valid=False), "can't tell"),
        ([0.5] * 100, trial(all_ok=False), "can't tell"),
        ([], trial(), "can't tell"),
    ],
)
def test_only_a_valid_run_can_pass(values, made, verdict):
    assert against("law", "p95", 0.5, values, 0.95, (0.02, "derived"), made).verdict == verdict
