"""Runs every analysis once over one dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from harness.analysis import (
    aa,
    agreement,
    asking,
    canary,
    capacity,
    compare,
    confirmed,
    contention,
    gave_way,
    metered,
    modes,
    parity,
    quality,
    reconciliation,
    refusals,
    retrieval,
    shown,
    sizes,
    slo,
    spans,
    spend,
    tenants,
    throttling,
    timings,
    traffic,
    warmup,
)
from harness.analysis.dataset import Dataset
from harness.campaign.progress import Progress
from harness.decision import ceilings, cold
from harness.decision.findings import ColdFindings, Findings
from harness.decision.hybrid import hybrid_cost
from harness.decision.jobs import job_verdicts, jobs_found
from harness.decision.measured_hybrid import measured_hybrid
from harness.decision.retrieved import response_limit_s, retrieval_verdicts
from harness.decision.settled import settled_of
from harness.domain import looks
from harness.domain.plan import Plan
from harness.domain.role import PACED, RETRIEVALS, Role
from harness.domain.verdict import Slo
from harness.evidence import coverage
from harness.evidence.early_end import blocks_left_out
from harness.evidence.store import Store
from harness.platforms.ceilings import most_of
from harness.platforms.registry import expected_of, memory_of, signals_of
from harness.predict.cost import cost
from harness.predict.crossings import Limit
from harness.predict.fitted import facts_of
from harness.predict.predict import USUAL, Effort
from harness.predict.prediction import Quantity
from harness.predict.whole import sealed, volumes
from harness.workspace import Workspace

T = TypeVar("T")
R = TypeVar("R")
HELD = {"p95_s": Quantity.P95, "ttft_p95_s": Quantity.TTFT_P95, "error_rate": Quantity.REFUSED_SHARE}
WORKERS = min(4, os.cpu_count() or 1)  # each holds arrays of its own: more would cost memory


def gather(
    workspace: Workspace,
    data: Dataset,
    store: Store,
    plan: Plan,
    effort: Effort = USUAL,
) -> Findings:
    """Verdicts, comparisons, funnels, cold starts and costs."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return _gathered(workspace, data, store, plan, pool, effort)


def elsewhere(workspace: Workspace, found: Findings, progress: Progress) -> Findings:
    """The same with other volumes of the traffic, which are played now; none where nothing was measured."""
    if not found.data.runs:
        return found
    return replace(found, volumes=volumes(found.played, limits_of(workspace.slos()), progress))


def limits_of(slos: Sequence[Slo]) -> tuple[Limit, ...]:
    """Those promises that a played month can be held to."""
    found = ((slo, HELD[slo.metric]) for slo in slos if slo.metric in HELD)
    return tuple(Limit(slo.metric, slo.name, quantity, slo.limit, slo.unit) for slo, quantity in found)


def _gathered(
    workspace: Workspace, data: Dataset, store: Store, plan: Plan, pool: ThreadPoolExecutor, effort: Effort
) -> Findings:
    config, traffic_ = workspace.config, workspace.traffic()
    judged = [p for p in plan.judged(config.slo.profiles) if p in data.profiles]
    limits = (config.slo.p95_s, config.slo.ttft_p95_s)
    targets = {t.name: t for t in workspace.measured()}
    names = list(dict.fromkeys(data.targets))
    pairs = [(n, p) for p in judged for n in names]
    cost_profile, bursts = spend.cost_profile(data, judged), data.in_role(Role.BURST)
    look = looks.look(len(data.blocks_valid), data.blocks_planned)
    seen = data.at(looks.first_blocks(data.blocks_valid, look.blocks))
    declared = {p.name: p.warmup_s for p in plan.profiles}
    records = metered.records_of([*data.runs, *(run for pair in data.aa for run in pair)], data.invalid)

    slos = pool.submit(slo.verdicts, seen, workspace.slos(), judged, limits, look.confidence)
    comparisons = pool.submit(compare.comparisons, seen, judged, config.margins.latency, limits, look.confidence)
    gate = pool.submit(aa.aa_gate, data, config.margins.latency, limits)
    steady = [(n, p) for n, p in pairs if p not in bursts]  # a burst's seconds are not alike: no warm-up shows in them
    warm_ups = _each(pool, steady, lambda of: warmup.warm_up(*of, data.of(*of), declared.get(of[1], 0.0)))
    funnels = _each(pool, pairs, lambda of: throttling.funnel(*of, data.of(*of), *limits))
    hit = [(n, p) for p in bursts for n in names]
    timelines = _each(pool, hit, lambda of: throttling.timeline(of[0], data.of(*of), *limits))
    manners = _each(pool, pairs, lambda of: refusals.manner(*of, data.of(*of), config.slo.p95_s))
    graded = _each(
        pool,
        [
            (n, p)
            for p in data.paired
            for n in data.everyone
            if data.roles.get(p) not in (*RETRIEVALS, Role.JOBS) and data.of(n, p)
        ],
        lambda of: quality.quality(*of, data.of(*of)),
    )
    same = pool.submit(parity.parity, data)
    streams = _each(pool, names, lambda n: traffic.streams(n, [r for p in data.profiles for r in data.of(n, p)]))
    agreements = _each(
        pool,
        data.everyone,
        lambda n: agreement.agreement(n, [r for r in data.runs if r.target == n], signals_of(targets[n])),
    )
    used = _each(pool, data.everyone, lambda n: metered.used(targets[n], records))

    played = sealed(workspace, seen, effort)
    starts = pool.submit(cold.cold, workspace, data, judged, played)
    capacities = tuple(capacity.capacity(n, runs) for n in names if (runs := data.of_role(n, Role.CAPACITY)))
    sizings = tuple(capacity.sizing(c, traffic_.peak_per_s) for c in capacities)
    months = ceilings.months(workspace)
    expected = months[0].traffic.requests_per_month
    factors = [month.traffic.requests_per_month / expected for month in months]
    scored = {n: len(data.of(n, cost_profile)) for n in names}
    told = [tuple(cost(played.asked[n], played.at(n, factor), scored[n]) for n in names) for factor in factors]
    costs = told[0]
    series = tuple(
        s
        for p in data.profiles
        for n in names
        for s in shown.shown(n, p, data.of(n, p), signals_of(targets[n]), expected_of(targets[n]))
    )
    jobs = jobs_found(workspace, seen, targets, look.confidence)
    retrievals = tuple(
        retrieval.retrieval(n, p, runs, response_limit_s(workspace, p), look.confidence)
        for p in data.in_role(Role.RETRIEVAL)
        for n in data.everyone
        if (runs := seen.of(n, p))
    )
    return Findings(
        data=data,
        expected_requests=traffic_.requests_per_month,
        scored_at=cost_profile,
        look=look,
        aa=gate.result(),
        warm_ups=_all(warm_ups),
        slos=slos.result(),
        comparisons=comparisons.result(),
        funnels=_all(funnels),
        timelines={(p, n): made for (n, p), made in zip(hit, _all(timelines), strict=True)},
        manners=_all(manners),
        cold=starts.result(),
        modes=tuple(
            m
            for n, p in pairs
            if (m := modes.modes(n, p, seen.of(n, p), _expected(starts.result(), n), look.confidence)) is not None
        ),
        capacities=capacities,
        sizings=sizings,
        contention=tuple(
            contention.contention(n, p, runs) for p in data.profiles for n in data.everyone if (runs := data.of(n, p))
        ),
        costs=costs,
        cost_verdicts=ceilings.verdicts(list(zip(months, told, strict=True))),
        start_costs=tuple(one for more in told[1:] for one in more),
        played=played,
        hybrids=tuple(hybrid_cost(workspace, capacities, played, month) for month in months),
        used=tuple(u for u in _all(used) if u),
        asking=asking.asking(records, store.root),
        agreements=_all(agreements),
        reconciliations=tuple(
            r for n in data.everyone if (r := reconciliation.reconciliation(targets[n], records, store.root))
        ),
        coverage=tuple(coverage.coverage(targets.values(), plan, store)),
        parity=same.result(),
        quality=_all(graded),
        retrievals=retrievals,
        retrieval_verdicts=retrieval_verdicts(names, retrievals),
        store_limits=tuple(
            retrieval.store_limit(n, runs) for n in data.everyone if (runs := data.of_role(n, Role.RETRIEVAL_CAPACITY))
        ),
        arrivals=tuple(traffic.burstiness(n, p, data.of(n, p)) for p in data.paired for n in names),
        streams=_all(streams),
        series=series,
        footprints=tuple(
            sizes.footprint(n, runs, series, most_of(targets[n], facts_of(runs)), memory_of(targets[n]))
            for n in data.everyone
            if (runs := [r for r in data.runs if r.target == n])
        ),
        timings=tuple(t for p in data.profiles for n in names for t in timings.timings(n, p, data.of(n, p))),
        spans=tuple(s for p in data.profiles for n in names for s in spans.spans(n, p, data.of(n, p))),
        gave_way=tuple(
            confirmed.confirmed(g, data.of(g.target, g.profile), signals_of(targets[g.target]))
            for g in _gave_way(data, names, limits)
        ),
        jobs=jobs,
        job_verdicts=job_verdicts(workspace, jobs),
        settings=tuple(s for n in names if (s := settled_of(workspace, n)) is not None),
        hybrid=measured_hybrid(workspace, data, seen, judged, cost_profile, look, played),
        tenants=tuple(
            one
            for p in bursts
            for n in data.everyone
            if (runs := data.of(n, p))
            for one in tenants.felt(n, p, runs, tenants.noisy_of(runs[0]))
        ),
        canary=canary.latest(store),
        ended=blocks_left_out(store.journal(), data.blocks_valid),
    )


def _gave_way(data: Dataset, names: Sequence[str], limits: tuple[float, float | None]) -> tuple[gave_way.GaveWay, ...]:
    """Of paced profiles as a whole, of searches step by step."""
    paced = [p for p in data.in_role(*PACED) if p in data.paired]
    whole = [gave_way.gave_way(n, p, runs, *limits) for p in paced for n in names if (runs := data.of(n, p))]
    searches = [(n, run) for n in names for run in data.of_role(n, Role.CAPACITY)]
    return (*whole, *(one for n, run in searches for one in gave_way.at_steps(n, run.profile, run, *limits)))


def _each(pool: ThreadPoolExecutor, what: Iterable[T], made: Callable[[T], R]) -> list[Future[R]]:
    """Arrays are decoded, sorted and counted outside the interpreter's lock, so threads use every core."""
    return [pool.submit(made, one) for one in what]


def _all(futures: Iterable[Future[R]]) -> tuple[R, ...]:
    return tuple(future.result() for future in futures)


def _expected(starts: ColdFindings, target: str) -> modes.Expected | None:
    """Cold answers at the expected traffic, where a window was measured."""
    return next(
        (modes.Expected(e.share, e.share_low, e.share_high) for e in starts.expected if e.target == target), None
    )
