"""What the platforms measured beside what clients saw, what the service says of its own time, and which tier gave way first."""

from __future__ import annotations

from collections.abc import Mapping

from harness.analysis.gave_way import LEAST, UNTOLD, GaveWay
from harness.analysis.shown import Shown as Series
from harness.decision.findings import Findings
from harness.report.blocks import Table, Tone, table
from harness.report.columns import estimate, figure, plain, profile, several, target, text
from harness.words.numbers import significant

Names = Mapping[str, str]


def series(findings: Findings, names: Names) -> Table:
    """Every series that a platform declares or that was collected, a row each."""
    rows = [
        (
            *(s.profile, s.target, s.tier, s.metric, s.signal.unit if s.signal else None),
            *(s.signal.per if s.signal else "mean", _spread(s), s.client.mean if s.client else None),
            ((s.of_runs.runs if s.of_runs else 0), s.runs),
            s.signal.meaning if s.signal else None,
        )
        for s in findings.series
    ]
    shown = (
        *(profile(), target(names), text("tier", lack="not declared"), text("series"), text("unit", lack="not said")),
        text("of a run"),
        several("mean (least to most)", ("mean", "least", "most"), _ends, lack="not collected"),
        figure("client's", "client", significant, lack="none beside it"),
        several("runs collected", ("collected", "runs"), lambda k, n: f"{k} of {n}", tone=Tone.PLAIN),
        text("what it is", lack="no platform of this pilot says"),
    )
    note = (
        "Over valid runs, warm-ups too, as platforms count. The client's figure is of the same runs, in the same unit."
    )
    return table("platform", "What the platforms measured", shown, rows, note)


def _spread(s: Series) -> tuple[float, float, float] | None:
    return (s.of_runs.mean, s.of_runs.least, s.of_runs.most) if s.of_runs else None


def _ends(mean: float, least: float, most: float) -> str:
    return significant(mean) if least == most else f"{significant(mean)} ({significant(least)} to {significant(most)})"


def timings(findings: Findings, names: Names) -> Table:
    """Queue, retrieval and the model, as answers tell them."""
    rows = [(t.profile, t.target, t.name, (t.told, t.answers), t.p50_ms, t.p95_ms) for t in findings.timings]
    shown = (
        *(profile(), target(names), text("timing")),
        several("answers that say it", ("told", "answers"), lambda k, n: f"{k} of {n}", tone=Tone.PLAIN),
        *(estimate("p50 (ms)", "p50_ms", significant), estimate("p95 (ms)", "p95_ms", significant)),
    )
    return table(
        "timings", "What the service says of its own time", shown, rows, "Good measured answers of valid runs."
    )


def gave_way(findings: Findings, names: Names) -> Table:
    """Of each profile, and of each step of a capacity search."""
    rows = [
        (g.profile, g.target, g.block, g.rate_per_s, (g.bad, g.offered), g.tier or _why_none(g), _points(g))
        for g in findings.gave_way
    ]
    shown = (
        *(profile(), target(names), plain("block", "block", lack="all")),
        figure("rate (requests/s)", "offered_per_s", significant, lack="as planned"),
        several("failed or late", ("bad", "offered"), lambda k, n: f"{k} of {n}", tone=Tone.PLAIN),
        *(text("gave way first"), text("by", lack="nothing to tell by")),
    )
    note = (
        "Of the first bad requests of each run (a tenth of them, five at least): a failed one names its tier by who failed it, a "
        "late one by the part of its time that grew most against good answers of the same run. More than half must agree."
    )
    return table("gave-way", "What gave way first", shown, rows, note)


def _why_none(g: GaveWay) -> str:
    if not g.bad:
        return "nothing"
    if g.bad < LEAST:
        return "can't tell: too few"
    return "can't tell: answers don't say" if g.others[0][0] == UNTOLD else "can't tell: they disagree"


def _points(g: GaveWay) -> str | None:
    said = [f"{n} {_words(name)}" for name, n in g.others]
    if g.tier is not None:
        said = [f"{g.of_tier} of the first {g.first}", *said]
    return ", ".join(said) or None


def _words(tier: str) -> str:
    return "not told" if tier == UNTOLD else tier
