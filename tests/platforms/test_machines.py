"""Machines of the books of this package: which there are, what their provider calls them, and what a month of one costs."""

import re
from decimal import Decimal

import pytest

from harness.domain.bill import CostLayer
from harness.errors import PilotError
from harness.platforms import registry
from harness.platforms.machines import billing_of_machines, machine_types
from harness.platforms.pricing import bill
from harness.platforms.shared.aws_prices import aws_machine
from harness.platforms.shared.azure_prices import azure_machine
from harness.platforms.shared.book import book_names, read_book
from harness.platforms.shared.google_prices import google_machine
from harness.platforms.shared.machine_shapes import parts_of
from harness.platforms.shared.usage import Usage

HOURS = Decimal(730)
MONTH = Usage(HOURS, *(Decimal(0) for _ in range(5)))
NAMES = {"aws": aws_machine, "azure": azure_machine, "gcp": google_machine}
GPUS = {
    "aws": (r"g5_", r"g6_", r"p4d_", r"p5_"),
    "azure": (r"nc\d+ads_a100_v4", r"nc\d+ads_h100_v5", r"nd96isr_h100_v5"),
    "gcp": (r"g2_standard", r"a2_highgpu", r"a3_highgpu"),  # L4, A100, H100
}
BOOKS = [read_book(name) for name in book_names()]
EVERY = [
    (book, billing, kind) for book in BOOKS for billing in registry.billings() for kind in machine_types(billing, book)
]


def types(book):
    return machine_types(billing_of_machines(book), book)


def test_at_least_forty_types_are_priced():
    assert sum(len(types(book)) for book in BOOKS) >= 40


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.name)
def test_the_gpu_families_of_each_cloud_are_priced(book):
    for family in GPUS[book.provider]:
        assert any(re.match(family, kind) for kind in types(book)), family


@pytest.mark.parametrize(("book", "billing", "kind"), EVERY, ids=lambda v: getattr(v, "name", getattr(v, "model", v)))
def test_a_month_of_a_machine_is_its_price_by_the_hour(book, billing, kind):
    key = machine_types(billing, book)[kind]
    made = bill(billing.model, book, {kind: 3}, MONTH)
    [line] = [line for line in made.lines if line.price_key == key and line.layer is CostLayer.RUNTIME]

    assert line.amount_usd == 3 * HOURS * book.price(key).usd
    assert book.price(key).usd > 0


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.name)
def test_each_is_asked_for_by_the_name_that_its_source_has(book):
    for kind, key in types(book).items():
        own = NAMES[book.provider](kind).removeprefix("Standard_")
        said = book.price(key).source.removeprefix("EC2 price list, ").partition(" on demand")[0].replace(" ", "_")
        assert own == said


def test_names_that_stand_in_no_book_are_known_too():
    assert [aws_machine(n) for n in ("u_6tb1_112xlarge", "c7i_metal_24xl", "m7i_flex_large", "g5.xlarge")] == [
        "u-6tb1.112xlarge",
        "c7i.metal-24xl",
        "m7i-flex.large",
        "g5.xlarge",
    ]
    assert azure_machine("nd96isr_mi300x_v5") == "Standard_ND96isr_MI300X_v5"
    assert azure_machine("Standard_E4-2s_v5") == "Standard_E4-2s_v5"


def test_the_shape_of_every_machine_of_googles_book_is_known():
    [book] = [b for b in BOOKS if b.provider == "gcp"]
    unknown = []
    for kind in types(book):
        try:
            parts_of(google_machine(kind))
        except PilotError as error:
            unknown.append(str(error))

    assert unknown == []
