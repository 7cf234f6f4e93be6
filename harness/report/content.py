"""Everything that sections may place: values, tables and figures, made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.decision.decide import Decision
from harness.decision.errors import statement
from harness.decision.findings import Findings
from harness.decision.gravity import ranked
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.next_step import BlockTakes, next_step
from harness.decision.placement import Placed
from harness.decision.settling import Standing
from harness.domain.bill import called
from harness.domain.estimate import Unknown
from harness.domain.plan import Plan
from harness.domain.reason import Reason, labelled
from harness.domain.reasons import absence
from harness.domain.verdict import PROMISED
from harness.platforms.shared.book import read_book
from harness.predict.whole import Foretold
from harness.report import (
    at_traffic,
    by_role,
    capacity,
    cold,
    costs,
    decided,
    figures,
    generator,
    hybrid,
    jobs,
    placed,
    placed_bills,
    platforms,
    quality,
    retrieval,
    runbook,
    settings,
    short,
    side_by_side,
    sizes,
    slowest,
    tables,
    tenants,
    throttles,
    trend_shown,
    words,
)
from harness.report.blocks import Figure, PromiseTable, Table, table
from harness.report.columns import figure, flag, text, word
from harness.report.earlier import changes
from harness.report.figures import pair_of
from harness.report.page_one import PageOne, briefly, page_one
from harness.report.state import state
from harness.report.trend import Trend
from harness.words import all_said, said
from harness.words.numbers import count
from harness.workspace import Workspace
from harness.workspace.pilot_toml import Scaling

NO_RUN = "no run yet"


@dataclass(frozen=True)
class Content:
    """What one report says."""

    title: str
    page_one: PageOne
    day: str  # that the evidence ends on
    tables: dict[str, Table]
    figures: dict[str, Figure]
    promise_tables: dict[str, PromiseTable]
    values: dict[str, Any]
    footer: str
    trend: Trend | None = None  # over the campaigns of earlier reports


def content(
    workspace: Workspace,
    plan: Plan,
    findings: Findings,
    decision: Decision,
    doubts: Sequence[Reason],
    standing: Standing,
    takes: BlockTakes,
    seal: dict[str, Any] | None,
    calibration: dict[str, Any] | None,
    checks: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    since: Table | None = None,
    journal: Sequence[Mapping[str, Any]] = (),
    foretold: Foretold | None = None,
    placement: Sequence[Placed] = (),
    trend: Trend | None = None,
) -> Content:
    """Pure: the same findings give the same content."""
    config = workspace.config
    names = {t.name: t.label for t in workspace.measured()}
    alternatives = sides(findings, names)
    day = max((str(r.record.run["started_utc"])[:10] for r in findings.data.runs if r.record.run), default=NO_RUN)
    made = [
        tables.slos(findings, names),
        tables.comparisons(findings, names),
        slowest.slowest(findings, names),
        throttles.funnels(findings, names),
        throttles.manners(findings, names),
        throttles.contention(findings, names),
        cold.shares(findings, names),
        cold.expected(findings, names),
        tables.modes(findings, names),
        cold.penalties(findings, names),
        cold.windows(findings, names),
        cold.from_zero(findings, names),
        cold.mitigations(findings, names),
        capacity.capacities(findings, names),
        capacity.steps(findings, names),
        jobs.times(findings, names),
        jobs.fates(findings, names),
        jobs.costs(findings, names),
        jobs.promises(findings, names),
        costs.costs(findings, names),
        costs.ceilings(findings, names, config.slo.start.requests_per_month if config.slo.start else None),
        costs.bill_lines(findings, names),
        costs.crossings(findings, names),
        costs.pilot_bill(findings, names),
        costs.reconciled(findings, names),
        costs.coverage(findings, names),
        costs.agreements(findings, names),
        platforms.series(findings, names),
        platforms.timings(findings, names),
        platforms.spans(findings, names),
        platforms.gave_way(findings, names),
        tables.gates(decision, names),
        decided.scores(decision, alternatives, names),
        decided.firmness(decision, alternatives),
        decided.flips(decision, alternatives),
        placed.places(placement, findings.data.targets, names),
        placed.promised(placement, names),
        placed_bills.bills(placement, findings.data.targets, names),
        runbook.alarms(workspace, findings, decision, names),
        runbook.quotas(checks),
        runbook.timed(journal, names, list(dict.fromkeys(findings.data.targets))),
        since or changes(None, {}, {}, {}),
        tables.parity(findings),
        tables.hybrid(findings, names),
        hybrid.routed(findings, names),
        hybrid.rules(workspace.hybrid(), names),
        hybrid.canary(findings, names),
        tenants.felt(findings, names),
        quality.qualities(findings, names),
        quality.evaluations(findings, names),
        retrieval.retrievals(findings, names),
        retrieval.limits(findings, names),
        sizes.sizes(findings, names),
        settings.tried(findings.settings, names),
        tables.runs(findings, names),
        generator.arrivals(findings, names),
        generator.streams(findings, names),
        generator.calibration(calibration),
        generator.floor(calibration),
        _digests(plan, seal, findings),
        _targets(workspace, findings),
        _prices(workspace, findings),
    ]
    if foretold:
        made += [at_traffic.factors(foretold, names), at_traffic.held_out(foretold, names)]
        made.append(at_traffic.assumed(foretold, names))
    drawn = [
        *by_role.drawn(findings, names, config.slo),
        cold.breakdown(findings, names),
        cold.strip(findings, names),
        cold.keep_alive(findings, names),
        capacity.knee(findings, names, config.slo.p95_s),
        *jobs.drawn(findings, names),
        figures.pareto(findings, names, config.slo.p95_s),
        decided.acceptability(decision, alternatives),
        decided.tornado(decision, alternatives),
        at_traffic.curves(foretold, findings, names, config.slo.p95_s, decision.would_change) if foretold else None,
    ]
    over = _over(trend, findings, names)
    drawn += over
    made += [trend_shown.changed(trend)] if trend else []
    found = {t.id: t for t in made}
    return Content(
        title=f"{config.pilot.question} {said(decision.sentence)}",
        page_one=first_page(workspace, plan, findings, decision, doubts, standing, takes),
        day=day,
        tables=found,
        figures={f.id: f for f in drawn if f},
        promise_tables={
            "slos": side_by_side.promises(findings, names, found["slos"]),
            "hybrid": side_by_side.hybrid(findings, names, found["hybrid"]),
        },
        values={
            "would_change": all_said(decision.would_change),
            "doubts": all_said(labelled(doubt, names) for doubt in ranked(doubts)),
            "decided": said(decision.sentence),
            "reasons": all_said(decision.reasons),
            "margin": f"{(config.margins.latency - 1) * 100:.0f} %",
            "errors": said(statement(findings)),
            "requests_per_month": count(config.traffic.requests_per_month),
            "scaling": _scaling(config.scaling),
            "names": names,
            "cold_words": cold.verdict_words(findings, names),
            "manner_words": tuple(
                f"{names[m.target]} {said(m.does)}" for m in findings.manners if m.profile in by_role.bursts(findings)
            ),
            "job_profiles": jobs.profiles(findings),
            "tenant_words": short.tenants(findings.tenants, names),
            "hybrid_words": short.kept(findings.promises_of(findings.hybrid.target) if findings.hybrid else (), names),
            "place_words": short.placed(placement),
            "same_work": short.same_work(findings.parity),
            "retrieval_words": retrieval.words(findings, names),
            "quality_words": quality.said(findings, names),
            "everyday": by_role.everyday(findings),
            "bursts": tuple(enumerate(by_role.bursts(findings))),
            "mark": by_role.mark,
            "capacity_rule": capacity.rule(findings),
            "gave_way": platforms.at_its_limit(findings, names),
            "trend_words": trend_shown.sentences(
                trend, trend.labels | briefly(names, pair_of(findings, names)), promised(findings)
            )
            if trend
            else (),
            "trend_figures": tuple(f.id for f in over),
            "at_traffic_untold": at_traffic.refusals(foretold, names) if foretold else (),
            "has": {
                "foretold": foretold is not None,
                "measured": bool(findings.data.blocks_valid),
                "refusable": any(f.offered for f in findings.funnels),
                "answered": any(s.known for s in findings.cold.shares),
                "priced": any(c.monthly is not None for c in findings.costs),
                "quality": bool(found["quality"].values),
                "sizes": bool(found["sizes"].values),
                "assumed": bool(foretold and any(t.id == "assumed" and t.values for t in made)),
                "scoring": decision.scoring is not None,
                "tornado": bool(decision.scoring and decision.scoring.tornado),
                "checks": bool(checks),
                "since": bool(since and (since.rows or since.note)),
                "trend": trend is not None,
                "trend_configuration": bool(trend and found["trend-configuration"].values),
                "since_changed": bool(since and since.rows),
                "series": bool(found["platform"].values),
                "platform": any(found[name].values for name in ("gave-way", "timings", "spans", "platform")),
                "crossings": bool(findings.volumes and findings.volumes.crossings),
                "ceilings": bool(findings.cost_verdicts),
                "reconciled": bool(findings.reconciliations),
                "coverage": bool(findings.coverage),
                "windows": bool(findings.cold.windows),
                "expected": bool(findings.cold.expected),
                "from_zero": bool(findings.cold.from_zero),
                "mitigations": bool(findings.cold.mitigations),
                "capacity": bool(findings.capacities),
                "jobs": bool(findings.jobs),
                "job_promises": any(j.verdicts for j in findings.jobs),
                "retrieval": bool(findings.retrievals or findings.store_limits),
                "store_limits": bool(findings.store_limits),
                "evaluation": any(q.asked for q in findings.quality),
                "probes": bool(findings.cold.penalties),
                "settings": bool(findings.settings),
                "workloads": bool(config.workloads),
                "hybrid": findings.hybrid is not None,
                "canary": findings.canary is not None,
                "tenants": bool(findings.tenants),
            },
            "question": config.pilot.question,
            "migration": runbook.migration(decision, findings, names, workspace.hybrid()),
            "router_added": hybrid.added_words(findings),
        },
        footer=f"{'No valid run yet' if day == NO_RUN else f'Evidence up to {day}'}. "
        f"{len(findings.data.blocks_valid)} of {findings.data.blocks_planned} blocks valid{words.spared(findings)}. "
        f"Seal {seal['digest'][:23] + '…' if seal else 'absent'}.",
        trend=trend,
    )


def first_page(
    workspace: Workspace,
    plan: Plan,
    findings: Findings,
    decision: Decision,
    doubts: Sequence[Reason],
    standing: Standing,
    takes: BlockTakes,
) -> PageOne:
    """Without what is behind it: no chart is drawn."""
    config = workspace.config
    names = {t.name: t.label for t in workspace.measured()}
    return page_one(
        config.pilot.question,
        findings,
        decision,
        doubts,
        lambda brief: next_step(plan, findings, decision, standing, takes, brief),
        state(findings, plan),
        config.scaling,
        names,
        sides(findings, names),
    )


def _over(trend: Trend | None, findings: Findings, names: Mapping[str, str]) -> list[Figure]:
    return list(trend_shown.figures(trend, {**trend.labels, **names}, promised(findings))) if trend else []


def promised(findings: Findings) -> dict[str, str]:
    """How each promise is called, by its metric."""
    return PROMISED | {v.slo.metric: v.slo.name for v in findings.verdicts}


def sides(findings: Findings, names: Mapping[str, str]) -> dict[str, str]:
    """Labels of the alternatives."""
    pair, both = findings.data, "both together" if findings.hybrid else "both together (not measured)"
    return {BASELINE: names[pair.baseline], CANDIDATE: names[pair.candidate], HYBRID: both}


def _scaling(scaling: Scaling) -> tuple[str, ...]:
    if not scaling.rehearsal:
        return ()
    scale = f"Model time is multiplied by {scaling.model_time_scale:g}."
    return (*scaling.notes, scale) if scaling.model_time_scale != 1 else scaling.notes


def _digests(plan: Plan, seal: dict[str, Any] | None, findings: Findings) -> Table:
    versions: dict[str, Any] = next((r.record.run["versions"] for r in findings.data.runs if r.record.run), {})
    machine: dict[str, Any] = next((r.record.run["generator"] for r in findings.data.runs if r.record.run), {})
    client = next((r.record.run for r in findings.data.runs if r.record.run), {})
    rows = [
        ("seal", seal["digest"] if seal else Unknown(absence.NotSealed())),
        ("sealed (UTC)", str(seal.get("sealed_utc")) if seal else Unknown(absence.NotSealed())),
        ("questions", plan.questions_digest),
        ("seed", str(plan.seed)),
        ("client", _client(client) if "retry" in client else Unknown(absence.NotRecorded())),
        ("versions", ", ".join(f"{k} {v}" for k, v in versions.items()) or Unknown(absence.NoRun())),
        ("generator", ", ".join(_part(k, v) for k, v in machine.items()) or Unknown(absence.NoRun())),
    ]
    return table("digests", "Digests and versions", (word("what"), text("value")), rows)


def _part(name: str, value: object) -> str:
    """Of the machine that sent the load."""
    return f"memory {value} GB" if name == "memory_gb" else f"{name} {value}"


def _client(run: dict[str, Any]) -> str:
    """What every request's client did, in words."""
    retry = run["retry"]
    tries = (
        "no retries"
        if retry == "none"
        else f"up to {retry['attempts']} attempts, waits of at most {retry['cap_s']:g} s"
    )
    return f"{run['connections']} connections, {tries}"


def _targets(workspace: Workspace, findings: Findings) -> Table:
    def told(target: str, field: str) -> str | None:
        metas = ((r.record.target_says or {}).get("meta") for r in findings.data.runs if r.target == target)
        return ", ".join(sorted({str(meta[field]) for meta in metas if meta and meta.get(field)})) or None

    rows = [
        (
            t.name,
            t.label,
            t.dialect.value,
            t.runtime.kind,
            t.verified,
            *(told(t.name, field) for field in ("model", "prompt_version", "index_digest")),
        )
        for t in workspace.measured()
    ]
    shown = (
        word("name", "target"),
        text("title"),
        word("dialect"),
        word("runtime"),
        text("adapter verified"),
        *(text(head, lack="not said") for head in ("model", "prompt", "index")),
    )
    return table("targets", "Targets, as they describe themselves", shown, rows)


def _prices(workspace: Workspace, findings: Findings) -> Table:
    """Those that a line of a bill was made with."""
    bills = [*(c.monthly for c in findings.costs if c.monthly), *(u.bill for u in findings.used)]
    used = called(line for bill in bills for line in bill.lines)
    rows: list[tuple[Any, ...]] = []
    known = 0
    for name in sorted({t.prices.book for t in workspace.measured() if t.prices and t.prices.book}):
        book = read_book(name)
        known += len(book.prices)
        rows += [(name, p.key, p.usd, p.unit, p.source, p.confirmed) for p in book.prices if p.key in used]
    note = f"{len(rows)} of the {known} prices in these books: those that a bill of this pilot was made with."
    shown = (
        word("book"),
        word("item", write=lambda key: used[key]),
        figure("price", "unit_price_usd", lambda v: f"${v.normalize():f}"),
        word("unit"),
        text("source"),
        flag("confirmed", "confirmed", "yes", "no, unconfirmed"),
    )
    return table("prices", "Prices used", shown, rows, note)
