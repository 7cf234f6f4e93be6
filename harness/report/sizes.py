"""The table of sizes: what is deployed, the memory that it held, and what its platform allows."""

from __future__ import annotations

from collections.abc import Mapping

from harness.analysis.sizes import Footprint
from harness.decision.findings import Findings
from harness.report.blocks import Table, listed
from harness.report.columns import estimate, figure, target, text
from harness.words.numbers import percent, significant

UNTOLD = "not reported by the service"


def sizes(findings: Findings, names: Mapping[str, str]) -> Table:
    """One row a target."""
    return listed(
        "sizes",
        "Dependencies and model sizes",
        findings.footprints,
        [
            (target(names), lambda f: f.target),
            (
                estimate("most memory held (MB)", "memory_mb", significant, "of another block"),
                lambda f: f.memory_mb,
            ),
            (estimate("of an instance's memory", "memory_share", percent, "its ends"), lambda f: f.memory_share),
            (figure("package (MB)", "package_mb", significant, lack=UNTOLD), lambda f: f.package_mb),
            (figure("weights (MB)", "weights_mb", significant, lack=UNTOLD), lambda f: f.weights_mb),
            (figure("index (MB)", "index_mb", significant, lack=UNTOLD), lambda f: f.index_mb),
            (
                figure("most that may be deployed (MB)", "artifact_limit_mb", significant, lack="no limit known"),
                lambda f: f.artifact_limit_mb,
            ),
            (text("fits", lack="can't tell"), _fits),
            (text("limits as", "limit_source", lack="not known"), lambda f: f.most.source or None),
        ],
        "Memory: high-water of any instance's resident memory, as its answers or its platform say; the interval is "
        "that of another block's high-water. Package: the service and all "
        "that it requires, unpacked, without the interpreter and the system below it.",
    )


def _fits(f: Footprint) -> str | None:
    return None if f.fits is None else "yes" if f.fits else "no"
