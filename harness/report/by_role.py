"""Which profiles the pages are about: every everyday one, every burst one, whatever their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.decision.findings import Findings
from harness.domain.role import Role
from harness.report import figures, throttles
from harness.report.blocks import Figure
from harness.workspace.pilot_toml import Slos


def everyday(findings: Findings) -> tuple[str, ...]:
    """The one that cost is scored at first."""
    names = findings.data.in_role(Role.EVERYDAY)
    return tuple(sorted(names, key=lambda name: name != findings.scored_at))


def bursts(findings: Findings) -> tuple[str, ...]:
    """In the plan's order."""
    return findings.data.in_role(Role.BURST)


def first(profiles: Sequence[str]) -> str | None:
    """None where the plan has none."""
    return profiles[0] if profiles else None


def mark(place: int, profile: str) -> str:
    """What the names of a further burst profile's figures end in; the first one's end in nothing."""
    return f"-{profile}" if place else ""


def drawn(findings: Findings, names: Mapping[str, str], slo: Slos) -> Iterator[Figure | None]:
    """The figures of each profile of a role."""
    for profile in everyday(findings):
        yield figures.quantile_curve(findings, names, profile, "response_s", slo.p95_s)
        yield figures.quantile_curve(findings, names, profile, "ttft_s", slo.ttft_p95_s)
        yield figures.blocks_pair(findings, names, profile)
    for place, profile in enumerate(bursts(findings)):
        yield throttles.burst(findings, names, profile, mark(place, profile))
        yield throttles.funnel(findings, names, profile, mark(place, profile))
        yield figures.quantile_curve(findings, names, profile, "response_s", slo.p95_s)
