"""A stated discount: a line of its own below zero, of what is kept."""

from decimal import Decimal

import pytest

from harness.domain.target import PriceModel
from harness.platforms.pricing import pricing_of, problems_of
from harness.platforms.shared.usage import Usage

MONTH = Usage(Decimal(730), Decimal(10**6), Decimal(4 * 10**9), Decimal(0), Decimal(0), Decimal(0))
PLAN = {"share": 0.30, "kind": "savings-plan", "source": "our agreement"}


def off(model, discount, **parameters):
    made = pricing_of(PriceModel("aws-2026-11", "here", model, {**parameters, "discount": discount})).bill(MONTH)
    [line] = [x for x in made.lines if x.price_key == "prices.discount"]
    return line


def test_of_a_capacity_it_is_of_what_grows_with_the_units_and_not_of_what_stands_in_front():
    """2 tasks x 730 h x (0.04048 + 2 x 0.004445) = 72.0802: 30 % of it, and none of an address."""
    line = off("fargate-alb", PLAN, vcpu=1, memory_gb=2, tasks=2)

    assert round(line.amount_usd, 4) == Decimal("-21.6241")
    assert (line.label, line.source, line.layer.value) == ("Savings plan, 30 % off", "our agreement", "runtime")


def test_it_grows_with_what_is_priced():
    pricing = pricing_of(PriceModel("aws-2026-11", "here", "ec2-alb", {"m5_large": 2, "discount": PLAN}))
    two, four = (p.bill(MONTH) for p in (pricing, pricing.sized(4)))
    [a], [b] = ([x.amount_usd for x in made.lines if x.price_key == "prices.discount"] for made in (two, four))

    assert b == 2 * a == -Decimal("0.30") * 4 * 730 * Decimal("0.096")


def test_of_what_is_billed_by_use_it_is_of_the_lines_that_it_names():
    """4,000,000 s of 1 GB at 0.0000166667: 12 % of 66.6668."""
    line = off("lambda-url", {**PLAN, "share": 0.12, "lines": ["lambda_gb_second"]}, memory_mb=1024)

    assert round(line.amount_usd, 4) == Decimal("-8.0000")


@pytest.mark.parametrize(
    ("model", "discount", "says"),
    [
        ("lambda-url", PLAN, "name the prices that it is of; these are: lambda_request"),
        ("lambda-url", {**PLAN, "lines": ["lambda_gb_secnd"]}, "did you mean lambda_gb_second?"),
        ("fargate-alb", {**PLAN, "share": 1.2}, "share"),
        ("fargate-alb", {**PLAN, "kind": "coupon"}, "kind"),
    ],
)
def test_what_would_make_nothing_cheaper_is_refused(model, discount, says):
    parameters = {"memory_mb": 1024} if model == "lambda-url" else {}
    found = problems_of(model, "aws-2026-11", "aws-2026-11", "us-east-1", {**parameters, "discount": discount})

    assert [p for p in found if says in f"{p.field}: {p.message}"], found
