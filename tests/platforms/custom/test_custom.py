"""model = "custom": prices that stand in target.toml, each with who says it."""

from decimal import Decimal

import pytest

from harness.domain.target import PriceModel
from harness.errors import BadFile
from harness.platforms.billing import How
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.usage import Usage
from harness.workspace import open_workspace
from tests.builders import Pilot

USAGE = Usage(Decimal(73), Decimal(500_000), Decimal(2_000_000), Decimal(3 * 10**9), Decimal(0), Decimal(0))


def price(usd):
    return {"usd": usd, "source": "the contract"}


def bill_of(**parameters):
    return pricing_of(PriceModel("", "", "custom", parameters)).bill(USAGE)


def test_each_line_is_its_quantity_at_its_stated_price_with_who_says_it():
    """73 hours of 2 units, half a million requests, 2,000 s of 0.5 GB, 3 GB, a tenth of a month."""
    made = bill_of(
        per_hour=price(0.05),
        units=2,
        per_million_requests=price(0.40),
        per_gb_second=price(0.00002),
        memory_mb=512,
        per_gb_transfer=price(0.01),
        per_month=price(30),
    )

    assert {line.label: line.amount_usd for line in made.lines} == {
        "Units": Decimal("7.30"),
        "Requests": Decimal("0.20"),
        "Execution, as long as clients waited": Decimal("0.02"),
        "Fee a month": Decimal(3),
        "Data transfer out": Decimal("0.03"),
    }
    assert {line.source for line in made.lines} == {"the contract"}


def test_what_is_not_priced_is_no_line():
    assert [line.price_key for line in bill_of(per_million_requests=price(1)).lines] == ["custom.per_million_requests"]


@pytest.mark.parametrize(
    ("parameters", "how"),
    [({"per_hour": price(1)}, How.CAPACITY), ({"per_million_requests": price(1)}, How.REQUESTS)],
)
def test_what_has_a_price_by_the_hour_is_a_capacity(parameters, how):
    assert pricing_of(PriceModel("", "", "custom", parameters)).billing.how is how


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({}, "want a price: per_hour"),
        ({"per_gb_second": price(1)}, "per_gb_second and memory_mb go together"),
        ({"per_month": price(1), "units": 2}, "units: only what is billed per_hour"),
        ({"per_month": {"usd": 1}}, "per_month.source: is required"),
        ({"per_month": {"usd": -1, "source": "we"}}, "per_month.usd"),
        ({"per_moth": price(1)}, "did you mean per_month?"),
        ({"per_month": 4}, "per_month"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(parameters, says):
    with pytest.raises(BadFile) as caught:
        bill_of(**parameters)

    assert says in str(caught.value)


def test_no_book_is_wanted_by_it_and_is_by_any_other(tmp_path):
    Pilot(tmp_path).workspace()
    path = tmp_path / "targets" / "alpha" / "target.toml"
    text = path.read_text().partition("[prices]")[0]
    path.write_text(
        f'{text}\n[prices]\nmodel = "custom"\nparameters = {{ per_month = {{ usd = 9, source = "we" }} }}\n'
    )
    assert pricing_of(open_workspace(tmp_path).target("alpha").prices).bill(USAGE).total_usd == Decimal("0.9")

    path.write_text(f'{text}\n[prices]\nmodel = "lambda-url"\n')
    with pytest.raises(BadFile, match="book: is required"):
        open_workspace(tmp_path).target("alpha")
