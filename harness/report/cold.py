"""The cold-start page: how often, how much, how long an idle instance is kept, where the time goes, what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.analysis.coldstarts import PARTS, Penalty
from harness.analysis.keepalive import Window
from harness.decision.findings import Findings
from harness.decision.wording import count, duration_text, money, percent, significant
from harness.domain.estimate import Estimate, Unknown
from harness.report import charts_cold, words
from harness.report.blocks import Cell, Figure, Table, absent, marked, number, table
from harness.report.figures import pair_of
from harness.report.svg import render

Names = Mapping[str, str]
KINDS = {"deploy": "first start after a deployment", "forced": "made cold", "idle": "after an idle gap"}


def shares(findings: Findings, names: Names) -> Table:
    """How often an answer met a cold instance."""
    rows = [
        (
            Cell(s.profile),
            Cell(names[s.target]),
            number(count(s.cold)),
            number(count(s.known)),
            number(significant(s.per_thousand, 2)) if s.per_thousand is not None else absent("instance not known"),
            _per_thousand(s.share),
            number(count(s.preinitialised)),
            number(count(s.unknown)),
        )
        for s in findings.cold.shares
    ]
    head = (
        *("profile", "target", "cold answers", "answers whose instance is known", "cold per 1,000", "95 % interval"),
        *("first requests of instances born before them", "not known"),
    )
    return table("cold-shares", "How often an answer was cold", head, rows)


def _per_thousand(known: Estimate | Unknown) -> Cell:
    if isinstance(known, Unknown):
        return absent(known.reason)
    return number(words.interval_text(known, lambda v: significant(v * 1000, 2)))


def expected(findings: Findings, names: Names) -> Table:
    """At the traffic that is expected, not at that of the runs."""
    rows = [
        (
            Cell(names[e.target]),
            number(significant(e.per_s)),
            number(duration_text(e.window_s)) if e.window_s is not None else Cell("drawn from several"),
            number(significant(e.share * 1000, 2)),
            number(" to ".join(significant(v * 1000, 2) for v in (e.share_low, e.share_high) if v is not None))
            if e.share_low is not None and e.share_high is not None
            else absent("the window's interval is open"),
            number(count(e.answers)),
        )
        for e in findings.cold.expected
    ]
    head = (
        *("target", "expected requests/s", "window (median)", "cold per 1,000", "with the window's interval"),
        "answer times drawn from",
    )
    note = (
        "Poisson arrivals at the expected mean rate, played against the placement rule with the measured window and answer "
        "times. Nights and bursts make it more."
    )
    return table("cold-expected", "How often an answer would be cold at the expected traffic", head, rows, note)


def penalties(findings: Findings, names: Names) -> Table:
    """Probes against their warm controls."""
    rows = [
        (
            Cell(names[p.target]),
            Cell(KINDS[p.kind]),
            number(count(p.probes)),
            number(count(p.cold)),
            number(count(p.preinitialised)),
            number(count(p.refused)),
            words.value(p.penalty_s, "s"),
            words.interval(p.penalty_s, "s"),
            words.blocks(p.penalty_s),
            Cell("; ".join(p.methods)) if p.methods else absent("no traffic" if p.kind == "idle" else "not recorded"),
        )
        for p in findings.cold.penalties
    ]
    head = (
        *("target", "probe", "probes", "cold", "met a pre-initialised instance", "failed", "added by the start"),
        *("95 % interval", "runs", "how it was made cold"),
    )
    note = "Probe minus the warm request that follows it, the model's own time taken off both."
    return table("cold-penalties", "What a cold start costs the person who waits", head, rows, note)


def windows(findings: Findings, names: Names) -> Table:
    """The keep-alive window and what the gaps could not tell."""
    rows = [
        (
            Cell(names[w.target]),
            words.value(w.median_s, "s"),
            words.interval(w.median_s, "s"),
            words.value(w.g05_s, "s") if w.g05_s != w.median_s else absent("the same"),
            words.interval(w.g05_s, "s"),
            number(count(len(w.probes))),
            number(count(sum(p.cold for p in w.probes))),
            number(count(w.unknown)),
            number(count(w.lanes)),
            _both_ends(w),
            number(duration_text(w.waited_s)),
            Cell(f"{w.days}, {w.hours} UTC" if w.hours else w.days) if w.days else absent("no run"),
        )
        for w in findings.cold.windows
    ]
    head = (
        *("target", "half are cold after", "95 % interval", "at most 5 % are cold up to", "95 % interval", "probes"),
        *("cold", "say nothing", "copies", "cold from, warm up to", "time it took", "measured on"),
    )
    note = (
        "Isotonic regression of cold on the idle gap, likelihood-ratio intervals. Where two windows, or one that changes with "
        "the hour, are likelier than one, no single number is given. Platforms change their window without notice, and nothing "
        "is known of hours that were not probed."
    )
    return table("keep-alive", "How long an idle instance is kept", head, rows, note)


def _both_ends(window: Window) -> Cell:
    """The shortest gap that ended cold and the longest that ended warm: how far apart single answers lay."""
    if window.cold_from_s is None or window.warm_to_s is None:
        return absent("only one kind was seen")
    return number(f"{duration_text(window.cold_from_s)}, {duration_text(window.warm_to_s)}")


def from_zero(findings: Findings, names: Names) -> Table:
    """Many at once on a target without a warm instance."""

    def took(seconds: float | None) -> Cell:
        return absent("none answered") if seconds is None else number(duration_text(seconds))

    rows = [
        (
            Cell(names[f.target]),
            number(count(f.bursts)),
            *(number(_mean(v)) for v in (f.requests, f.answered, f.refused, f.cold_instances, f.delayed)),
            took(f.median_s),
            took(f.p95_s),
            took(f.slowest_s),
            number(duration_text(f.start_spread_s)),
            number(count(f.answered_n)),
        )
        for f in findings.cold.from_zero
    ]
    head = (
        *(
            "target",
            "bursts",
            "requests a burst",
            "answered",
            "refused",
            "cold instances",
            "answers that waited for one",
        ),
        *("median", "p95", "slowest", "widest start spread", "n"),
    )
    note = (
        "Counts are means a burst. One instance that serves several requests delays them all: the two are not the same."
    )
    return table("from-zero", "Many at once, from zero", head, rows, note)


def _mean(value: float) -> str:
    """A mean of counts: whole when it is."""
    return f"{value:.1f}".removesuffix(".0")


def mitigations(findings: Findings, names: Names) -> Table:
    """What keeping cold starts away costs a month."""
    rows = []
    for m in findings.cold.mitigations:
        burst = m.burst
        rows.append(
            (
                Cell(names[m.target]),
                number(f"{m.forced.cold} of {m.forced.probes}") if m.forced.probes else absent("not probed"),
                words.value(m.forced.penalty_s, "s"),
                words.interval(m.forced.penalty_s, "s"),
                number(f"{_mean(burst.delayed)} of {_mean(burst.answered)}") if burst else absent("no burst"),
                words.value(m.per_month_usd, "USD"),
                absent("the target itself")
                if m.target == m.of
                else number(("+" if m.extra_usd >= 0 else "") + money(m.extra_usd))
                if m.extra_usd is not None
                else absent("not known"),
            )
        )
    head = (
        *("target", "cold probes", "added by the start", "95 % interval", "answers delayed in a burst from zero"),
        *("runtime a month", "beyond the target itself"),
    )
    note = "USD at the expected traffic, MODELLED from the target's own measured usage at list prices."
    return table("mitigations", "What keeping cold starts away costs", head, rows, note)


def breakdown(findings: Findings, names: Names) -> Figure | None:
    """Where the time of a cold answer went."""
    labels = {
        "deploy": "cold, deployed",
        "forced": "cold, forced",
        "idle": "cold, idle gap",
        "control": "warm control",
    }
    rows: list[dict[str, Any]] = []
    cells = []
    for b in findings.cold.breakdowns:
        label = f"{names[b.target]}: {labels[b.kind]}"
        rows += [
            {
                "label": label,
                "part": part,
                "order": k,
                "milliseconds": value * 1000,
                "said": f"{label}, {part} {value * 1000:.1f} ms",
            }
            for k, (part, value) in enumerate(zip(PARTS, b.parts_s, strict=True))
        ]
        platform = (
            number(f"{b.platform_init_s * 1000:.1f}")
            if b.platform_init_s is not None
            else absent("no REPORT line says")
        )
        cells.append(
            (
                Cell(label),
                number(str(b.n)),
                *(number(f"{v * 1000:.1f}") for v in b.parts_s),
                platform,
                number(f"{b.joined} of {b.n}"),
            )
        )
    if not rows:
        return None
    title = _sentence(findings, names)
    subtitle = (
        "Mean of all probes of that kind, from instance headers, service timings and, by request id, REPORT lines. What "
        "a cold answer has more of in the service's own work than a warm one is first-request work."
    )
    head = ("probe", "n", *(f"{p} (ms)" for p in PARTS), "platform's Init Duration (ms)", "REPORT lines joined")
    shown = table("cold-parts-table", title, head, cells)
    return Figure("cold-parts", title, subtitle, render(charts_cold.cold_parts(rows, PARTS), title), shown)


def strip(findings: Findings, names: Names) -> Figure | None:
    """Each probe and its control."""
    short = {"deploy": "deployed", "forced": "forced", "idle": "idle gap"}
    rows: list[dict[str, Any]] = []
    for p in findings.cold.penalties:
        label = f"{names[p.target]}: {short[p.kind]}"
        for probe, control, cold in p.pairs:
            rows.append({"label": label, "state": "cold" if cold else "warm", "milliseconds": probe * 1000})
            rows.append({"label": label, "state": "warm", "milliseconds": control * 1000})
    rows = [row for row in rows if not math.isnan(row["milliseconds"])]
    if not rows:
        return None
    title = "What the runtime added to each probe and to the warm request after it"
    subtitle = "One mark a request; response time minus the model's own time, cold-start profile, all valid runs."
    cells = [(Cell(r["label"]), Cell(r["state"]), number(f"{r['milliseconds']:.1f}")) for r in rows]
    shown = table("cold-strip-table", title, ("probe", "state", "overhead (ms)"), cells)
    return Figure("cold-strip", title, subtitle, render(charts_cold.cold_strip(marked(rows, shown)), title), shown)


def keep_alive(findings: Findings, names: Names) -> Figure | None:
    """Share of cold answers against the idle gap."""
    mine = [w for w in findings.cold.windows if w.target in findings.data.targets and w.probes]
    if not mine:
        return None
    curve = [{"target": names[w.target], "gap": gap, "share": share} for w in mine for gap, share in w.curve]
    probes: list[dict[str, Any]] = [
        {"target": names[w.target], "gap": p.gap_s, "cold": int(p.cold)} for w in mine for p in w.probes
    ]
    medians = [
        {
            "target": names[w.target],
            "value": w.median_s.value,
            "low": w.median_s.low or w.median_s.value,
            "high": w.median_s.high or w.median_s.value,
        }
        for w in mine
        if isinstance(w.median_s, Estimate)
    ]
    title = "; ".join(_window_sentence(w, names[w.target]) for w in mine)
    subtitle = (
        "Steps: isotonic fit of the share of cold answers. Ticks: each probe, warm below and cold above. Dashed: the median "
        f"window with its 95 % interval. Measured on {', '.join(dict.fromkeys(w.days for w in mine))}."
    )
    cells = [
        (Cell(p["target"]), number(duration_text(p["gap"])), Cell("cold" if p["cold"] else "warm")) for p in probes
    ]
    shown = table("keep-alive-probes", title, ("target", "idle gap", "answer"), cells)
    spec = charts_cold.keep_alive(curve, marked(probes, shown), medians, pair_of(findings, names))
    return Figure("keep-alive-curve", title, subtitle, render(spec, title), shown)


def _window_sentence(window: Window, name: str) -> str:
    known, law = window.median_s, window.law
    if law.modes:
        spans = (f"{duration_text(m.low_s)} to {duration_text(m.high_s)}" for m in law.modes)
        return f"{name} keeps some idle instances for {', others for '.join(spans)}"
    if law.parts:
        middles = [p.middle_s for p in law.parts]
        return f"{name} keeps an idle instance for {duration_text(min(middles))} to {duration_text(max(middles))}, by the hour"
    if not isinstance(known, Estimate):
        return f"{name}: {known.reason.split(':')[0]}"
    if window.wide and window.cold_from_s is not None and window.warm_to_s is not None:
        span = f"{duration_text(window.cold_from_s)} to {duration_text(window.warm_to_s)}"
        return f"{name} keeps an idle instance for {span}, half of them for {duration_text(known.value)}"
    return f"{name} keeps an idle instance for {duration_text(known.value)}"


def _sentence(findings: Findings, names: Names) -> str:
    found = [p for p in findings.cold.penalties if p.target in findings.data.targets]
    for p in found:
        known = p.penalty_s
        if p.cold and isinstance(known, Estimate) and known.low is not None and known.low > 0:
            return f"A cold start of {names[p.target]} adds {duration_text(known.value)} to an answer"
    if not any(p.cold for p in found):
        return "No probe met a cold instance"
    return "Where the time of a cold answer went"


def verdict_words(findings: Findings, names: Names) -> tuple[str, ...]:
    """One sentence a target: what its probes met."""
    return tuple(_probe_words(p, names) for p in findings.cold.penalties if p.kind != "idle")


def _probe_words(p: Penalty, names: Names) -> str:
    name = names[p.target]
    if p.refused == p.probes:
        return f"{name}: every probe failed, so nothing is known of its cold starts."
    if p.cold == 0:
        why = " It met an instance that had been started ahead." if p.preinitialised else ""
        return f"{name}: no probe was cold though it had been made cold.{why}"
    return f"{name}: {percent(p.cold / p.probes)} of the probes after it was made cold were cold."
