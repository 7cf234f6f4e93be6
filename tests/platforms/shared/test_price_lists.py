"""Prices from their providers' APIs: exactly one, or an error."""

import json
from decimal import Decimal

import boto3
import httpx
import pytest
from botocore.stub import Stubber

from harness.errors import PilotError
from harness.platforms.shared.aws_prices import aws_price
from harness.platforms.shared.azure_prices import azure_price
from harness.platforms.shared.book import Price, read_book
from tests.platforms.shared.rigs import KEYS

LOOKUP = {"service": "AWSLambda", "usagetype": "Lambda-GB-Second"}


def sku(name, *steps, terms=1, usage="Lambda-GB-Second"):
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
    product = {"sku": name, "attributes": {"regionCode": "us-east-1", "usagetype": usage}}
    return json.dumps({"product": product, "terms": {"OnDemand": on_demand}})


def aws(*pages, code=None, lookup=LOOKUP, region="us-east-1", asked=None):
    client = boto3.client("pricing", **KEYS)
    with Stubber(client) as stub:
        if code:
            stub.add_client_error("get_products", code, "words of the service")
        for k, page in enumerate(pages):
            more = {"NextToken": "more"} if k + 1 < len(pages) else {}
            stub.add_response("get_products", {"PriceList": page, **more}, asked)
        return aws_price(client, lookup, region)


def question(service, **filters):
    """What GetProducts is asked; ``usagetype`` is only contained, for its region's prefix is not known."""
    kinds = {"usagetype": "CONTAINS"}
    made = [{"Type": kinds.get(name, "TERM_MATCH"), "Field": name, "Value": value} for name, value in filters.items()]
    return {"ServiceCode": service, "Filters": made, "MaxResults": 100}


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


def test_a_usage_type_counts_with_and_without_the_prefix_of_its_region():
    asked = question("AWSLambda", regionCode="eu-central-1", usagetype="Lambda-GB-Second")
    found = aws(
        [
            sku("ARM", ("0", "1"), usage="EUC1-Lambda-GB-Second-ARM"),
            sku("HERE", ("0", "2"), usage="EUC1-Lambda-GB-Second"),
            sku("FREE", ("0", "3"), usage="Global-Lambda-GB-Second"),
        ],
        region="eu-central-1",
        asked=asked,
    )

    assert (found.usd, found.source) == (2, "AWS Price List API, SKU HERE")


def test_a_lookup_with_the_prefix_of_another_region_is_asked_without_it():
    lookup = {"service": "AmazonECS", "usagetype": "USE1-Fargate-GB-Hours"}
    asked = question("AmazonECS", regionCode="ap-south-1", usagetype="Fargate-GB-Hours")

    assert aws([sku("A", ("0", "1"), usage="APS3-Fargate-GB-Hours")], lookup=lookup, region="ap-south-1", asked=asked)


def test_what_leaves_a_region_is_asked_by_where_it_comes_from():
    book = read_book("aws-2026-11")
    asked = question(
        "AWSDataTransfer",
        fromRegionCode="eu-west-1",
        transferType="AWS Outbound",
        toLocation="External",
        usagetype="DataTransfer-Out-Bytes",
    )
    page = [sku("OUT", ("0", "0.09"), ("10240", "0.085"), usage="EU-DataTransfer-Out-Bytes")]

    assert aws(page, lookup=book.price("egress_gb").lookup, region="eu-west-1", asked=asked).tiers == (
        (Decimal(10240), Decimal("0.085")),
    )


def test_a_machine_of_aws_is_asked_as_an_account_pays_for_it_on_demand():
    asked = question(
        "AmazonEC2",
        regionCode="eu-west-1",
        instanceType="g5.xlarge",
        operatingSystem="Linux",
        tenancy="Shared",
        preInstalledSw="NA",
        capacitystatus="Used",
        licenseModel="No License required",
    )
    one = sku("G5", ("0", "1.123"), usage="EU-BoxUsage:g5.xlarge")

    assert aws([one], lookup={"machine": "g5.xlarge"}, region="eu-west-1", asked=asked).usd == Decimal("1.123")
    with pytest.raises(PilotError, match="found 2: G5, G5"):
        aws([one, one], lookup={"machine": "g5.xlarge"}, region="eu-west-1", asked=asked)


def item(meter="m-1", price=0.000024, unit="1 Second", least=0.0):
    return {"meterId": meter, "retailPrice": price, "unitOfMeasure": unit, "tierMinimumUnits": least}


def azure(*pages, status=200, lookup=None):
    asked = []

    def answer(request):
        asked.append(request.url)
        page = pages[len(asked) - 1]
        more = f"https://prices.azure.com/api/retail/prices?page={len(asked)}" if len(asked) < len(pages) else None
        return httpx.Response(status, json={"Items": page, "NextPageLink": more})

    lookup = lookup or {"service": "Azure Container Apps", "meter": "Standard vCPU Active Usage"}
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


def test_what_is_free_first_is_no_part_of_the_tiers_for_the_book_takes_it_off_before():
    """100 free, 0.08 up to 10,100, then 0.06: of what is left after the free part the first 10,000 cost 0.08."""
    found, _ = azure([item(price=0.0), item(price=0.08, least=100), item(price=0.06, least=10_100)])
    price = Price("k", found.usd, "GB", found.source, confirmed=True, tiers=found.tiers, free_per_month=Decimal(100))

    assert sum(n * usd for n, usd in price.pieces(Decimal(20_100), free=True)) == Decimal("1400.00")


def test_several_meters_or_no_answer_are_errors():
    with pytest.raises(PilotError, match="found 2: m-1, m-2"):
        azure([item("m-1"), item("m-2")])
    with pytest.raises(PilotError, match="did not answer"):
        azure([], status=403)


def vm(meter, product="Virtual Machines NCadsA100v4 Series", sku_name="NC24ads A100 v4", price=3.673):
    names = {"productName": product, "skuName": sku_name, "meterName": sku_name}
    return item(meter, price, "1 Hour") | names


def test_a_machine_of_azure_is_its_linux_meter_on_demand_and_no_other():
    page = [
        vm("linux"),
        vm("windows", "Virtual Machines NCadsA100v4 Series Windows", price=4.777),
        vm("spot", sku_name="NC24ads A100 v4 Spot", price=0.9),
        vm("low", sku_name="NC24ads A100 v4 Low Priority", price=0.8),
        vm("cloud", "NCadsA100v4 Series CloudServices"),
    ]
    found, asked = azure(page, lookup={"machine": "Standard_NC24ads_A100_v4"})

    assert (found.usd, found.source) == (Decimal("3.673"), "Azure retail price API, meter linux")
    assert dict(asked[0].params)["$filter"] == (
        "serviceName eq 'Virtual Machines' and armSkuName eq 'Standard_NC24ads_A100_v4' "
        "and armRegionName eq 'eastus' and priceType eq 'Consumption'"
    )
    with pytest.raises(PilotError, match="found 0: none"):
        azure(page[1:], lookup={"machine": "Standard_NC24ads_A100_v4"})
