"""What tenants feel while one of them makes a burst."""

from __future__ import annotations

from collections.abc import Mapping

from harness.decision.findings import Findings
from harness.report.blocks import Table, listed
from harness.report.columns import estimate, n_behind, profile, target, text
from harness.words.numbers import duration_text, percent


def felt(findings: Findings, names: Mapping[str, str]) -> Table:
    """Of the others, then of the noisy tenant itself, per target."""
    return listed(
        "tenants",
        "One noisy tenant against the others",
        findings.tenants,
        [
            (profile(), lambda f: f.profile),
            (target(names), lambda f: f.target),
            (text("who"), lambda f: f"all but {f.noisy}" if f.others else f"{f.noisy}, who makes the burst"),
            (estimate("p95 before", "before_p95_s", duration_text), lambda f: f.before_p95_s),
            (estimate("p95 during", "during_p95_s", duration_text), lambda f: f.during_p95_s),
            (estimate("times as long", "during_ratio", lambda v: f"{v:.2f}"), lambda f: f.times),
            (estimate("refused before", "before_refused_share", percent), lambda f: f.before_refused),
            (estimate("refused during", "during_refused_share", percent), lambda f: f.during_refused),
            (estimate("refused more", "refused_more_share", percent), lambda f: f.refused_more),
            (n_behind(), lambda f: f.during_p95_s),
        ],
        "Before: due outside bursts, and not within a burst's length after one. A failure waits for ever.",
    )
