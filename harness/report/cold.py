"""The cold-start page: how often, how much, how long an idle instance is kept, where the time goes, what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.analysis.coldstarts import PARTS, Penalty
from harness.analysis.keepalive import KeptWindow
from harness.decision.findings import Findings
from harness.domain.columns import Kind
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons import absence
from harness.report import charts_cold
from harness.report.blocks import Figure, Table, listed, marked, table
from harness.report.columns import (
    blocks_behind,
    counted,
    figure,
    interval,
    milliseconds,
    plain,
    profile,
    seconds,
    several,
    slug,
    target,
    text,
    usd,
    word,
)
from harness.report.figures import pair_of
from harness.report.svg import render
from harness.words import said
from harness.words.numbers import duration_text, level, money, percent, significant, span

Names = Mapping[str, str]
KINDS = {"deploy": "first start after a deployment", "forced": "made cold", "idle": "after an idle gap"}


def shares(findings: Findings, names: Names) -> Table:
    """How often an answer met a cold instance."""
    return listed(
        "cold-shares",
        "How often an answer was cold",
        findings.cold.shares,
        [
            (profile(), lambda s: s.profile),
            (target(names), lambda s: s.target),
            (counted("cold answers", "cold"), lambda s: s.cold),
            (counted("answers whose instance is known", "known"), lambda s: s.known),
            (
                figure("cold per 1,000", "cold_share", _per_thousand, lack="instance not known"),
                lambda s: None if s.per_thousand is None else s.per_thousand / 1000,
            ),
            (interval("cold_share", _per_thousand, lack=None), lambda s: s.share),
            (counted("first requests of instances born before them", "preinitialised"), lambda s: s.preinitialised),
            (counted("not known", "unknown"), lambda s: s.unknown),
        ],
    )


def _per_thousand(share: float) -> str:
    return significant(share * 1000, 2)


def expected(findings: Findings, names: Names) -> Table:
    """At the traffic that is expected, not at that of the runs."""
    note = (
        "The expected traffic, hour by hour or as its trace has it, played by the simulator (pilot predict) with the probed "
        "window's whole curve, the answer times of the blocks and as many requests at once as an instance holds."
    )
    return listed(
        "cold-expected",
        "How often an answer would be cold at the expected traffic",
        findings.cold.expected,
        [
            (target(names), lambda e: e.target),
            (figure("expected requests/s", "expected_per_s", significant), lambda e: e.per_s),
            (seconds("window (median)", "window_s"), lambda e: e.window_s),
            (figure("cold per 1,000", "cold_share", _per_thousand), lambda e: e.share),
            (
                interval("cold_share", _per_thousand, "90 % interval", lack="the window's interval is open"),
                lambda e: None if e.share_low is None or e.share_high is None else (e.share_low, e.share_high),
            ),
            (counted("answer times drawn from", "answers"), lambda e: e.answers),
        ],
        note,
    )


def penalties(findings: Findings, names: Names) -> Table:
    """Probes against their warm controls."""
    rows = [
        (
            p.target,
            p.kind,
            p.probes,
            p.cold,
            p.preinitialised,
            p.refused,
            *(p.penalty_s,) * 3,
            "; ".join(p.methods) or ("no traffic" if p.kind == "idle" else None),
        )
        for p in findings.cold.penalties
    ]
    shown = (
        target(names),
        word("probe", write=lambda kind: KINDS[kind]),
        counted("probes", "probes"),
        counted("cold", "cold"),
        counted("met a pre-initialised instance", "preinitialised"),
        counted("failed", "failed"),
        seconds("added by the start", "penalty_s", lack="not known"),
        interval("penalty_s", duration_text),
        blocks_behind("runs"),
        text("how it was made cold", "method", lack="not recorded"),
    )
    note = "Probe minus the warm request that follows it, the model's own time taken off both."
    return table("cold-penalties", "What a cold start costs the person who waits", shown, rows, note)


def windows(findings: Findings, names: Names) -> Table:
    """The keep-alive window and what the gaps could not tell."""
    note = (
        "Isotonic regression of cold on the idle gap, likelihood-ratio intervals. Where two windows, or one that changes with "
        "the hour, are likelier than one, no single number is given. Platforms change their window without notice, and nothing "
        "is known of hours that were not probed."
    )
    return listed(
        "keep-alive",
        "How long an idle instance is kept",
        findings.cold.windows,
        [
            (target(names), lambda w: w.target),
            (seconds("half are cold after", "half_cold_s", lack="not known"), lambda w: w.median_s),
            (interval("half_cold_s", duration_text), lambda w: w.median_s),
            (
                seconds("at most 5 % are cold up to", "g05_s", lack="not known"),
                lambda w: w.g05_s if w.g05_s != w.median_s else Unknown(absence.TheSame()),
            ),
            (interval("g05_s", duration_text), lambda w: w.g05_s),
            (counted("probes", "probes"), lambda w: len(w.probes)),
            (counted("cold", "cold"), lambda w: sum(p.cold for p in w.probes)),
            (counted("say nothing", "unknown"), lambda w: w.unknown),
            (counted("copies", "lanes"), lambda w: w.lanes),
            (
                several(
                    "cold from, warm up to",
                    ("cold_from_s", "warm_to_s"),
                    lambda cold, warm: f"{duration_text(cold)}, {duration_text(warm)}",
                    lack="only one kind was seen",
                    kind=Kind.FLOAT,
                ),
                _both_ends,
            ),
            (seconds("time it took", "waited_s"), lambda w: w.waited_s),
            (
                text("measured on", "days", lack="no run"),
                lambda w: f"{w.days}, {w.hours} UTC" if w.days and w.hours else w.days,
            ),
        ],
        note,
    )


def _both_ends(window: KeptWindow) -> tuple[float, float] | None:
    """The shortest gap that ended cold and the longest that ended warm: how far apart single answers lay."""
    if window.cold_from_s is None or window.warm_to_s is None:
        return None
    return window.cold_from_s, window.warm_to_s


def from_zero(findings: Findings, names: Names) -> Table:
    """Many at once on a target without a warm instance."""
    rows = [
        (
            f.target,
            f.bursts,
            f.requests,
            f.answered,
            f.refused,
            f.cold_instances,
            f.delayed,
            f.median_s,
            f.p95_s,
            f.slowest_s,
            f.start_spread_s,
            f.answered_n,
        )
        for f in findings.cold.from_zero
    ]
    means = (
        ("requests a burst", "requests"),
        ("answered", "answered"),
        ("refused", "refused"),
        ("cold instances", "cold_instances"),
        ("answers that waited for one", "delayed"),
    )
    shown = (
        target(names),
        counted("bursts", "bursts"),
        *(figure(head, name, _mean) for head, name in means),
        *(seconds(head, f"{head}_s", lack="none answered") for head in ("median", "p95", "slowest")),
        seconds("widest start spread", "start_spread_s"),
        counted("n", "n"),
    )
    note = (
        "Counts are means a burst. One instance that serves several requests delays them all: the two are not the same."
    )
    return table("from-zero", "Many at once, from zero", shown, rows, note)


def _mean(value: float) -> str:
    """A mean of counts: whole when it is."""
    return f"{value:.1f}".removesuffix(".0")


def mitigations(findings: Findings, names: Names) -> Table:
    """What keeping cold starts away costs a month."""
    note = "USD at the expected traffic, MODELLED from the target's own measured usage at list prices."
    return listed(
        "mitigations",
        "What keeping cold starts away costs",
        findings.cold.mitigations,
        [
            (target(names), lambda m: m.target),
            (
                several("cold probes", ("cold", "probes"), lambda k, n: f"{k} of {n}", lack="not probed"),
                lambda m: (m.forced.cold, m.forced.probes) if m.forced.probes else None,
            ),
            (seconds("added by the start", "penalty_s", lack="not known"), lambda m: m.forced.penalty_s),
            (interval("penalty_s", duration_text), lambda m: m.forced.penalty_s),
            (
                several(
                    "answers delayed in a burst from zero",
                    ("delayed", "answered"),
                    lambda k, n: f"{_mean(k)} of {_mean(n)}",
                    lack="no burst",
                    kind=Kind.FLOAT,
                ),
                lambda m: (m.burst.delayed, m.burst.answered) if m.burst else None,
            ),
            (usd("runtime a month", "month_usd", lack="not known"), lambda m: m.per_month_usd),
            (
                figure(
                    "beyond the target itself",
                    "extra_usd",
                    lambda v: ("+" if v >= 0 else "") + money(v),
                    lack="not known",
                ),
                lambda m: Unknown(absence.TheTargetItself()) if m.target == m.of else m.extra_usd,
            ),
        ],
        note,
    )


def breakdown(findings: Findings, names: Names) -> Figure | None:
    """Where the time of a cold answer went."""
    labels = {
        "deploy": "cold, deployed",
        "forced": "cold, forced",
        "idle": "cold, idle gap",
        "control": "warm control",
    }
    rows: list[dict[str, Any]] = []
    values: list[tuple[Any, ...]] = []
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
        values.append((b.target, b.kind, b.n, *b.parts_s, b.platform_init_s, (b.joined, b.n)))
    if not rows:
        return None
    title = _sentence(findings, names)
    subtitle = (
        "Mean of all probes of that kind, from instance headers, service timings and, by request id, REPORT lines. What "
        "a cold answer has more of in the service's own work than a warm one is first-request work."
    )
    shown = table(
        "cold-parts-table",
        title,
        (
            target(names),
            word("probe", write=lambda kind: labels[kind]),
            plain("n", "n"),
            *(milliseconds(f"{p} (ms)", f"{slug(p)}_s") for p in PARTS),
            milliseconds("platform's Init Duration (ms)", "platform_init_s", lack="no REPORT line says"),
            several("REPORT lines joined", ("joined", "probes"), lambda k, n: f"{k} of {n}"),
        ),
        values,
    )
    return Figure("cold-parts", title, subtitle, render(charts_cold.cold_parts(rows, PARTS), title), shown)


def strip(findings: Findings, names: Names) -> Figure | None:
    """Each probe and its control."""
    short = {"deploy": "deployed", "forced": "forced", "idle": "idle gap"}
    values = [
        (p.target, p.kind, "cold" if cold else "warm", seconds_)
        for p in findings.cold.penalties
        for probe, control, was_cold in p.pairs
        for seconds_, cold in ((probe, was_cold), (control, False))
        if not math.isnan(seconds_)
    ]
    rows: list[dict[str, Any]] = [
        {"label": f"{names[name]}: {short[kind]}", "state": state, "milliseconds": took * 1000}
        for name, kind, state, took in values
    ]
    if not rows:
        return None
    title = "What the runtime added to each probe and to the warm request after it"
    subtitle = "One mark a request; response time minus the model's own time, cold-start profile, all valid runs."
    probe_ = word("probe", write=lambda kind: short[kind])
    shown = table(
        "cold-strip-table",
        title,
        (target(names), probe_, word("state"), milliseconds("overhead (ms)", "overhead_s")),
        values,
    )
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
    sure = next((f"{level(w.median_s.confidence)} " for w in mine if isinstance(w.median_s, Estimate)), "")
    title = "; ".join(_window_sentence(w, names[w.target]) for w in mine)
    subtitle = (
        "Steps: isotonic fit of the share of cold answers. Ticks: each probe, warm below and cold above. Dashed: the median "
        f"window with its {sure}interval. Measured on {', '.join(dict.fromkeys(w.days for w in mine))}."
    )
    values = [(w.target, p.gap_s, "cold" if p.cold else "warm") for w in mine for p in w.probes]
    shown = table("keep-alive-probes", title, (target(names), seconds("idle gap", "gap_s"), word("answer")), values)
    spec = charts_cold.keep_alive(curve, marked(probes, shown), medians, pair_of(findings, names))
    return Figure("keep-alive-curve", title, subtitle, render(spec, title), shown)


def _window_sentence(window: KeptWindow, name: str) -> str:
    known, law = window.median_s, window.law
    if law.modes:
        spans = (span(m.low_s, m.high_s, duration_text) for m in law.modes)
        return f"{name} keeps some idle instances for {', others for '.join(spans)}"
    if law.parts:
        middles = [p.middle_s for p in law.parts]
        return f"{name} keeps an idle instance for {span(min(middles), max(middles), duration_text)}, by the hour"
    if not isinstance(known, Estimate):
        why = known.reason
        return f"{name}: {said(why.seen if isinstance(why, absence.WindowLonger | absence.WindowShorter) else why)}"
    if window.wide and window.cold_from_s is not None and window.warm_to_s is not None:
        lasts = span(window.cold_from_s, window.warm_to_s, duration_text)
        return f"{name} keeps an idle instance for {lasts}, half of them for {duration_text(known.value)}"
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
