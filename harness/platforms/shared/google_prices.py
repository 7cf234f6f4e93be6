"""What Google's Cloud Billing Catalog says of one price: a SKU of a service, or the parts of a machine together.

Verified: spec only, held to the documented form of ``services.skus.list``. Prices are whole units and billionths of a
``usageUnit``; descriptions end with where the SKU runs ("… running in Americas"), and ``serviceRegions`` says it exactly.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from harness.domain.traffic import HOURS_PER_MONTH
from harness.errors import PilotError
from harness.platforms.shared.answer import Answer, pages
from harness.platforms.shared.auth.google import GoogleAccess
from harness.platforms.shared.found_price import FoundPrice, found, read_or_refused
from harness.platforms.shared.machine_shapes import BY_THE_MONTH, Part, parts_of
from harness.platforms.shared.rest import Rest, Token
from harness.secrecy import KNOWN

URL = "https://cloudbilling.googleapis.com"
KEY_VARIABLE = "GOOGLE_API_KEY"
COMPUTE_ENGINE = "6F81-5844-456A"
UNITS = {"vcpus": "h", "gib": "GiBy.h", "gpus": "h", "ssd_gib": "GiBy.mo"}  # what a part's SKU must be priced by
PLACES = (" in ", " running in ")  # between a SKU's description and where it runs


def google_machine(named: str) -> str:
    """``g2_standard_4`` as Google names it, ``g2-standard-4``."""
    return named.replace("_", "-")


def google_catalogue() -> GoogleCatalogue:
    """With the key of GOOGLE_API_KEY, else Application Default Credentials; raises PilotError, Refused without either."""
    key = os.environ.get(KEY_VARIABLE)
    token: Token = ApiKey(key) if key else GoogleAccess()
    token.renew()  # without one nothing can be asked, which is said once
    return GoogleCatalogue(Rest(URL, token))


class ApiKey:
    """A key that needs no renewal."""

    def __init__(self, key: str) -> None:
        self._key = key
        KNOWN.learn(KEY_VARIABLE, key)

    def renew(self) -> float:
        return float("inf")

    def headers(self, method: str, url: str, body: bytes, content_type: str | None) -> Mapping[str, str]:
        del method, url, body, content_type
        return {"X-Goog-Api-Key": self._key}


class GoogleCatalogue:
    """Reads a service's SKUs once, for the catalogue cannot be asked for one of them."""

    def __init__(self, api: Rest) -> None:
        self._api = api
        self._read: dict[str, list[Answer] | PilotError] = {}  # of a service, or why it could not be read
        self._served: dict[tuple[str, str], list[Answer]] = {}  # of a service, on demand in a region

    def price(self, lookup: Mapping[str, str], region: str) -> FoundPrice:
        """Raises PilotError unless exactly one on-demand SKU answers for each part, and where an answer cannot be had or read."""
        with read_or_refused():
            if "machine" in lookup:
                return self._machine(lookup["machine"], region)
            sku = self._sku(lookup["service"], lookup["sku"], region)
            return found(_steps(sku, lookup["per"]), f"Cloud Billing Catalog, SKU {sku['skuId'].text()}")

    def _machine(self, machine: str, region: str) -> FoundPrice:
        """The sum of its parts, an hour."""
        usd, said = Decimal(0), []
        for part in parts_of(machine):
            sku = self._sku(COMPUTE_ENGINE, part.sku, region)
            each = found(_steps(sku, UNITS[part.name]), part.sku)
            if each.tiers:
                raise PilotError(f"{part.sku} has tiers, which a machine's price cannot hold")
            usd += part.quantity * each.usd / (HOURS_PER_MONTH if part.name in BY_THE_MONTH else 1)
            said.append(_spoken(part, sku))
        return FoundPrice(usd, (), f"Cloud Billing Catalog, {' + '.join(said)}")

    def _sku(self, service: str, named: str, region: str) -> Answer:
        """The one of any of these descriptions, ``|`` between them, that serves the region on demand."""
        wanted = [" ".join(one.split()) for one in named.split("|")]
        fits = [
            sku
            for sku in self._on_demand(service, region)
            if any(_is(" ".join(sku["description"].text().split()), one) for one in wanted)
        ]
        if len(fits) != 1:
            ids = ", ".join(sku["skuId"].text() for sku in fits) or "none"
            raise PilotError(f"want exactly one SKU of {named!r} in {region}, found {len(fits)}: {ids}")
        return fits[0]

    def _on_demand(self, service: str, region: str) -> list[Answer]:
        key = service, region
        if key not in self._served:
            self._served[key] = [
                sku
                for sku in self._skus(service)
                if sku["category"]["usageType"].value == "OnDemand"
                and region in [place.text() for place in sku["serviceRegions"].rows()]
            ]
        return self._served[key]

    def _skus(self, service: str) -> list[Answer]:
        """Raises PilotError, the same again without asking again."""
        if service not in self._read:
            try:
                with read_or_refused():
                    answers = pages(self._page(service), {}, "pageToken", "nextPageToken")
                    self._read[service] = [sku for answer in answers for sku in answer["skus"].rows()]
            except PilotError as error:
                self._read[service] = error
        known = self._read[service]
        if isinstance(known, PilotError):
            raise known
        return known

    def _page(self, service: str) -> Callable[..., Mapping[str, Any]]:
        def page(**asked: str) -> Mapping[str, Any]:
            answer = self._api.get(f"/v1/services/{service}/skus", {"currencyCode": "USD", "pageSize": "5000", **asked})
            self._api.take()  # nothing of it is evidence
            return answer

        return page


def _is(description: str, wanted: str) -> bool:
    return description == wanted or description.startswith(tuple(wanted + place for place in PLACES))


def _spoken(part: Part, sku: Answer) -> str:
    return f"{part.quantity:f} {part.name} of {sku['skuId'].text()}"


def _steps(sku: Answer, per: str) -> list[tuple[Decimal, Decimal]]:
    """(above this quantity, USD) by tier, a ``usageUnit`` each; raises UnknownShape, PilotError for another unit or currency."""
    prices = sku["pricingInfo"].rows()
    if len(prices) != 1:
        raise PilotError(f"SKU {sku['skuId'].text()} has {len(prices)} prices, not one")
    expression = prices[0]["pricingExpression"]
    if (unit := expression["usageUnit"].text()) != per:
        raise PilotError(f"SKU {sku['skuId'].text()} is priced by {unit!r}, not by {per!r}")
    return sorted(
        (rate["startUsageAmount"].decimal(), _money(rate["unitPrice"])) for rate in expression["tieredRates"].rows()
    )


def _money(price: Answer) -> Decimal:
    """``units`` may be left out where it is 0, as ``nanos``."""
    if (currency := price["currencyCode"].text()) != "USD":
        raise PilotError(f"want USD, found {currency}")
    whole, billionths = (price[name].decimal() if price[name].given else Decimal(0) for name in ("units", "nanos"))
    return whole + billionths / 10**9
