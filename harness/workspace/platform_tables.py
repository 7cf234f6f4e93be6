"""Tables of target.toml that platforms read: [runtime], [[sources]] and [prices], each by its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator

from harness.domain.target import RuntimeConfig, SourceConfig
from harness.errors import BadFile, Problem
from harness.platforms import pricing, registry
from harness.platforms.shared.book import NO_BOOK
from harness.tables.plain import shown
from harness.tables.problems import nearest, validate
from harness.tables.table import Table
from harness.tables.values import Line, Quantity

T = TypeVar("T")
P = ParamSpec("P")


def _number_or_table(value: Any, number: ValidatorFunctionWrapHandler) -> Any:  # noqa: ANN401 - whatever the file holds
    return value if isinstance(value, dict) else number(value)


Parameter = Annotated[Quantity, WrapValidator(_number_or_table)]  # a table is its model's to read


APART = ("tokens", "discount")  # of the terms, those with a table of their own


class KindTable(BaseModel):
    """A table whose other fields are its kind's to read."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: str = Field(max_length=100)


class PricesTable(Table):
    """Which price book applies, how it bills, and the shape that is billed, whose parameters are the model's to read."""

    book: Line = NO_BOOK
    region: Line = ""
    model: Line
    model_prices: Literal["listed", "none"] = (
        "listed"  # none: the pilot's model is a replay, and nobody bills its tokens
    )
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    tokens: dict[str, Any] | None = None
    discount: dict[str, Any] | None = None

    @property
    def terms(self) -> dict[str, Any]:
        """Everything that its model's terms read."""
        apart = {"tokens": self.tokens, "discount": self.discount}
        return self.parameters | {name: table for name, table in apart.items() if table is not None}

    def path(self, workspace: Path) -> str:
        """A book of a team's own is a file of the workspace; any other is one of this package."""
        return str(workspace / self.book) if self.book.endswith(".toml") else self.book


def read_runtime(table: Any, path: Path) -> RuntimeConfig | None:  # noqa: ANN401 - whatever the file holds
    """None where it has no kind, which the file's own reader says; raises BadFile."""
    if not _has_kind(table):
        return None
    platform = registry.runtimes().get(table["kind"])
    if platform is None or platform.config is None:
        raise BadFile(path, [_unknown("runtime.kind", "runtime", table["kind"], registry.runtimes())])
    return validate(platform.config, _rest(table), path, "runtime")


def read_sources(tables: Any, path: Path) -> tuple[SourceConfig, ...]:  # noqa: ANN401
    """Unset fields are left out; raises BadFile with the problems of all."""
    problems: list[Problem] = []
    found = [
        collected(problems, _source, table, path, f"sources.{number}")
        for number, table in enumerate(tables if isinstance(tables, list) else ())
        if _has_kind(table)
    ]
    if problems:
        raise BadFile(path, problems)
    return tuple(one for one in found if one)


def _source(table: Mapping[str, Any], path: Path, at: str) -> SourceConfig:
    kinds = registry.source_kinds()
    known = kinds.get(table["kind"])
    if known is not None:
        made = validate(known.table, table, path, at)
        said = made.model_dump(exclude={"kind"}, exclude_none=True, by_alias=True)
        return SourceConfig(table["kind"], said, bills=known.bills)
    brought = registry.other_sources()
    if table["kind"] not in brought:
        raise BadFile(path, [_unknown(f"{at}.kind", "source", table["kind"], [*kinds, *brought])])
    return SourceConfig(table["kind"], _rest(table))  # its fields are that package's to check


def problems_of_prices(table: PricesTable, workspace: Path) -> list[Problem]:
    """What is wrong with the book, the model, or a parameter, by field."""
    found = pricing.problems_of(table.model, table.book, table.path(workspace), table.region, table.terms)
    if table.book and not table.region:
        found.append(Problem("region", "is required"))
    return [Problem(f"prices.{_as_written(p.field)}", p.message) for p in found]


def _as_written(field: str) -> str:
    first, _, rest = field.partition(".")
    return rest if first == "parameters" and rest.partition(".")[0] in APART else field


def is_embedded(table: Any) -> bool:  # noqa: ANN401
    """Whether [runtime] is of a platform on this machine."""
    platform = registry.runtimes().get(table["kind"]) if _has_kind(table) else None
    return bool(platform and platform.config and platform.config.embedded)


def collected(problems: list[Problem], read: Callable[P, T], *given: P.args, **named: P.kwargs) -> T | None:
    """What ``read`` gives; None where it raises BadFile, whose problems are kept."""
    try:
        return read(*given, **named)
    except BadFile as error:
        problems += error.problems
        return None


def _has_kind(table: Any) -> bool:  # noqa: ANN401
    return isinstance(table, dict) and isinstance(table.get("kind"), str)


def _rest(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name != "kind"}


def _unknown(field: str, what: str, kind: str, known: Any) -> Problem:  # noqa: ANN401 - names
    meant = nearest(kind, known) or f"; known: {', '.join(known)}"
    return Problem(field, f"no kind of {what} {shown(kind)!r}{meant}")
