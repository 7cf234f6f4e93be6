"""What Azure's retail price API says of one price.

Verified: spec only, held to its documented form. Its unit is a text with a number in it ("1M", "100 Hours") that the
price is for. One size of machine has meters for Linux, Windows, Spot, Low Priority and Cloud Services beside each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from harness.errors import PilotError
from harness.platforms.shared.answer import Answer, answered, printable
from harness.platforms.shared.found_price import FoundPrice, found, read_or_refused
from harness.platforms.shared.http_client import HttpClient

if TYPE_CHECKING:
    import httpx  # imported where it is used: most commands ask no API

URL = "https://prices.azure.com/api/retail/prices"
MULTIPLES = {"": 1, "K": 10**3, "M": 10**6}
FIELDS = {"service": "serviceName", "meter": "meterName", "product": "productName", "sku": "skuName"}
OTHERS = ("Windows", "Spot", "Low Priority", "CloudServices", "Cloud Services")  # not a machine with Linux, on demand
CHIP = re.compile(r"(?:a|h|b|t|mi|gb)\d+x?")  # a part of a size that names its accelerator: a100, t4, mi300x


def azure_machine(named: str) -> str:
    """``nc24ads_a100_v4`` as Azure names it, ``Standard_NC24ads_A100_v4``; what starts with Standard_ stays."""
    if named.startswith("Standard_"):
        return named
    size, *rest = named.split("_")
    family = re.match(r"[a-zA-Z]*", size)
    upper = family.group() if family else ""
    parts = [upper.upper() + size[len(upper) :], *(p.upper() if CHIP.fullmatch(p) else p for p in rest)]
    return "_".join(["Standard", *parts])


def azure_price(lookup: Mapping[str, str], region: str, transport: httpx.BaseTransport | None = None) -> FoundPrice:
    """Raises PilotError unless exactly one meter answers, and where the API's answer cannot be had or read."""
    import httpx  # noqa: PLC0415

    machine = lookup.get("machine")
    said = (
        {"serviceName": "Virtual Machines", "armSkuName": machine}
        if machine
        else {FIELDS[name]: value for name, value in lookup.items()}
    )
    query = " and ".join(f"{name} eq '{value}'" for name, value in {**said, "armRegionName": region}.items())
    with read_or_refused():
        items = _items(str(httpx.URL(URL, params={"$filter": f"{query} and priceType eq 'Consumption'"})), transport)
        if machine:
            items = [item for item in items if _linux_on_demand(item)]
        meters = sorted({item["meterId"].text() for item in items})
        if len(meters) != 1:
            raise PilotError(f"want exactly one meter, found {len(meters)}: {', '.join(meters) or 'none'}")
        unit = _units(items[0]["unitOfMeasure"].text())
        steps = sorted(
            (item["tierMinimumUnits"].decimal() * unit, item["retailPrice"].decimal() / unit) for item in items
        )
        return found(steps, f"Azure retail price API, meter {meters[0]}")


def _linux_on_demand(item: Answer) -> bool:
    words = " ".join(item[name].text() for name in ("productName", "skuName", "meterName"))
    return not any(other in words for other in OTHERS)


def _items(first: str, transport: httpx.BaseTransport | None) -> list[Answer]:
    """Of every page; a link that leads elsewhere, or back, is not followed."""
    import httpx  # noqa: PLC0415

    items: list[Answer] = []
    seen: set[str] = set()
    url, host = first, httpx.URL(first).host
    try:
        with HttpClient(transport=transport) as client:
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


def _units(text: str) -> Decimal:
    """How many units a price is for: ``1M`` a million, ``100 Hours`` a hundred."""
    found = re.match(r"(\d+(?:\.\d+)?)\s*([KM]?)(?![A-Za-z])", text)
    if not found:
        raise PilotError(f"the unit {text!r} says no number")
    return Decimal(found[1]) * MULTIPLES[found[2]]
