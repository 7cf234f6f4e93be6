"""The lines that a run ends with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.domain.quantile import quantile
from harness.domain.shown import visible
from harness.words import all_said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.domain.dispersion import Dispersion
    from harness.domain.ledger import Ledger
    from harness.load.closing import Tally
    from harness.load.spec import RunSpec


def text(tally: Tally, ledger: Ledger, spec: RunSpec, folder: Path, found: str | None = None) -> str:
    """A few plain lines, fit for a terminal and for a log; ``found`` is an experiment's own."""
    headline = (
        f"{spec.profile} on {spec.target}: {tally.planned} planned, {tally.measured} measured, from the intended send; "
        "a failed request counts as infinitely slow"
    )
    lines = [
        "",
        headline,
        f"  response time  {_quantiles(tally.responses_s)}",
        f"  first token    {_quantiles(tally.ttfts_s)}",
        f"  lag            {_quantiles(tally.lags_s)}",
    ]
    if tally.retried:
        lines.append(
            f"  each attempt   {_quantiles(tally.attempts_s)}, of {tally.retried} requests that were tried again"
        )
    if found is not None:
        lines.append(f"  found          {visible(found)}")
    if spec.load.trace is not None:
        said = filter(None, (spec.load.trace.read_as, spec.load.played(spec.seed).words()))
        lines.append(f"  trace          {', '.join(said)}")
    if ledger.jobs is not None:
        lines.append("  jobs           " + "  ".join(f"{state} {n}" for state, n in ledger.jobs.items()))
    lines += [
        f"  sent           {_dispersion(tally.sent_dispersion())}",
        "  outcomes       " + "  ".join(f"{name} {count}" for name, count in ledger.outcomes.items()),
        f"  {'VALID' if ledger.valid else 'INVALID'}"
        + "".join(f"\n    - {visible(reason)}" for reason in all_said(ledger.reasons))
        + "".join(f"\n    warning: {visible(warning)}" for warning in all_said(ledger.warnings)),
        f"  {folder}",
    ]
    return "\n".join(lines)


def short(ledger: Ledger, spec: RunSpec, folder: Path) -> str:
    """Where the samples could not be read once more: what the ledger says."""
    counted = "  ".join(f"{name} {count}" for name, count in ledger.outcomes.items())
    head = f"{spec.profile} on {spec.target}: {ledger.planned} planned"
    verdict = "  INVALID" + "".join(f"\n    - {visible(reason)}" for reason in all_said(ledger.reasons))
    return "\n".join(["", head, f"  outcomes       {counted or 'none'}", verdict, f"  {folder}"])


def _quantiles(values: Sequence[float]) -> str:
    if not values:
        return "none"
    return "  ".join(f"p{p:g} {_duration(quantile(values, p / 100))}" for p in (50, 95, 99)) + f"  n {len(values)}"


def _dispersion(sent: Dispersion) -> str:
    parts = [
        f"{name} {value:.3g}"
        for name, value in (("gaps CV", sent.gap_cv), ("IDC 1 s", sent.idc_1s), ("IDC 10 s", sent.idc_10s))
        if value is not None
    ]
    return "  ".join(parts) or "too few to tell how bursty"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "none"
    if math.isinf(seconds):
        return "∞"
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
