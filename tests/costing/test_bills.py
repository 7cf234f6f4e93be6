"""Bills, to the cent, against hand-worked examples."""

from decimal import Decimal

import pytest

from harness.analysis.spend import BreakEven, Cost, break_even
from harness.costing.book import read_book
from harness.costing.models import Usage, bill
from harness.domain.bill import CostLayer
from harness.domain.estimate import Estimate, Unknown
from harness.errors import Refused

BOOK = read_book("aws-2026-11")


def usage(**changes):
    values = {
        "hours": 730,
        "requests": 1_000_000,
        "billed_ms": 4_000_000_000,
        "response_bytes": 0,
        "input_tokens": 0,
        "output_tokens": 0,
    }
    return Usage(**{k: Decimal(v) for k, v in {**values, **changes}.items()})


def cents(amount):
    return round(amount, 2)


def test_a_million_lambda_requests_of_four_seconds_at_one_gigabyte():
    """0.20 for requests, 4,000,000 GB-s x 0.0000166667 = 66.67, 0.4 GB of logs 0.20."""
    made = bill("lambda-url", BOOK, {"memory_mb": 1024}, usage())

    assert [cents(line.amount_usd) for line in made.lines[:3]] == [Decimal("0.20"), Decimal("66.67"), Decimal("0.20")]
    assert cents(made.layer_usd(CostLayer.RUNTIME)) == Decimal("67.07")


def test_two_fargate_tasks_behind_a_load_balancer_for_a_month():
    """2 x (1 vCPU, 2 GB): 59.10 + 12.98 = 72.08; IPv4 7.30; ALB 16.43 + 5.84; logs 0.20."""
    made = bill("fargate-alb", BOOK, {"vcpu": 1, "memory_gb": 2, "tasks": 2}, usage())

    assert cents(made.lines[0].amount_usd + made.lines[1].amount_usd) == Decimal("72.08")
    assert cents(made.layer_usd(CostLayer.RUNTIME)) == Decimal("101.85")


def test_a_gigabyte_of_provisioned_concurrency_kept_for_a_month():
    """730 h x 3,600 s x 0.0000041667 = 10.95, whether anybody asks or not."""
    made = bill("lambda-url", BOOK, {"memory_mb": 1024, "provisioned": 1}, usage(requests=0, billed_ms=0))

    assert cents(made.layer_usd(CostLayer.RUNTIME)) == Decimal("10.95")


def test_duration_on_provisioned_environments_has_its_own_price_and_the_rest_spills_over():
    """Half of 4,000,000 GB-s at 0.0000097222 = 19.44, half at 0.0000166667 = 33.33."""
    parameters = {"memory_mb": 1024, "provisioned": 1, "provisioned_share": 0.5}
    made = {line.label: cents(line.amount_usd) for line in bill("lambda-url", BOOK, parameters, usage()).lines}

    assert made["Compute on provisioned environments"] == Decimal("19.44")
    assert made["Compute, billed duration"] == Decimal("33.33")


def test_tokens_are_a_layer_of_their_own():
    made = bill("lambda-url", BOOK, {"memory_mb": 1024}, usage(input_tokens=3_000, output_tokens=400))

    assert made.layer_usd(CostLayer.SHARED) == Decimal("0.005")


def test_a_bill_is_the_sum_of_its_lines_and_bills_add():
    made = bill("lambda-url", BOOK, {}, usage())

    assert made.total_usd == sum(line.amount_usd for line in made.lines)
    assert (made + made).total_usd == 2 * made.total_usd


def test_what_is_not_in_the_book_is_an_error_never_a_guess():
    with pytest.raises(Refused, match="holds no"):
        BOOK.price("moon_dust")
    with pytest.raises(Refused, match="no price book"):
        read_book("aws-1999")
    with pytest.raises(Refused, match="no billing model"):
        bill("barter", BOOK, {}, usage())


def cost(name, fixed, variable):
    month = Estimate(fixed + variable * 1e6, None, None, 0.95, 100, 6, "")
    return Cost(name, month, month, month, None, fixed, variable, "")


def test_break_even_is_fixed_over_the_difference_of_variable_cost():
    """94.35 a month against 67.87 per million: 1.39 million."""
    found = break_even(cost("container", 94.35, 0.0), cost("function", 0.0, 67.87e-6))

    assert isinstance(found, BreakEven)
    assert found.requests_per_month.value == pytest.approx(1.390e6, rel=0.001)
    assert (found.cheaper_below, found.cheaper_above) == ("function", "container")


def test_lines_that_never_cross_are_said_so():
    assert isinstance(break_even(cost("a", 10, 1e-6), cost("b", 20, 2e-6)), Unknown)
