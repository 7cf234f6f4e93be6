"""Runs every analysis once over one dataset."""

from __future__ import annotations

from harness.analysis import (
    aa,
    agreement,
    asking,
    capacity,
    compare,
    contention,
    metered,
    parity,
    platform,
    reconciliation,
    refusals,
    slo,
    spend,
    throttling,
    traffic,
    warmup,
)
from harness.analysis import projection as projecting
from harness.analysis.dataset import Dataset
from harness.decision import cold
from harness.decision.findings import Findings
from harness.domain import looks
from harness.domain.plan import Plan
from harness.domain.verdict import SloVerdict
from harness.evidence import coverage
from harness.evidence.store import Store
from harness.workspace import Workspace

COST_PROFILE = "steady"  # the traffic that cost is scored at: everyday, not the stress of a burst
SEARCH_PROFILE = "capacity"
BURSTS = ("burst",)  # their seconds are not alike, so a warm-up cannot be told from their shape


def gather(workspace: Workspace, data: Dataset, store: Store, plan: Plan) -> Findings:
    """Verdicts, comparisons, funnels, cold starts and costs."""
    config = workspace.config
    judged = [p for p in config.slo.profiles if p in data.profiles]
    limits = (config.slo.p95_s, config.slo.ttft_p95_s)
    targets = {t.name: t for t in workspace.measured()}
    names = list(dict.fromkeys(data.targets))
    cost_profile = COST_PROFILE if COST_PROFILE in data.profiles else judged[0] if judged else COST_PROFILE
    usage = {name: spend.blocks_of(targets[name], data.of(name, cost_profile), *limits) for name in names}
    traffic_ = workspace.traffic()
    look = looks.look(len(data.blocks_valid), data.blocks_planned)
    seen = data.at(looks.first_blocks(data.blocks_valid, look.blocks))
    declared = {p.name: p.warmup_s for p in plan.profiles}
    capacities = tuple(capacity.capacity(n, runs) for n in names if (runs := data.of(n, SEARCH_PROFILE)))
    sizings = tuple(capacity.sizing(c, traffic_.peak_per_s) for c in capacities)
    needed = {s.target: s.instances_needed for s in sizings}
    costs = tuple(spend.cost(targets[n], usage[n], traffic_.requests_per_month, needed.get(n)) for n in names)
    records = metered.records_of([*data.runs, *(run for pair in data.aa for run in pair)], data.invalid)
    return Findings(
        data=data,
        expected_requests=traffic_.requests_per_month,
        look=look,
        aa=aa.aa_gate(data, config.margins.latency, limits),
        warm_ups=tuple(
            warmup.warm_up(n, p, data.of(n, p), declared.get(p, 0.0)) for p in judged if p not in BURSTS for n in names
        ),
        slos=slo.verdicts(seen, workspace.slos(), judged, limits, look.confidence),
        comparisons=compare.comparisons(seen, judged, config.margins.latency, limits, look.confidence),
        funnels=tuple(throttling.funnel(n, p, data.of(n, p), *limits) for p in judged for n in names),
        timelines={n: throttling.timeline(n, data.of(n, "burst"), *limits) for n in names},
        manners=tuple(refusals.manner(n, p, data.of(n, p), config.slo.p95_s) for p in judged for n in names),
        cold=cold.cold(workspace, data, judged, usage),
        capacities=capacities,
        sizings=sizings,
        contention=tuple(
            contention.contention(n, p, runs) for p in data.profiles for n in data.everyone if (runs := data.of(n, p))
        ),
        costs=costs,
        cost_verdicts=tuple(v for cost in costs for v in _ceilings(workspace, cost)),
        projection=projecting.projection([targets[n] for n in names], usage, costs, capacities, traffic_),
        used=tuple(u for n in data.everyone if (u := metered.used(targets[n], records))),
        asking=asking.asking(records, store.root),
        agreements=tuple(agreement.agreement(n, [r for r in data.runs if r.target == n]) for n in data.everyone),
        reconciliations=tuple(
            r for n in data.everyone if (r := reconciliation.reconciliation(targets[n], records, store.root))
        ),
        coverage=tuple(coverage.coverage(targets.values(), plan, store)),
        parity=parity.parity(data),
        arrivals=tuple(traffic.burstiness(n, p, data.of(n, p)) for p in data.paired for n in names),
        streams=tuple(traffic.streams(n, [r for p in data.profiles for r in data.of(n, p)]) for n in names),
        platform=tuple(platform.figures(n, p, data.of(n, p)) for p in data.profiles for n in names),
    )


def _ceilings(workspace: Workspace, cost: spend.Cost) -> list[SloVerdict]:
    ceilings = workspace.config.slo
    promises = (
        ("runtime cost a month", "monthly_runtime_usd", ceilings.monthly_runtime_usd, cost.per_month_usd),
        ("whole cost a month", "monthly_total_usd", ceilings.monthly_total_usd, spend.whole_month(cost)),
    )
    return [
        slo.ceiling(cost.target, name, metric, limit_usd, known)
        for name, metric, limit_usd, known in promises
        if limit_usd is not None
    ]
