"""A day's bill, held to botocore's model of Cost Explorer."""

from datetime import date
from decimal import Decimal

import boto3
import pytest
from botocore.stub import Stubber

from harness.platforms.shared.cost_explorer import CostExplorer
from tests.platforms.shared.rigs import KEYS

DAY = date(2026, 11, 20)


def group(service, usage_type, quantity, unit, usd):
    metrics = {"UsageQuantity": {"Amount": quantity, "Unit": unit}}
    metrics |= {name: {"Amount": usd, "Unit": "USD"} for name in ("UnblendedCost", "NetUnblendedCost")}
    return {"Keys": [service, usage_type], "Metrics": metrics}


def page(*groups, estimated=False, token=None):
    period = {
        "TimePeriod": {"Start": "2026-11-20", "End": "2026-11-21"},
        "Groups": list(groups),
        "Estimated": estimated,
    }
    return {"ResultsByTime": [period], **({"NextPageToken": token} if token else {})}


def bill(*pages, code=None, tags=({"TagKey": "pilot", "Type": "UserDefined", "Status": "Active"},)):
    client = boto3.client("ce", **KEYS)
    with Stubber(client) as stub:
        if code:
            stub.add_client_error("get_cost_and_usage", code, "words of the service")
        for answer in pages:
            stub.add_response("get_cost_and_usage", answer)
        if pages and not any(one["ResultsByTime"][0]["Groups"] for one in pages):
            stub.add_response("list_cost_allocation_tags", {"CostAllocationTags": list(tags)})
        made = CostExplorer(client, "pilot", ("rag",)).bill(DAY)
        stub.assert_no_pending_responses()
    return made


def test_every_page_counts_and_each_costs_a_cent():
    made = bill(
        page(group("AWS Lambda", "Lambda-GB-Second", "123.5", "Lambda-GB-Second", "0.0020583"), token="more"),
        page(group("AWS Lambda", "Request", "1000", "Requests", "0.0002")),
    )

    assert [(line.usage_type, line.quantity) for line in made.lines] == [
        ("Lambda-GB-Second", Decimal("123.5")),
        ("Request", Decimal(1000)),
    ]
    assert (made.pages, made.own_cost_usd, made.estimated) == (2, Decimal("0.02"), False)


def test_one_day_is_asked_by_its_tag_without_credits_and_refunds():
    query = bill(page()).query

    assert query["TimePeriod"] == {"Start": "2026-11-20", "End": "2026-11-21"}
    assert query["Filter"]["And"][0]["Tags"]["Values"] == ["rag"]
    assert query["Filter"]["And"][1]["Dimensions"]["Key"] == "RECORD_TYPE"


def test_usage_that_a_reservation_or_a_savings_plan_covers_is_usage_too():
    """It has a record type of its own, in two spellings: an account with a savings plan would seem to have used less than it did."""
    asked = set(bill(page()).query["Filter"]["And"][1]["Dimensions"]["Values"])

    assert asked >= {"Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"}
    assert asked >= {"Reservation applied usage", "Savings Plan Covered Usage"}


def test_figures_that_may_still_change_say_so():
    assert bill(page(estimated=True)).estimated


@pytest.mark.parametrize("code", ["AccessDeniedException", "DataUnavailableException"])
def test_a_day_that_was_not_answered_says_why_and_is_not_a_day_without_cost(code):
    made = bill(code=code)

    assert "words of the service" in made.failed
    assert made.estimated


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ([], "no active cost allocation tag"),
        ([{"TagKey": "pilot", "Type": "UserDefined", "Status": "Inactive"}], "TagKey=pilot,Status=Active"),
        (
            [
                {
                    "TagKey": "pilot",
                    "Type": "UserDefined",
                    "Status": "Active",
                    "LastUpdatedDate": "2026-11-25T08:00:00Z",
                }
            ],
            "active since 2026-11-25 only: can't tell what was billed; ask for a backfill",
        ),
    ],
)
def test_an_empty_bill_of_a_tag_that_was_not_active_that_day_is_cant_tell_and_never_final(tags, words):
    made = bill(page(), tags=tags)

    assert words in made.failed
    assert made.own_cost_usd == Decimal("0.02")


def test_an_empty_bill_of_an_active_tag_is_a_day_without_cost():
    active = {"TagKey": "pilot", "Type": "UserDefined", "Status": "Active", "LastUpdatedDate": "2026-11-19T23:00:00Z"}
    made = bill(page(), tags=[active])

    assert (made.failed, made.lines, made.estimated) == (None, (), False)
