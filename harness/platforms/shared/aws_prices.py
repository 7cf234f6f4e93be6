"""What the AWS Price List Query API says of one price.

Verified: spec only, held to botocore's service model. It answers with JSON texts, one a SKU, whose price dimensions
are the tiers. A usage type carries its region's prefix (``EUC1-Fargate-GB-Hours``), which no table maps for every
region: the API is asked for what contains the rest, of which only that rest with or without a prefix counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from harness.errors import PilotError
from harness.platforms.shared.answer import Answer, pages, parsed
from harness.platforms.shared.found_price import FoundPrice, found, read_or_refused

REGION = "us-east-1"  # one of three that answer, for every region's prices
PREFIX = re.compile(r"^[A-Z]{2,4}\d*-")  # of a region, before a usage type
SIZE = re.compile(r"(.+)_((?:nano|micro|small|medium|large|\d*xlarge|metal(?:_\d+xl)?))")
ON_DEMAND = {  # a machine as an account without licences or reservations of its own pays for it
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "licenseModel": "No License required",
}


class PriceApi(Protocol):
    """The one call of a Price List client that is used."""

    def get_products(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: ANN401


def aws_machine(named: str) -> str:
    """``g5_xlarge`` as AWS names it, ``g5.xlarge``; what has a dot already is taken as it stands."""
    if "." in named:
        return named
    parts = SIZE.fullmatch(named)
    return ".".join(part.replace("_", "-") for part in parts.groups()) if parts else named


def aws_price(api: PriceApi, lookup: Mapping[str, str], region: str) -> FoundPrice:
    """Raises PilotError unless exactly one SKU answers, and where the API's answer cannot be had or read."""
    asked = _of_machine(lookup["machine"]) if "machine" in lookup else dict(lookup)
    usage = PREFIX.sub("", asked.pop("usagetype", ""), count=1)
    service, placed = asked.pop("service"), asked.pop("region_field", "regionCode")
    filters = [_filter("TERM_MATCH", name, value) for name, value in {placed: region, **asked}.items()]
    filters += [_filter("CONTAINS", "usagetype", usage)] if usage else []
    request: dict[str, Any] = {"ServiceCode": service, "Filters": filters, "MaxResults": 100}
    with read_or_refused():
        products = [
            parsed(text.text())
            for page in pages(api.get_products, request, "NextToken", "NextToken")
            for text in page["PriceList"].rows()
        ]
        products = [p for p in products if not usage or _is(usage, p["product"]["attributes"]["usagetype"].text())]
        if len(products) != 1:
            skus = ", ".join(p["product"]["sku"].text() for p in products) or "none"
            raise PilotError(f"want exactly one SKU, found {len(products)}: {skus}")
        return _priced(products[0])


def _of_machine(machine: str) -> dict[str, str]:
    return {"service": "AmazonEC2", "instanceType": machine, **ON_DEMAND}


def _filter(kind: str, name: str, value: str) -> dict[str, str]:
    return {"Type": kind, "Field": name, "Value": value}


def _is(usage: str, found_type: str) -> bool:
    return found_type == usage or PREFIX.sub("", found_type, count=1) == usage


def _priced(product: Answer) -> FoundPrice:
    sku = product["product"]["sku"].text()
    terms = list(product["terms"]["OnDemand"].fields().values())
    if len(terms) != 1:
        raise PilotError(f"SKU {sku} has {len(terms)} on-demand terms, not one")
    dimensions = terms[0]["priceDimensions"].fields().values()
    steps = sorted((d["beginRange"].decimal(), d["pricePerUnit"]["USD"].decimal()) for d in dimensions)
    return found(steps, f"AWS Price List API, SKU {sku}")
