"""How a bill of AWS names what our books price: by the usage types that the books' own lookups ask for.

Unconfirmed: nobody has held them to an account's bill yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from harness.platforms.shared.book import book_names, read_book

WHERE = re.compile(r"^(?:Global|[A-Z]{2,4}\d*)-")  # of a region, before a usage type
MACHINE = "BoxUsage:"
ALSO = {"Requests": "lambda_request", "IndexingOCU": "aoss_ocu_hour"}  # another name of what is priced alike


def key_of(usage_type: str) -> str | None:
    """The price of our books that a usage type is billed by."""
    named = WHERE.sub("", usage_type, count=1)
    if named.startswith(MACHINE):
        return f"ec2_{re.sub('[.-]', '_', named.removeprefix(MACHINE))}_hour"
    return _keys().get(named)


@lru_cache(maxsize=1)
def _keys() -> Mapping[str, str]:
    priced = (price for name in book_names() for price in read_book(name).prices)
    return {**{p.lookup["usagetype"]: p.key for p in priced if "usagetype" in p.lookup}, **ALSO}
