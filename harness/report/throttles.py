"""The throttle page: what a burst met, who refused, when it began and how soon it was over."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.contention import Contention
from harness.analysis.refusals import Manner
from harness.decision.findings import Findings
from harness.domain.columns import Kind, part
from harness.domain.estimate import Estimate
from harness.report import charts, charts_cold, words
from harness.report.blocks import Figure, Shown, Table, Tone, listed, marked, table
from harness.report.columns import (
    counted,
    figure,
    interval,
    plain,
    profile,
    seconds,
    several,
    share,
    slug,
    target,
    text,
    word,
)
from harness.report.figures import pair_of
from harness.report.svg import render
from harness.words import said
from harness.words.numbers import bracket, count, duration_text, percent, significant, span

Names = Mapping[str, str]
STAGES = ("offered", "admitted", "answered", "within SLO")


def funnels(findings: Findings, names: Names) -> Table:
    """Offered, admitted, answered, within the SLO."""
    return listed(
        "throttles",
        "From offered to good",
        findings.funnels,
        [
            (profile(), lambda f: f.profile),
            (target(names), lambda f: f.target),
            (counted("offered", "offered"), lambda f: f.offered),
            (counted("admitted", "admitted"), lambda f: f.admitted),
            (counted("answered", "answered"), lambda f: f.answered),
            (counted("within SLO", "good"), lambda f: f.good),
            (share("refused", "refused_share", lack="not known"), lambda f: f.refused_share),
            (interval("refused_share", percent), lambda f: f.refused_share),
            (seconds("p95 of the answered", "answered_p95_s", lack="none answered"), lambda f: f.admitted_p95_s),
            (
                text("failures", lack="no failure", write=words.outcome),
                lambda f: ", ".join(f"{n} {outcome} by {layer}" for outcome, layer, n in f.by_layer),
            ),
        ],
        "Requests of all valid blocks together.",
    )


def manners(findings: Findings, names: Names) -> Table:
    """How each target refuses."""
    note = (
        "First refusal: requests in flight, and due in the second before, median of the runs that saw one (least to most). "
        "Retry-After is honest when the first request within 2 s after the announced moment is admitted. Back to normal: from "
        "the burst's end to the last request of the quiet time that was refused, failed or over the p95 limit."
    )
    return listed(
        "manners",
        "How each target refuses",
        findings.manners,
        [
            (profile(), lambda m: m.profile),
            (target(names), lambda m: m.target),
            (text("under overload", "manner"), lambda m: said(m.does)),
            (text("refused by", lack="no refusal"), lambda m: ", ".join(f"{n} by the {who}" for who, n in m.by)),
            (
                _onset("first refusal at", "onset_in_flight", " in flight"),
                lambda m: _spread([o.in_flight for o in m.onsets]),
            ),
            (_onset("and at a rate of", "onset_per_s", "/s"), lambda m: _spread([o.rate_per_s for o in m.onsets])),
            (seconds("refused within (median)", "refused_median_s", lack="no refusal"), lambda m: m.refusal_median_s),
            (seconds("waited in the queue (p95)", "queue_p95_s", lack="answers don't say"), lambda m: m.queue_p95_s),
            (
                several(
                    "Retry-After", ("refused", "told", "tested", "honest"), _told, lack="no refusal", tone=Tone.PLAIN
                ),
                _retry_after,
            ),
            (
                several(
                    "back to normal after a burst",
                    ("recovery_median_s", "recovery_max_s", "recovered", "unrecovered"),
                    _recovered,
                    lack="no burst in this profile",
                    tone=Tone.PLAIN,
                    kind=Kind.FLOAT,
                ),
                _recovery,
            ),
        ],
        note,
    )


def _spread(found: Sequence[float]) -> tuple[float, float, float] | None:
    """Median, least and most."""
    return (float(statistics.median(found)), float(min(found)), float(max(found))) if found else None


def _onset(head: str, name: str, unit: str) -> Shown:
    def write(middle: float, low: float, high: float) -> str:
        spread = bracket(significant(middle), span(low, high, significant))
        return f"{significant(middle)}{unit}{spread}"

    parts = (part(name, "median"), part(name, "min"), part(name, "max"))
    return several(head, parts, write, lack="no refusal", kind=Kind.FLOAT)


def _retry_after(m: Manner) -> tuple[int, int, int, int] | None:
    return (m.refused, m.told, m.tested, m.honest) if m.refused else None


def _told(refused: int, told: int, tested: int, honest: int) -> str:
    if not told:
        return f"absent in all {refused}"
    said = f"given in {told} of {refused}"
    return f"{said}; honest in {honest} of {tested}" if tested else f"{said}; no request tested it"


def _recovery(m: Manner) -> tuple[float | None, float | None, int, int] | None:
    took = m.recoveries_s
    if not took:
        return (None, None, 0, m.unrecovered) if m.unrecovered else None
    return statistics.median(took), max(took), len(took), m.unrecovered


def _recovered(middle: float | None, most: float | None, recovered: int, unrecovered: int) -> str:
    if middle is None or most is None:
        return f"not within the quiet time, in {unrecovered} of {unrecovered}"
    later = f"; not within the quiet time in {unrecovered}" if unrecovered else ""
    text, at_most = (duration_text(seconds) if seconds else "at once" for seconds in (middle, most))
    told = text if text == at_most else f"{text} (median), {at_most} at most"
    return f"{told}, n\u00a0=\u00a0{recovered}{later}"


def contention(findings: Findings, names: Names) -> Table:
    """Whether this machine's cores were used up."""
    note = "A run counts when in a tenth of its seconds or more all cores together were at least 90 % busy."
    return listed(
        "contention",
        "Saturated processors",
        findings.contention,
        [
            (profile(), lambda c: c.profile),
            (target(names), lambda c: c.target),
            (word("the target's cores", "cores"), _cores),
            (
                several(
                    "runs with used-up cores",
                    ("contended", "told"),
                    lambda k, n: f"{k} of {n}",
                    lack="runs too short to tell",
                ),
                lambda c: (c.contended, c.told) if c.told else None,
            ),
            (
                figure("busiest run, p95 of its seconds", "busiest_p95_pct", lambda v: f"{v:.0f} %", lack="not read"),
                lambda c: c.busiest_pct,
            ),
            (counted("runs", "runs"), lambda c: c.runs),
        ],
        note,
    )


def _cores(c: Contention) -> str:
    """Whose they are, as far as it is known: an address says where requests went, not what answers behind it."""
    if c.shared:
        return "this machine's"
    return "this machine's, unless a tunnel ends here" if c.loopback else "another machine's"


def burst(findings: Findings, names: Names, profile: str, mark: str = "") -> Figure | None:
    """Of one burst profile: offered, answered, refused, in flight and p95 per second."""
    rows: list[dict[str, Any]] = []
    values: list[tuple[Any, ...]] = []
    for name in findings.data.targets:
        for s in findings.timelines.get((profile, name), ()):
            rows.append(
                {
                    "target": names[name],
                    "second": s.second,
                    "offered": s.offered,
                    "answered": s.answered,
                    "refused": s.refused,
                    "in_flight": s.in_flight,
                    "p95": s.p95_s,
                }
            )
            counts = (s.offered, s.admitted, s.answered, s.good, s.refused, s.in_flight)
            values.append((name, s.second, *counts, s.p95_s))
    if not rows:
        return None
    title = sentence(findings, names, profile)
    subtitle = "Requests per second of the schedule, mean over blocks; offered counts when a request was due, answered when it ended."
    counts_of = ("offered", "admitted", "answered", "within SLO", "refused")
    shown = table(
        f"burst{mark}-table",
        title,
        (
            target(names),
            plain("second", "second"),
            *(_mean(f"{what}/s", f"{slug(what)}_per_s") for what in counts_of),
            _mean("in flight", "in_flight"),
            seconds("p95 of answers", "p95_s", lack="none"),
        ),
        values,
    )
    spec = charts.burst_timeline(marked(rows, shown), pair_of(findings, names))
    return Figure(f"burst-seconds{mark}", title, subtitle, render(spec, title), shown)


def _mean(head: str, name: str) -> Shown:
    return figure(head, name, lambda v: f"{v:.1f}")


def funnel(findings: Findings, names: Names, profile: str, mark: str = "") -> Figure | None:
    """One burst profile's requests, from offered to good."""
    mine = [f for f in findings.funnels if f.profile == profile and f.offered]
    if not mine:
        return None
    rows: list[dict[str, Any]] = []
    values = [
        (f.target, stage, n / f.offered)
        for f in mine
        for stage, n in zip(STAGES, (f.offered, f.admitted, f.answered, f.good), strict=True)
    ]
    for name, stage, kept in values:
        rows.append({"target": names[name], "stage": stage, "share": kept, "label": percent(kept)})
    title = f"Of what {profile} offers, " + "; ".join(
        f"{names[f.target]} answers {percent(f.good / f.offered)} within the SLO" for f in mine
    )
    offered = list(dict.fromkeys(count(f.offered) for f in mine))
    each = f"{offered[0]} offered to each" if len(offered) == 1 else f"{' and '.join(offered)} offered"
    subtitle = f"Measured requests of {profile}, all valid blocks: {each}."
    shares = (share("share of offered", "offered_share"),)
    shown = table(f"funnel{mark}-table", title, (target(names), word("stage"), *shares), values)
    spec = charts_cold.funnel(marked(rows, shown), STAGES, pair_of(findings, names))
    return Figure(f"funnel{mark}", title, subtitle, render(spec, title), shown)


def sentence(findings: Findings, names: Names, profile: str) -> str:
    """Who refuses how much, and how soon the others answer."""
    parts = []
    for f in findings.funnels:
        if f.profile != profile or not isinstance(f.refused_share, Estimate):
            continue
        if f.refused_share.value > 0:
            parts.append(
                f"{names[f.target]} refuses {percent(f.refused_share.value)} of the {profile} profile's requests"
            )
        elif f.admitted_p95_s is not None:
            late = duration_text(f.admitted_p95_s)
            lost = f.offered - f.answered
            told = f"answers {percent(f.answered / f.offered)}, 95 % of these" if lost else "answers 95 %"
            parts.append(f"{names[f.target]} refuses none and {told} within {late}")
    return "; ".join(parts) or f"{profile}, second by second"
