"""What a token costs: a price of the team's own, else the one that a public list has for the model, else the book's stand-in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from pydantic import Field, model_validator

from harness.domain.bill import Basis, Bill, CostLayer, LineItem
from harness.platforms.shared.amounts import Amount
from harness.platforms.shared.usage import Tariff, Tokens, Usage
from harness.tables.table import Table
from harness.tables.values import Line

MILLION = Decimal(10**6)
LIST = "genai-prices"
ALIKE = 1000  # requests whose mean prompts differ by less are looked up once
BATCH = {"processing": "batch"}  # as the list names it
NOBODY = "none"  # in a model's place: a mock's tokens, which nobody bills
OTHERWISE = "aws"  # whose ids carry a vendor's name, by which the list takes them for the vendor's


@dataclass(frozen=True)
class Rates:
    """USD a token."""

    model: str
    input_usd: Decimal
    output_usd: Decimal
    cached_usd: Decimal
    source: str


class TokenTerms(Table):
    """Prices of the team's own, or which model of whose list tokens are priced as.

    ``context`` as the list has it: ``{ processing = "batch" }``, ``{ service_tier = "flex" }``.
    """

    input_usd_per_million: Amount | None = None
    output_usd_per_million: Amount | None = None
    cached_usd_per_million: Amount | None = None
    batch_input_usd_per_million: Amount | None = None
    batch_output_usd_per_million: Amount | None = None
    source: Line | None = None
    model: Line | None = None
    provider: Line | None = None
    context: Mapping[str, Line] = Field(default_factory=dict, max_length=5)

    @model_validator(mode="after")
    def _one_or_the_other(self) -> TokenTerms:
        own = (self.input_usd_per_million, self.output_usd_per_million, self.source)
        if any(one is not None for one in (*own, self.cached_usd_per_million)):
            if (self.batch_input_usd_per_million is None) != (self.batch_output_usd_per_million is None):
                raise ValueError("batch_input_usd_per_million and batch_output_usd_per_million go together")
            if any(one is None for one in own):
                raise ValueError("prices of your own: want input_usd_per_million, output_usd_per_million and source")
            if self.model or self.provider or self.context:
                raise ValueError(
                    "prices of your own leave nothing to look up: no model, provider or context beside them"
                )
        elif self.batch_input_usd_per_million is not None or self.batch_output_usd_per_million is not None:
            raise ValueError(
                "batch prices of your own: want input_usd_per_million, output_usd_per_million and source too"
            )
        elif not (self.model or self.provider or self.context):
            raise ValueError("want input_usd_per_million, output_usd_per_million and source, or model or provider")
        if self.free:
            if self.provider or self.context:
                raise ValueError(f'model = "{NOBODY}" says that nobody bills them: no provider or context beside it')
            return self
        if self.model and listed(self.model, self.provider, tuple(self.context.items())) is None:
            raise ValueError(f"{LIST} knows no price of {self.model!r}{self._of()}: state your own, with source")
        return self

    def _of(self) -> str:
        more = [f"provider {self.provider}"] if self.provider else []
        return (
            f" ({', '.join([*more, *(f'{k} {v}' for k, v in self.context.items())])})" if more or self.context else ""
        )

    @property
    def free(self) -> bool:
        """Whether nobody bills them: a mock's."""
        return self.model == NOBODY

    @property
    def own_batch(self) -> Rates | None:
        """What the team says that its batches cost; None where it says nothing of them."""
        given, made = self.batch_input_usd_per_million, self.batch_output_usd_per_million
        if given is None or made is None or self.source is None:
            return None
        return Rates("", given / MILLION, made / MILLION, given / MILLION, f"{self.source}, batch")

    @property
    def own(self) -> Rates | None:
        """None where a list is asked."""
        given, made, said = self.input_usd_per_million, self.output_usd_per_million, self.source
        if given is None or made is None or said is None:
            return None
        cached = given if self.cached_usd_per_million is None else self.cached_usd_per_million
        return Rates("", given / MILLION, made / MILLION, cached / MILLION, said)


def installed() -> str:
    """The list that tokens are priced by, with its version: its prices come with the package."""
    return f"{LIST} {version(LIST)}"


def rates(terms: TokenTerms | None, tokens: Tokens, day: dt.date, *, batch: bool = False) -> Rates | None:
    """None where nobody states a price and no list knows the model.

    A ``batch`` has the team's own price of batches, or the list's; where neither has one it costs what anything else does.
    """
    if terms is not None and terms.own is not None:
        return (terms.own_batch if batch else None) or terms.own
    model = (terms.model if terms else None) or tokens.model
    if not model:
        return None
    provider, context = (terms.provider, dict(terms.context)) if terms else (None, {})
    batched = listed(model, provider, tuple({**context, **BATCH}.items()), day, tokens.alike(ALIKE)) if batch else None
    return batched or listed(model, provider, tuple(context.items()), day, tokens.alike(ALIKE))


@lru_cache(maxsize=1024)
def listed(
    model: str,
    provider: str | None,
    context: tuple[tuple[str, str], ...],
    day: dt.date = dt.date.max,
    prompt: int = ALIKE,
) -> Rates | None:
    """As the list of the installed package has it on that day at noon, UTC, for prompts of that length.

    None for a model, provider or context that it does not know.
    """
    from genai_prices import Usage as Counted  # noqa: PLC0415 - a second of imports, where tokens are priced alone
    from genai_prices import calc_price  # noqa: PLC0415

    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)

    def priced(**counted: int) -> Any:  # noqa: ANN401 - the package's own type
        said: dict[str, Any] = {"genai_request_timestamp": noon, "price_context": dict(context) or None}
        try:
            return calc_price(Counted(**counted), model, provider_id=provider, **said)
        except LookupError:
            if provider is not None:
                raise
            return calc_price(Counted(**counted), model, provider_id=OTHERWISE, **said)

    try:
        plain, cached = (
            priced(input_tokens=prompt, output_tokens=1),
            priced(input_tokens=prompt, cache_read_tokens=prompt),
        )
    except LookupError:
        return None
    known = dict(context)
    variants = [one.when for one in plain.model.price_variants or ()]
    if context and not any(all(known.get(k) == v for k, v in when.items()) for when in variants):
        return None
    if plain.input_price is None or plain.output_price is None:
        return None
    each = Decimal(prompt)
    reread = plain if plain.model_price.cache_read_mtok is None else cached
    name = f"{plain.provider.id}/{plain.model.id}"
    said = f"{installed()}: {name}{''.join(f', {k} {v}' for k, v in context)}"
    return Rates(name, plain.input_price / each, plain.output_price, reread.input_price / each, said)


def token_lines(tariff: Tariff, terms: TokenTerms | None, stand_in: str, usage: Usage, *, batch: bool = False) -> Bill:
    """A line each of what was read, read before, and written, by the model; the rest at the book's ``stand_in``.

    None at all of what nobody bills.
    """
    if terms is not None and terms.free:
        return Bill()
    day, made, rest, unknown = tariff.book.date, Bill(), [], False
    counted = usage.by_model()
    for tokens in [t for t in counted if t.input or t.output] or counted[-1:]:
        found = rates(terms, tokens, day, batch=batch)
        if found is None:
            rest.append(tokens)
            unknown = unknown or bool(tokens.model)
        else:
            made += _lines(found, tokens)
    if not tariff.book.name or (made.lines and not any(t.input or t.output for t in rest)):
        return made
    mark = ", at a stand-in's price" if unknown else ""
    return (
        made
        + tariff.line(
            f"Model input tokens{mark}", _sum(t.input for t in rest), f"{stand_in}_input_token", CostLayer.SHARED
        )
        + tariff.line(
            f"Model output tokens{mark}", _sum(t.output for t in rest), f"{stand_in}_output_token", CostLayer.SHARED
        )
    )


def unlisted(terms: TokenTerms | None, usage: Usage, day: dt.date) -> tuple[str, ...]:
    """Models that tokens were counted of and that no list knows; none where nobody bills them."""
    if terms is not None and terms.free:
        return ()
    found = (t.model for t in usage.by_model() if t.model and rates(terms, t, day) is None)
    return tuple(sorted(set(found)))


def _lines(rates: Rates, tokens: Tokens) -> Bill:
    of = f", {rates.model}" if rates.model else ""
    lines = (
        (f"Model input tokens{of}", tokens.input - tokens.cached, rates.input_usd, "input_token"),
        (f"Model cached tokens{of}", tokens.cached, rates.cached_usd, "cached_token"),
        (f"Model output tokens{of}", tokens.output, rates.output_usd, "output_token"),
    )
    said = CostLayer.SHARED, Basis.MODELLED
    where = rates.model or "prices.tokens"
    return Bill(
        tuple(
            LineItem(label, quantity, "token", usd, *said, f"{where}:{key}", rates.source)
            for label, quantity, usd, key in lines
            if quantity or key != "cached_token"
        )
    )


def _sum(values: Any) -> Decimal:  # noqa: ANN401 - of Decimals
    return sum(values, Decimal(0))
