"""Prices from their providers' APIs: exactly one, or an error."""

import json
from decimal import Decimal

import boto3
import httpx
import pytest
from botocore.stub import Stubber

from harness.errors import PilotError
from harness.platforms.shared.price_lists import aws_price, azure_price
from tests.platforms.shared.rigs import KEYS

LOOKUP = {"service": "AWSLambda", "usagetype": "Lambda-GB-Second"}


def sku(name, *steps, terms=1):
    """One product as the Price List API writes it: a price dimension a tier."""
    dimensions = {
        f"{name}.T.{k}": {
            "beginRange": begin,
            "endRange": "Inf",
            "unit": "Lambda-GB-Second",
            "pricePerUnit": {"USD": usd},
        }
        for k, (begin, usd) in enumerate(steps)
    }
    on_demand = {f"{name}.T{k}": {"priceDimensions": dimensions} for k in range(terms)}
    product = {"sku": name, "attributes": {"regionCode": "us-east-1"}}
    return json.dumps({"product": product, "terms": {"OnDemand": on_demand}})


def aws(*pages, code=None):
    client = boto3.client("pricing", **KEYS)
    with Stubber(client) as stub:
        if code:
            stub.add_client_error("get_products", code, "words of the service")
        for k, page in enumerate(pages):
            more = {"NextToken": "more"} if k + 1 < len(pages) else {}
            stub.add_response("get_products", {"PriceList": page, **more})
        return aws_price(client, LOOKUP, "us-east-1", lambda _: None)


def test_the_price_dimensions_of_one_sku_are_its_tiers():
    tiers = [("15000000000", "0.0000133334"), ("0", "0.0000166667"), ("6000000000", "0.0000150000")]
    found = aws([sku("ABC", *tiers)])

    assert found.usd == Decimal("0.0000166667")
    assert found.tiers == (
        (Decimal(6000000000), Decimal("0.000015")),
        (Decimal(15000000000), Decimal("0.0000133334")),
    )
    assert found.source == "AWS Price List API, SKU ABC"


def test_none_or_several_skus_are_an_error_that_names_them():
    with pytest.raises(PilotError, match="found 0: none"):
        aws([])
    with pytest.raises(PilotError, match="found 2: ABC, DEF"):
        aws([sku("ABC", ("0", "1"))], [sku("DEF", ("0", "2"))])


@pytest.mark.parametrize(
    ("page", "words"),
    [([sku("ABC", ("0", "0"))], "free of charge"), ([sku("ABC", ("0", "1"), terms=2)], "2 on-demand terms")],
)
def test_what_is_not_one_price_is_refused(page, words):
    with pytest.raises(PilotError, match=words):
        aws(page)


def test_a_refused_question_says_why():
    with pytest.raises(PilotError, match="words of the service"):
        aws(code="AccessDeniedException")


def item(meter="m-1", price=0.000024, unit="1 Second", least=0.0):
    return {"meterId": meter, "retailPrice": price, "unitOfMeasure": unit, "tierMinimumUnits": least}


def azure(*pages, status=200):
    asked = []

    def answer(request):
        asked.append(request.url)
        page = pages[len(asked) - 1]
        more = f"https://prices.azure.com/api/retail/prices?page={len(asked)}" if len(asked) < len(pages) else None
        return httpx.Response(status, json={"Items": page, "NextPageLink": more})

    lookup = {"service": "Azure Container Apps", "meter": "Standard vCPU Active Usage"}
    return azure_price(lookup, "eastus", httpx.MockTransport(answer)), asked


def test_one_meter_of_the_retail_prices_by_service_meter_and_region():
    found, asked = azure([item()])

    assert (found.usd, found.source) == (Decimal("0.000024"), "Azure retail price API, meter m-1")
    query = dict(asked[0].params)["$filter"]
    assert query == (
        "serviceName eq 'Azure Container Apps' and meterName eq 'Standard vCPU Active Usage' "
        "and armRegionName eq 'eastus' and priceType eq 'Consumption'"
    )


def test_the_number_in_a_unit_is_what_the_price_is_for():
    assert azure([item(price=0.4, unit="1M")])[0].usd == Decimal("0.0000004")
    assert azure([item(price=10.0, unit="100 Hours")])[0].usd == Decimal("0.1")
    assert azure([item(price=0.5, unit="10K")])[0].usd == Decimal("0.00005")


def test_a_free_first_tier_is_not_the_price_and_pages_are_read_to_the_end():
    found, asked = azure([item(price=0.0)], [item(price=0.000024, least=180000)])

    assert found.usd == Decimal("0.000024")
    assert len(asked) == 2


def test_several_meters_or_no_answer_are_errors():
    with pytest.raises(PilotError, match="found 2: m-1, m-2"):
        azure([item("m-1"), item("m-2")])
    with pytest.raises(PilotError, match="did not answer"):
        azure([], status=500)
