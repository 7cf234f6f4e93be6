"""What a provider's price API says of one price: AWS' Price List Query API, Azure's retail prices.

Verified: spec only; AWS answers are held to botocore's service model and Azure's to
its documented form. What one must know: AWS answers with JSON texts, one a SKU, whose
price dimensions are the tiers; Azure's unit is a text with a number in it ("1M",
"100 Hours") that the price is for. A lookup that finds none or several is an error:
the wrong price is worse than an old one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import httpx

from harness.errors import PilotError, Refused
from harness.platforms.shared.answer import Answer, answered, pages, parsed, printable, said_of
from harness.platforms.shared.aws import client
from harness.platforms.shared.book import Book, Price

AWS_REGION = "us-east-1"  # one of three that answer, for every region's prices
AZURE_URL = "https://prices.azure.com/api/retail/prices"
MULTIPLES = {"": 1, "K": 10**3, "M": 10**6}
Tiers = tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True)
class FoundPrice:
    """A price a unit, its further tiers (above this quantity, USD), and which SKU or meter it is."""

    usd: Decimal
    tiers: Tiers
    source: str


class PriceApi(Protocol):
    """The one call of a Price List client that is used."""

    def get_products(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: ANN401


def aws_price(
    api: PriceApi, lookup: Mapping[str, str], region: str, sleep: Callable[[float], None] = time.sleep
) -> FoundPrice:
    """Raises PilotError unless exactly one SKU answers, and where the API's answer cannot be had or read."""
    fields = {"regionCode": region, **{k: v for k, v in lookup.items() if k != "service"}}
    request: dict[str, Any] = {
        "ServiceCode": lookup["service"],
        "Filters": [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in fields.items()],
        "MaxResults": 100,
    }
    with _read_or_refused():
        products = [
            parsed(text.text())
            for page in pages(api.get_products, request, "NextToken", "NextToken", sleep)
            for text in page["PriceList"].rows()
        ]
        if len(products) != 1:
            skus = ", ".join(p["product"]["sku"].text() for p in products) or "none"
            raise PilotError(f"want exactly one SKU, found {len(products)}: {skus}")
        return _aws(products[0])


def _aws(product: Answer) -> FoundPrice:
    sku = product["product"]["sku"].text()
    terms = list(product["terms"]["OnDemand"].fields().values())
    if len(terms) != 1:
        raise PilotError(f"SKU {sku} has {len(terms)} on-demand terms, not one")
    dimensions = terms[0]["priceDimensions"].fields().values()
    steps = sorted((d["beginRange"].decimal(), d["pricePerUnit"]["USD"].decimal()) for d in dimensions)
    return _found(steps, f"AWS Price List API, SKU {sku}")


def azure_price(lookup: Mapping[str, str], region: str, transport: httpx.BaseTransport | None = None) -> FoundPrice:
    """Raises PilotError unless exactly one meter answers, and where the API's answer cannot be had or read."""
    said = {"serviceName": lookup["service"], "meterName": lookup["meter"], "armRegionName": region}
    if "product" in lookup:
        said["productName"] = lookup["product"]
    query = " and ".join(f"{name} eq '{value}'" for name, value in said.items()) + " and priceType eq 'Consumption'"
    with _read_or_refused():
        items = _azure_items(str(httpx.URL(AZURE_URL, params={"$filter": query})), transport)
        meters = sorted({item["meterId"].text() for item in items})
        if len(meters) != 1:
            raise PilotError(f"want exactly one meter, found {len(meters)}: {', '.join(meters) or 'none'}")
        unit = _units(items[0]["unitOfMeasure"].text())
        steps = sorted(
            (item["tierMinimumUnits"].decimal() * unit, item["retailPrice"].decimal() / unit) for item in items
        )
        return _found(steps, f"Azure retail price API, meter {meters[0]}")


def _azure_items(first: str, transport: httpx.BaseTransport | None) -> list[Answer]:
    """Of every page; a link that leads elsewhere, or back, is not followed."""
    items: list[Answer] = []
    seen: set[str] = set()
    url, host = first, httpx.URL(first).host
    try:
        with httpx.Client(timeout=30, transport=transport) as client:
            while url:
                if url in seen or httpx.URL(url).host != host:
                    raise PilotError(f"the retail price API's next page leads to {printable(url)}")
                seen.add(url)
                answer = client.get(url)
                answer.raise_for_status()
                page = answered(answer.json())
                if not page["Items"].given:
                    raise page["Items"].unlike("a list")
                items += page["Items"].rows()
                url = page["NextPageLink"].text() if page["NextPageLink"].value else ""
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise PilotError(f"the retail price API did not answer: {error}") from None
    return items


@contextmanager
def _read_or_refused() -> Iterator[None]:
    """Whatever cannot be read of a price is a PilotError: the old price then stays."""
    try:
        yield
    except PilotError:
        raise
    except Exception as error:  # noqa: BLE001 - one price's reason, as readings have theirs
        raise PilotError(said_of(error)) from None


def _units(text: str) -> Decimal:
    """How many units a price is for: ``1M`` a million, ``100 Hours`` a hundred."""
    found = re.match(r"(\d+(?:\.\d+)?)\s*([KM]?)(?![A-Za-z])", text)
    if not found:
        raise PilotError(f"the unit {text!r} says no number")
    return Decimal(found[1]) * MULTIPLES[found[2]]


def _found(steps: Sequence[tuple[Decimal, Decimal]], source: str) -> FoundPrice:
    """A first tier that is free is the free part of a month, which the book says by itself."""
    priced = [step for step in steps if step[1] > 0]
    if not priced:
        raise PilotError(f"{source} is free of charge, which is not what is asked for")
    (_, first), *rest = priced
    return FoundPrice(first, tuple(rest), source)


Ask = Callable[[Price, str], FoundPrice]


def asker(book: Book) -> Ask:
    """How prices of this book's provider are asked for; raises Refused for one that has no price API here."""
    provider = book.name.partition("-")[0]
    if provider == "aws":
        api = client("pricing", AWS_REGION)
        return lambda price, region: aws_price(api, price.lookup, region)
    if provider == "azure":
        return lambda price, region: azure_price(price.lookup, region)
    raise Refused(f"{book.name}: no price API is known for {provider!r}", "edit a copy of the book by hand")
