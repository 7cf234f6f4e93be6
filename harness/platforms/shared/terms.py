"""PriceTerms: the parameters of one bill, each with its type, its bounds and its default."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import Field

from harness.platforms.shared.amounts import NONE, ONE, Amount, Share, Size
from harness.platforms.shared.discount import Discount
from harness.platforms.shared.token_prices import TokenTerms
from harness.tables.table import Table
from harness.tables.values import Line

__all__ = ("NONE", "ONE", "Amount", "MachineTerms", "OwnPrice", "PriceTerms", "Share", "Size")

TOKEN_MODELS = ("haiku_3_5", "haiku_3", "nova_micro", "nova_lite", "nova_pro", "nova_2_lite")


class OwnPrice(Table):
    """A unit price given in target.toml itself, with its source."""

    usd: Amount
    source: Line


class PriceTerms(Table):
    """What any bill may have: units of a vector store that never sleeps, and the model whose tokens are priced."""

    ocus: Amount = NONE
    haiku_3_5: Amount = NONE
    haiku_3: Amount = NONE
    nova_micro: Amount = NONE
    nova_lite: Amount = NONE
    nova_pro: Amount = NONE
    nova_2_lite: Amount = NONE
    tokens: TokenTerms | None = None
    discount: Discount | None = None

    @property
    def transfer(self) -> OwnPrice | None:
        """A price of a team's own for a GB that goes out; None: the book's."""
        return None

    @property
    def tokens_named(self) -> bool:
        """Whether one of the book's own models is named for tokens, whatever answered."""
        return self.tokens is None and any(getattr(self, name) for name in TOKEN_MODELS)

    @property
    def tokens_of(self) -> str:
        """Whose prices tokens have: the model that is named, else the book's own."""
        return next((name for name in TOKEN_MODELS if getattr(self, name)), "model")


class MachineTerms(PriceTerms):
    """Machines by their type, as ``t3_large = 3``: any that the price book knows."""

    machines: Mapping[str, Size] = Field(min_length=1)
    autoscale: Amount = NONE  # as many as each hour wants

    @property
    def count(self) -> Decimal:
        return sum(self.machines.values(), Decimal(0))
