"""The throttle page: what a burst met, who refused, when it began and how soon it was over."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Any

from harness.analysis.refusals import Manner
from harness.decision.findings import Findings
from harness.decision.wording import count, duration_text, percent, significant
from harness.domain.estimate import Estimate
from harness.report import charts, charts_cold, words
from harness.report.blocks import Cell, Figure, Table, absent, marked, number, table
from harness.report.figures import pair_of
from harness.report.svg import render

Names = Mapping[str, str]
STAGES = ("offered", "admitted", "answered", "within SLO")


def funnels(findings: Findings, names: Names) -> Table:
    """Offered, admitted, answered, within the SLO."""
    rows = []
    for f in findings.funnels:
        causes = ", ".join(f"{n} {outcome} by {layer}" for outcome, layer, n in f.by_layer) or "no failure"
        rows.append(
            (
                Cell(f.profile),
                Cell(names[f.target]),
                number(count(f.offered)),
                number(count(f.admitted)),
                number(count(f.answered)),
                number(count(f.good)),
                words.value(f.refused_share, "share"),
                words.interval(f.refused_share, "share"),
                number(duration_text(f.admitted_p95_s)) if f.admitted_p95_s is not None else absent("none answered"),
                Cell(causes),
            )
        )
    head = (
        *("profile", "target", "offered", "admitted", "answered", "within SLO", "refused", "95 % interval"),
        *("p95 of the answered", "failures"),
    )
    return table("throttles", "From offered to good", head, rows, "Requests of all valid blocks together.")


def manners(findings: Findings, names: Names) -> Table:
    """How each target says no."""
    rows = [
        (
            Cell(m.profile),
            Cell(names[m.target]),
            Cell(m.words),
            Cell(", ".join(f"{n} by the {who}" for who, n in m.by)) if m.by else absent("no refusal"),
            _onset(m, lambda o: o.in_flight, " in flight"),
            _onset(m, lambda o: o.rate_per_s, "/s"),
            number(duration_text(m.refusal_median_s)) if m.refusal_median_s is not None else absent("no refusal"),
            number(duration_text(m.queue_p95_s)) if m.queue_p95_s is not None else absent("answers don't say"),
            _retry_after(m),
            _recovery(m),
        )
        for m in findings.manners
    ]
    head = (
        *("profile", "target", "under too much it", "refused by", "first refusal at", "and at a rate of"),
        *("refused within (median)", "waited in the queue (p95)", "Retry-After", "back to normal after a burst"),
    )
    note = (
        "First refusal: requests in flight, and due in the second before, median of the runs that saw one (least to most). "
        "Retry-After is honest when the first request within 2 s after the announced moment is admitted. Back to normal: from "
        "the burst's end to the last request of the quiet time that was refused, failed or over the p95 limit."
    )
    return table("manners", "How each target says no", head, rows, note)


def _onset(m: Manner, pick: Callable[[Any], float], unit: str) -> Cell:
    values = sorted(float(pick(o)) for o in m.onsets)
    if not values:
        return absent("no refusal")
    spread = "" if values[0] == values[-1] else f" ({significant(values[0])} to {significant(values[-1])})"
    return number(f"{significant(statistics.median(values))}{unit}{spread}")


def _retry_after(m: Manner) -> Cell:
    if not m.refused:
        return absent("no refusal")
    if not m.told:
        return Cell(f"absent in all {m.refused}")
    told = f"given in {m.told} of {m.refused}"
    if not m.tested:
        return Cell(f"{told}; nobody came back in time to tell")
    return Cell(f"{told}; honest in {m.honest} of {m.tested}")


def _recovery(m: Manner) -> Cell:
    over = len(m.recoveries_s) + m.unrecovered
    if not over:
        return absent("no burst in this profile")
    if m.unrecovered == over:
        return Cell(f"not within the quiet time, in {over} of {over}")
    most = duration_text(max(m.recoveries_s)) if max(m.recoveries_s) else "at once"
    later = f"; not within the quiet time in {m.unrecovered}" if m.unrecovered else ""
    middle = statistics.median(m.recoveries_s)
    text = "at once" if not middle else duration_text(middle)
    return Cell(f"{text} (median), {most} at most, n\u00a0=\u00a0{len(m.recoveries_s)}{later}")


def platform(findings: Findings, names: Names) -> Table:
    """The platform's own figures, beside what clients saw."""

    def shown(value: float | None, write: Callable[[float], str]) -> Cell:
        return absent("not collected") if value is None else number(write(value))

    rows = [
        (
            Cell(p.profile),
            Cell(names[p.target]),
            Cell(f"{p.collected} of {p.runs}"),
            shown(p.most_instances, count),
            shown(p.most_in_flight, count),
            shown(p.most_queued, count),
            shown(p.refusals, count),
            shown(p.cpu_s, lambda v: f"{v:.2f}"),
            shown(p.instance_cpu_s, lambda v: f"{v:.2f}"),
            shown(p.init_stretch, lambda v: f"{v:.1f}"),
            shown(p.most_rss_mb, count),
        )
        for p in findings.platform
    ]
    head = (
        *("profile", "target", "runs collected", "most instances", "most in flight", "most queued", "refusals"),
        *("processor time a run (s)", "processor time an ended instance (s)", "init: wall over processor time"),
        "most memory (MB)",
    )
    note = (
        "Figures once a second, and log lines. An init that takes much longer than its processor time waited for cores."
    )
    return table("platform", "What the platforms counted themselves", head, rows, note)


def contention(findings: Findings, names: Names) -> Table:
    """Whether this machine's cores were used up."""
    rows = [
        (
            Cell(c.profile),
            Cell(names[c.target]),
            Cell("this machine's" if c.shared else "its own"),
            number(f"{c.contended} of {c.told}") if c.told else absent("runs too short to tell"),
            number(f"{c.busiest_pct:.0f} %") if c.busiest_pct is not None else absent("not read"),
            number(count(c.runs)),
        )
        for c in findings.contention
    ]
    head = (
        "profile",
        "target",
        "the target's cores",
        "runs with used-up cores",
        "busiest run, p95 of its seconds",
        "runs",
    )
    note = "A run counts when in a tenth of its seconds or more all cores together were at least 90 % busy."
    return table("contention", "Was there processor enough?", head, rows, note)


def burst(findings: Findings, names: Names) -> Figure | None:
    """Offered, answered, refused, in flight and p95 per second."""
    rows: list[dict[str, Any]] = []
    cells = []
    for target in findings.data.targets:
        for s in findings.timelines.get(target, ()):
            rows.append(
                {
                    "target": names[target],
                    "second": s.second,
                    "offered": s.offered,
                    "answered": s.answered,
                    "refused": s.refused,
                    "in_flight": s.in_flight,
                    "p95": s.p95_s,
                }
            )
            counts = (s.offered, s.admitted, s.answered, s.good, s.refused, s.in_flight)
            cells.append(
                (
                    Cell(names[target]),
                    number(str(s.second)),
                    *(number(f"{v:.1f}") for v in counts),
                    number(duration_text(s.p95_s)) if s.p95_s is not None else absent("none"),
                )
            )
    if not rows:
        return None
    title = _sentence(findings, names)
    subtitle = "Requests per second of the schedule, mean over blocks; offered counts when a request was due, answered when it ended."
    head = (
        *("target", "second", "offered/s", "admitted/s", "answered/s", "within SLO/s", "refused/s", "in flight"),
        "p95 of answers",
    )
    shown = table("burst-table", title, head, cells)
    spec = charts.burst_timeline(marked(rows, shown), pair_of(findings, names))
    return Figure("burst-seconds", title, subtitle, render(spec, title), shown)


def funnel(findings: Findings, names: Names) -> Figure | None:
    """The burst profile's requests, from offered to good."""
    mine = [f for f in findings.funnels if f.profile == "burst" and f.offered]
    if not mine:
        return None
    rows: list[dict[str, Any]] = []
    for f in mine:
        for stage, n in zip(STAGES, (f.offered, f.admitted, f.answered, f.good), strict=True):
            share = n / f.offered
            rows.append({"target": names[f.target], "stage": stage, "share": share, "label": percent(share)})
    title = "Of what a burst offers, " + "; ".join(
        f"{names[f.target]} answers {percent(f.good / f.offered)} within the SLO" for f in mine
    )
    subtitle = f"Measured requests of the burst profile, all valid blocks: {', '.join(count(f.offered) for f in mine)} offered."
    cells = [(Cell(r["target"]), Cell(r["stage"]), number(r["label"])) for r in rows]
    shown = table("funnel-table", title, ("target", "stage", "share of offered"), cells)
    spec = charts_cold.funnel(marked(rows, shown), STAGES, pair_of(findings, names))
    return Figure("funnel", title, subtitle, render(spec, title), shown)


def _sentence(findings: Findings, names: Names) -> str:
    parts = []
    for f in findings.funnels:
        if f.profile != "burst" or not isinstance(f.refused_share, Estimate):
            continue
        if f.refused_share.value > 0:
            parts.append(f"{names[f.target]} refuses {percent(f.refused_share.value)} of the burst profile's requests")
        elif f.admitted_p95_s is not None:
            parts.append(f"{names[f.target]} refuses none and answers 95 % within {duration_text(f.admitted_p95_s)}")
    return "; ".join(parts) or "The burst, second by second"
