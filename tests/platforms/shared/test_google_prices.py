"""Google's catalogue, in its documented form: the one SKU that serves a region on demand, and a machine as the sum of its parts."""

from decimal import Decimal

import httpx
import pytest

from harness.errors import PilotError
from harness.platforms.shared.google_prices import ApiKey, GoogleCatalogue
from harness.platforms.shared.machine_shapes import parts_of
from harness.platforms.shared.rest import Rest
from tests.platforms.shared.rigs import Planted

COMPUTE = "6F81-5844-456A"


def sku(description, nanos, *, regions=("us-central1",), unit="h", usage="OnDemand", units=None, name=None, rates=None):
    """As services.skus.list writes one; a rate is (above, units, nanos)."""
    tiers = [
        {"startUsageAmount": above, "unitPrice": {"currencyCode": "USD", "nanos": n} | ({"units": str(u)} if u else {})}
        for above, u, n in rates or [(0, units, nanos)]
    ]
    return {
        "name": f"services/x/skus/{name or description}",
        "skuId": name or description,
        "description": description,
        "category": {"resourceFamily": "Compute", "usageType": usage},
        "serviceRegions": list(regions),
        "pricingInfo": [{"pricingExpression": {"usageUnit": unit, "displayQuantity": 1, "tieredRates": tiers}}],
    }


CORE = sku("G2 Instance Core running in Americas", 24_988_000, name="CORE")
RAM = sku("G2 Instance Ram running in Americas", 2_927_000, unit="GiBy.h", name="RAM")
L4 = sku("Nvidia L4 GPU running in Americas", 560_040_000, name="L4")
OTHERS = [
    sku("G2 Instance Core running in Americas", 1, usage="Preemptible"),
    sku("Spot Preemptible G2 Instance Core running in Americas", 1, usage="Preemptible"),
    sku("G2 Instance Core running in Frankfurt", 32_000_000, regions=("europe-west3",)),
    sku("G2 Custom Instance Core running in Americas", 26_000_000),
    sku("G2 Sole Tenancy Instance Core running in Americas", 27_000_000),
    sku("Commitment v1: G2 Cpu in Americas for 1 Year", 15_000_000, usage="Commit1Yr"),
]


def catalogue(*pages, status=200):
    asked = []

    def answer(request):
        asked.append(request.url)
        page = pages[len(asked) - 1] if len(asked) <= len(pages) else []
        more = str(len(asked)) if len(asked) < len(pages) else ""
        if status != 200:
            return httpx.Response(status, json={"error": {"code": status, "message": "words of the service"}})
        return httpx.Response(200, json={"skus": page, "nextPageToken": more})

    api = Rest("http://catalogue", Planted(), transport=httpx.MockTransport(answer))
    return GoogleCatalogue(api), asked


def price(lookup, *pages, region="us-central1"):
    return catalogue(*pages)[0].price(lookup, region)


def test_a_machine_is_the_sum_of_its_cores_memory_and_gpus():
    """24 x 0.024988 + 96 x 0.002927 + 2 x 0.56004."""
    found = price({"machine": "g2-standard-24"}, [CORE, RAM, *OTHERS, L4])

    assert found.usd == Decimal("2.000784")
    assert found.source == "Cloud Billing Catalog, 24 vcpus of CORE + 96 gib of RAM + 2 gpus of L4"


def test_local_disks_of_a_machine_are_priced_by_the_month():
    """26 x 0.03 + 234 x 0.0025 + 9.8 + 750 x 0.073 / 730."""
    found = price(
        {"machine": "a3-highgpu-1g"},
        [
            sku("A3 Instance Core running in Americas", 30_000_000),
            sku("A3 Instance Ram running in Americas", 2_500_000, unit="GiBy.h"),
            sku("Nvidia H100 80GB GPU running in Americas", 800_000_000, units=9),
            sku("SSD backed Local Storage", 73_000_000, unit="GiBy.mo"),
        ],
    )

    assert found.usd == Decimal("0.78") + Decimal("0.585") + Decimal("9.8") + Decimal("0.075")


def test_pages_are_read_to_the_end_and_once():
    made, asked = catalogue([CORE], [RAM, L4])
    made.price({"machine": "g2-standard-4"}, "us-central1")
    made.price({"machine": "g2-standard-8"}, "us-central1")

    assert len(asked) == 2
    assert asked[0].path == f"/v1/services/{COMPUTE}/skus"
    assert dict(asked[1].params) == {"currencyCode": "USD", "pageSize": "5000", "pageToken": "1"}


def test_no_sku_or_several_for_a_part_are_an_error_that_names_them():
    with pytest.raises(PilotError, match="'Nvidia L4 GPU' in us-central1, found 0: none"):
        price({"machine": "g2-standard-4"}, [CORE, RAM])
    with pytest.raises(PilotError, match="'G2 Instance Core' in us-central1, found 2: CORE, CORE"):
        price({"machine": "g2-standard-4"}, [CORE, CORE, RAM, L4])
    with pytest.raises(PilotError, match="in asia-east1, found 0"):
        price({"machine": "g2-standard-4"}, [CORE, RAM, L4], region="asia-east1")


def test_a_type_of_unknown_shape_is_refused_with_the_nearest():
    with pytest.raises(PilotError, match="the shape of g2-standard-5 is not known: did you mean g2-standard"):
        price({"machine": "g2-standard-5"}, [CORE, RAM, L4])


def test_a_free_first_tier_is_not_the_price_and_of_two_descriptions_the_one_of_the_region_counts():
    lookup = {"service": "run", "sku": "Services CPU (Request)|Services CPU Tier 2 (Request)", "per": "s"}
    rates = [(0, None, 0), (180_000, None, 33_600)]
    page = [
        sku("Services CPU (Request)", 24_000, unit="s", regions=("us-central1",)),
        sku("Services CPU Tier 2  (Request)", None, unit="s", regions=("europe-west3",), rates=rates, name="T2"),
    ]
    found = price(lookup, page, region="europe-west3")

    assert (found.usd, found.tiers, found.source) == (Decimal("0.0000336"), (), "Cloud Billing Catalog, SKU T2")


def test_another_unit_than_the_books_is_refused():
    lookup = {"service": "run", "sku": "Requests", "per": "count"}
    with pytest.raises(PilotError, match="is priced by 's', not by 'count'"):
        price(lookup, [sku("Requests", 400, unit="s")])


def test_what_the_service_says_is_said_and_not_asked_again():
    made, asked = catalogue(status=403)
    for _ in range(2):
        with pytest.raises(PilotError, match="words of the service"):
            made.price({"machine": "g2-standard-4"}, "us-central1")
    assert len(asked) == 1


def test_a_key_stands_in_a_header_and_not_in_the_address():
    assert ApiKey("planted").headers("GET", "/", b"", None) == {"X-Goog-Api-Key": "planted"}


def test_sizes_of_a_family_are_worked_out():
    shapes = {name: [(p.name, p.quantity) for p in parts_of(name)] for name in ("n2-highmem-8", "n1-highcpu-16")}

    assert shapes == {
        "n2-highmem-8": [("vcpus", 8), ("gib", 64)],
        "n1-highcpu-16": [("vcpus", 16), ("gib", Decimal("14.4"))],
    }
