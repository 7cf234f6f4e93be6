"""The jobs page: time to done, what became of every submission, the backlog, and what a thousand cost; targets side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.analysis.jobs import JobsFound
from harness.decision.findings import Findings
from harness.domain.estimate import Estimate
from harness.domain.job import Fate
from harness.domain.shown import visible
from harness.domain.workload import Promise
from harness.report import charts, charts_jobs
from harness.report.blocks import Figure, Table, listed, marked, table
from harness.report.columns import (
    counted,
    estimate,
    figure,
    interval,
    judged,
    profile,
    seconds,
    share,
    target,
    text,
    usd,
    word,
)
from harness.report.figures import pair_of
from harness.report.svg import render
from harness.words import said
from harness.words.numbers import count, duration_text, money, percent, significant, span

Names = Mapping[str, str]
FATES: Mapping[Fate, str] = {
    Fate.NOT_ACCEPTED: "not accepted (of all submissions)",
    Fate.LOST: "lost",
    Fate.TWICE: "done twice (of those whose result tells)",
    Fate.DEAD_LETTERED: "dead-lettered",
    Fate.FAILED: "failed",
    Fate.CANCELLED: "cancelled",
    Fate.UNFINISHED: "unfinished at the end of the run",
    Fate.TIME_LIMIT: "killed by the time limit",
    Fate.MEMORY_LIMIT: "killed by the memory limit",
    Fate.WORKER_LOST: "killed with its worker",
}
STEPS = 120  # of a backlog's line


def times(findings: Findings, names: Names) -> Table:
    """One row a profile and target."""
    return listed(
        "jobs",
        "Jobs: how long they took",
        findings.jobs,
        [
            (profile(), lambda j: j.profile),
            (target(names), lambda j: j.target),
            (counted("submitted", "submitted"), lambda j: j.submitted),
            (counted("done", "done"), lambda j: j.done),
            (estimate("p50 time to done", "done_p50_s", duration_text), lambda j: j.p50_done_s),
            (estimate("p95 time to done", "done_p95_s", duration_text), lambda j: j.p95_done_s),
            (estimate("p95 freshness", "freshness_p95_s", duration_text), lambda j: j.p95_fresh_s),
            (estimate("mean working time", "working_s", duration_text), lambda j: j.working_s),
            (estimate("drained (jobs/s)", "drained_per_s", significant), lambda j: j.per_s),
            (text("largest backlog, by block", "backlog_peaks"), _peaks),
        ],
        _note(findings.jobs),
    )


def _peaks(found: JobsFound) -> str:
    least, most = min(found.peaks, default=0), max(found.peaks, default=0)
    return span(least, most, count)


def _note(found: Sequence[JobsFound]) -> str:
    """What the columns mean, and how finely done is known."""
    told = (
        "Times count from the intended submission; what was not done counts as infinite. Freshness: until the callback where "
        "one was asked for, else until asking tells. Drained: jobs done a second while others waited."
    )
    rough = max((j.resolution_s for j in found if j.resolution_s is not None), default=None)
    if rough is None:
        return told
    return f"{told} A service that tells no ages is known to have done a job only by polling, at most {duration_text(rough)} late."


def fates(findings: Findings, names: Names) -> Table:
    """One row a profile, target and fate; those that never occurred too, for their upper end is the finding."""
    rows = [(j, s) for j in findings.jobs for s in j.shares if s.of and (s.count or s.fate in ALWAYS)]
    return listed(
        "job-fates",
        "Jobs: what became of them",
        rows,
        [
            (profile(), lambda row: row[0].profile),
            (target(names), lambda row: row[0].target),
            (word("ended", "fate", write=lambda fate: FATES[Fate(fate)]), lambda row: row[1].fate.value),
            (counted("jobs", "jobs"), lambda row: row[1].count),
            (counted("of", "of_jobs"), lambda row: row[1].of),
            (share("share", "ended_share"), lambda row: row[1].share.value),
            (interval("ended_share", percent), lambda row: row[1].known),
        ],
        "Shares of accepted jobs where nothing else is said. Zero seen does not prove zero: up to the interval's upper end is possible.",
    )


ALWAYS = (Fate.LOST, Fate.TWICE, Fate.DEAD_LETTERED, Fate.UNFINISHED, Fate.NOT_ACCEPTED)


def costs(findings: Findings, names: Names) -> Table:
    """One row a profile and target."""
    return listed(
        "job-costs",
        "Jobs: what they cost",
        findings.jobs,
        [
            (profile(), lambda j: j.profile),
            (target(names), lambda j: j.target),
            (usd("1,000 jobs", "thousand_usd", lack="not known"), lambda j: j.cost.per_thousand_usd),
            (interval("thousand_usd", _money), lambda j: j.cost.per_thousand_usd),
            (usd("of which runtime", "runtime_usd", lack="not known"), lambda j: j.cost.runtime_usd),
            (usd("of which tokens and the like", "beside_usd", lack="not known"), lambda j: j.cost.tokens_usd),
            (counted("jobs a night", "night_jobs", lack="no volume declared"), _nightly),
            (usd("a night", "night_usd", lack="no volume declared"), lambda j: j.cost.per_night_usd),
            (interval("night_usd", _money, "its interval"), lambda j: j.cost.per_night_usd),
        ],
        "Everything that was used while jobs ran, questions about them too, over the jobs that were done. Tokens at batch prices "
        "where the price list has them; a capacity for as long as the jobs kept it.",
    )


def _money(value: float) -> str:
    return money(float(value))


def _nightly(found: JobsFound) -> int | None:
    return None if found.cost.volume is None else round(found.cost.volume.per_night)


def promises(findings: Findings, names: Names) -> Table:
    """Every promise of a workload that jobs measured."""
    verdicts = [v for j in findings.jobs for v in j.verdicts]
    return listed(
        "job-promises",
        "Jobs: promises",
        verdicts,
        [
            (profile(), lambda v: v.profile),
            (target(names), lambda v: v.target),
            (word("promise"), lambda v: v.slo.name),
            (figure("limit", "limit", significant), lambda v: v.slo.limit),
            (word("unit"), lambda v: v.slo.unit),
            (estimate("measured", "measured", significant), lambda v: v.estimate),
            (judged("verdict", "judgement"), lambda v: v.judgement),
            (text("why"), lambda v: said(v.reason)),
        ],
    )


def backlog(findings: Findings, names: Names, of: str) -> Figure | None:
    """How many waited or were worked on, over time, one line a target: of the block with the largest backlog."""
    rows: list[dict[str, Any]] = []
    values = []
    for found in (j for j in findings.jobs if j.profile == of):
        line = max(found.backlogs, key=lambda b: b.peak, default=None)
        if line is None or not len(line.at_s):
            continue
        for at_s, jobs in line.every(max(float(line.at_s[-1]) / STEPS, 1e-3)):
            rows.append({"target": names[found.target], "second": at_s, "jobs": jobs})
            values.append((found.target, at_s, jobs))
    if not rows:
        return None
    title = f"Backlog under {visible(of)}: {'; '.join(_peak_words(j, names) for j in findings.jobs if j.profile == of)}"
    shown = table(
        f"backlog-{of}-table",
        title,
        (target(names), seconds("since the start", "at_s"), counted("jobs accepted and not ended", "jobs")),
        values,
    )
    spec = charts_jobs.backlog(marked(rows, shown), pair_of(findings, names))
    subtitle = "Jobs accepted and not yet ended, of the block with the largest backlog of each target."
    return Figure(f"backlog-{of}", title, subtitle, render(spec, title), shown)


def _peak_words(found: JobsFound, names: Names) -> str:
    return f"at most {count(max(found.peaks, default=0))} on {names[found.target]}"


def done_curve(findings: Findings, names: Names, of: str) -> Figure | None:
    """The quantiles of the time to done."""
    rows: list[dict[str, Any]] = []
    values = []
    for found in (j for j in findings.jobs if j.profile == of):
        for p, known in found.curve:
            if isinstance(known, Estimate) and known.high is not None:
                low = known.value if known.low is None else known.low
                rows.append(
                    {"target": names[found.target], "p": p, "value": known.value, "low": low, "high": known.high}
                )
                values.append((found.target, p, known.value, replace(known, low=low)))
    if not rows:
        return None
    title = (
        f"Time to done under {visible(of)}: {'; '.join(_p95_words(j, names) for j in findings.jobs if j.profile == of)}"
    )
    shown = table(
        f"done-{of}-table",
        title,
        (
            target(names),
            figure("quantile", "quantile_share", lambda p: f"p{p * 100:g}"),
            seconds("time to done", "done_s"),
            interval("done_s", duration_text),
        ),
        values,
    )
    limit = next(
        (
            v.slo.limit
            for j in findings.jobs
            if j.profile == of
            for v in j.verdicts
            if v.slo.metric == Promise.DONE.value
        ),
        None,
    )
    titles = ("time to done", "share of jobs done at least this soon")
    spec = charts.quantile_curves(marked(rows, shown), pair_of(findings, names), titles, limit)
    subtitle = "From the intended submission; a curve ends where jobs that were not done make it infinite or n cannot certify it."
    return Figure(f"done-{of}", title, subtitle, render(spec, title), shown)


def _p95_words(found: JobsFound, names: Names) -> str:
    known = found.p95_done_s
    told = f"p95 {duration_text(known.value)}" if isinstance(known, Estimate) else said(known.reason)
    return f"{told} on {names[found.target]}"


def drawn(findings: Findings, names: Names) -> list[Figure | None]:
    """Both charts of every profile that submits jobs."""
    of = dict.fromkeys(j.profile for j in findings.jobs)
    return [made for name in of for made in (backlog(findings, names, name), done_curve(findings, names, name))]


def profiles(findings: Findings) -> tuple[str, ...]:
    """Those that submit jobs."""
    return tuple(dict.fromkeys(j.profile for j in findings.jobs))
