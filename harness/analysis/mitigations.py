"""What it costs to keep cold starts away: a target's variants, each with what it still shows and its price."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis import coldstarts, fromzero
from harness.analysis.coldstarts import Penalty
from harness.analysis.dataset import RunData
from harness.analysis.fromzero import FromZero
from harness.domain.estimate import Estimate, Known
from harness.domain.target import Target


@dataclass(frozen=True)
class Mitigation:
    """One variant, or the target itself as the first row; ``extra_usd`` is a month's runtime cost beyond the target's."""

    target: str
    of: str
    forced: Penalty
    burst: FromZero | None
    per_month_usd: Known
    extra_usd: float | None


def mitigations(
    targets: Mapping[str, Target],
    probes: Mapping[str, Sequence[RunData]],
    bursts: Mapping[str, Sequence[RunData]],
    month: Callable[[str, str], Known],
) -> tuple[Mitigation, ...]:
    """Of every target that has a variant: itself, then its variants.

    ``month``: USD of a month of a variant, at what the target itself was measured to use.
    """
    out = []
    for base in dict.fromkeys(t.variant_of for t in targets.values() if t.variant_of in targets):
        if base is None:
            continue
        family = [base, *(name for name, t in targets.items() if t.variant_of == base)]
        months = {name: month(name, base) for name in family}
        own = months[base]
        for name in family:
            usd = months[name]
            both = isinstance(usd, Estimate) and isinstance(own, Estimate)
            forced = next(p for p in coldstarts.penalties(name, probes.get(name, ())) if p.kind == "forced")
            extra = usd.value - own.value if both else None  # type: ignore[union-attr]
            out.append(Mitigation(name, base, forced, fromzero.from_zero(name, bursts.get(name, ())), usd, extra))
    return tuple(out)
