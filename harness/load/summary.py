"""What a run prints at its end: percentiles from the intended send, outcomes, VALID or INVALID, the folder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from harness.domain.quantile import quantile
from harness.domain.sample import COLUMNS, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.domain.ledger import Ledger
    from harness.load.spec import RunSpec

_AT = {name: k for k, name in enumerate(COLUMNS)}


def text(rows: Sequence[Sequence[Any]], ledger: Ledger, spec: RunSpec, folder: Path) -> str:
    """A few plain lines, fit for a terminal and for a log."""
    measured = [row for row in rows if row[_AT["measured"]]]
    responses = [_since(row, "finished_s") if row[_AT["outcome"]] == Outcome.OK else math.inf for row in measured]
    ttfts = [
        _since(row, "first_token_s") if row[_AT["outcome"]] == Outcome.OK else math.inf
        for row in measured
        if row[_AT["stream"]]
    ]
    lags = [row[_AT["sent_s"]] - row[_AT["scheduled_s"]] for row in rows if row[_AT["sent_s"]] is not None]
    headline = (
        f"{spec.profile} on {spec.target}: {len(rows)} planned, {len(measured)} measured, from the intended send; "
        "a failed request counts as infinitely slow"
    )
    lines = [
        "",
        headline,
        f"  response time  {_quantiles(responses)}",
        f"  first token    {_quantiles(ttfts)}",
        f"  lag            {_quantiles(lags)}",
        "  outcomes       " + "  ".join(f"{name} {count}" for name, count in ledger.outcomes.items()),
        f"  {'VALID' if ledger.valid else 'INVALID'}"
        + "".join(f"\n    - {reason}" for reason in ledger.reasons)
        + "".join(f"\n    warning: {warning}" for warning in ledger.warnings),
        f"  {folder}",
    ]
    return "\n".join(lines)


def _since(row: Sequence[Any], name: str) -> float:
    value = row[_AT[name]]
    return math.inf if value is None else value - row[_AT["scheduled_s"]]


def _quantiles(values: Sequence[float]) -> str:
    if not values:
        return "none"
    return "  ".join(f"p{p:g} {_duration(quantile(values, p / 100))}" for p in (50, 95, 99)) + f"  n {len(values)}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "none"
    if math.isinf(seconds):
        return "∞"
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
