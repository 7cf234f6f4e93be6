"""Bills, line by line: the month that is expected, what the pilot itself used, what asking cost, what was billed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.decision.findings import Findings
from harness.domain.bill import LineItem
from harness.domain.columns import Column, flags, floats, instants, texts, words
from harness.evidence.bills import FOLDER, all_days, final
from harness.evidence.store import Store

BILLS: tuple[Column, ...] = (
    *words(
        bill="`month`: at the expected traffic; `pilot`: what its own runs used, at list price; `asking`: what the pilot's "
        "questions to the platforms cost; `billed`: what the provider says",
        target="folder of the target under targets/; NA: the pilot itself",
    ),
    *instants(day="the billed day, UTC; NA: not a bill by day"),
    *words(
        layer="`runtime`, `shared` (tokens, transfer: the same for both) or `pilot-only`; NA: the provider does not say"
    ),
    *texts(line="what is paid for"),
    *words(price_key="price of the price book, or the provider's usage type"),
    *floats(quantity="how much of it, in `unit`"),
    *words(unit="unit of the quantity"),
    *floats(
        unit_price_usd="price of one unit; NA: the provider does not say",
        amount_usd="quantity times unit price, or what was billed before discounts",
        net_usd="what was billed after discounts; NA: not a billed line",
    ),
    *words(basis="METERED: from the platform's records; MODELLED: from the client's side or the declared size; BILLED"),
    *flags(final="the billed day can no longer change; NA: not a billed line"),
)


def rows(findings: Findings, store: Store) -> Iterator[tuple[Any, ...]]:
    """In the order of ``BILLS``; amounts of different ``bill`` say the same money twice and are never added."""
    for cost in findings.costs:
        yield from (_line("month", cost.target, line) for line in (cost.monthly.lines if cost.monthly else ()))
    for used in findings.used:
        yield from (_line("pilot", used.target, line) for line in used.bill.lines)
    yield from (_line("asking", None, line) for line in findings.asking.lines)
    for folder in sorted(p for p in (store.root / FOLDER).glob("*") if p.is_dir()):
        for bill in all_days(folder):
            for line in bill["lines"]:
                head = ("billed", folder.name, bill["day"], None, line["service"], line["usage_type"])
                amounts = (line["quantity"], line["unit"], None, line["usd"], line["net_usd"])
                yield (*head, *amounts, "BILLED", final(bill))


def _line(bill: str, target: str | None, line: LineItem) -> tuple[Any, ...]:
    head = (bill, target, None, line.layer.value, line.label, line.price_key)
    amounts = (line.quantity, line.unit, line.unit_price_usd, line.amount_usd, None)
    return (*head, *amounts, line.basis.value, None)
