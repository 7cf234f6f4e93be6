"""``pilot decide --json``: the fixed keys, every unknown number null with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from harness.decision.asked import why
from harness.decision.decide import Decision
from harness.decision.errors import statement
from harness.decision.findings import Findings
from harness.decision.settling import Standing
from harness.domain.bill import CostLayer
from harness.domain.estimate import Infinite, Known, Unknown
from harness.domain.reason import Reason
from harness.words import all_said, said


def decision_json(
    findings: Findings,
    decision: Decision,
    doubts: Sequence[Reason],
    seal: dict[str, Any] | None,
    standing: Standing,
    method: str,
) -> dict[str, Any]:
    """One document; keys only grow."""
    return {
        "recommendation": decision.choice.value,
        "target": decision.target,
        "sentence": said(decision.sentence),
        "confidence": decision.confidence.value,
        "capped_by": [cap.value for cap in decision.caps],
        "reasons": list(all_said(decision.reasons)),
        "reason_kinds": [reason.kind for reason in decision.reasons],
        "settled": said(standing.settled.reason) if standing.settled else None,
        "settled_kind": standing.settled.value if standing.settled else None,
        "lasts": standing.lasts,
        "open": [
            {"kind": o.kind.value, "target": o.target, "profile": o.profile, "metric": o.metric, **why(o.why)}
            for o in standing.open
        ],
        "gates": {g.target: g.judgement.value for g in decision.gates},
        "slos": [
            {
                "target": v.target,
                "profile": v.profile,
                "slo": v.slo.metric,
                "verdict": v.judgement.value,
                **known_json(v.estimate),
                "limit": v.slo.limit,
                "unit": v.slo.unit,
                **why(v.reason),
                "blocks_needed": None if v.blocks_needed is None else asdict(v.blocks_needed),
                "beyond": None if v.beyond is None else known_json(v.beyond),
                "allowed": v.allowed,
            }
            for v in (*findings.verdicts, *findings.hybrid_promises)
        ],
        "hybrid": _hybrid(findings),
        "tenants": [
            {
                "target": f.target,
                "profile": f.profile,
                "noisy": f.noisy,
                "others": f.others,
                "before_p95": known_json(f.before_p95_s),
                "during_p95": known_json(f.during_p95_s),
                "ratio": known_json(f.times),
                "before_refused": known_json(f.before_refused),
                "during_refused": known_json(f.during_refused),
                "refused_more": known_json(f.refused_more),
                "unit": "s",
            }
            for f in findings.tenants
        ],
        "comparisons": [
            {
                "profile": c.profile,
                "metric": c.metric,
                "relation": c.relation.value,
                **known_json(c.ratio),
                "margin": c.margin,
                **why(c.reason),
                "different_within_margin": c.within_margin_but_different,
                "beyond": None if c.beyond is None else known_json(c.beyond),
                "p_value": c.p_value,
                "exploratory": c.exploratory,
                "compared_together": c.family,
            }
            for c in findings.comparisons
        ],
        "errors": said(statement(findings)),
        "a_a": _aa(findings),
        "modes": [
            {
                "target": m.target,
                "profile": m.profile,
                "cold_share": known_json(m.cold_share),
                "warm_p95": known_json(m.warm_p95_s),
                "cold_p95": known_json(m.cold_p95_s),
                "measured_p95": known_json(m.measured_p95_s),
                "expected_cold_share": known_json(m.expected_share),
                "expected_p95": known_json(m.expected_p95_s),
                "unit": "s",
            }
            for m in findings.modes
        ],
        "quality": [
            {
                "target": q.target,
                "profile": q.profile,
                "model": None if q.own is None else q.own.model,
                "model_told_by": None if q.own is None else q.own.told_by.value,
                "models": dict(q.models),
                "answered": q.answered,
                "told": q.told,
                "degraded_share": known_json(q.degraded),
                "cached_share": known_json(q.cached),
                "evaluation": {
                    "asked": q.asked,
                    "passed_share": known_json(q.passed),
                    "missed": [{"question": one, "checks": checks, "count": n} for one, checks, n in q.missed],
                },
            }
            for q in findings.quality
        ],
        "sizes": {
            f.target: {
                "memory": {**known_json(f.memory_mb), "unit": "MB"},
                "memory_of_configured": known_json(f.memory_share),
                "configured_mb": f.configured_mb,
                "package_mb": f.package_mb,
                "weights_mb": f.weights_mb,
                "index_mb": f.index_mb,
                "artifact_mb": f.artifact_mb,
                "artifact_limit_mb": f.artifact_limit_mb,
                "fits": f.fits,
            }
            for f in findings.footprints
        },
        "retrieval": [
            {
                "target": r.target,
                "profile": r.profile,
                "asked": r.asked,
                "answered": r.answered,
                "hit_rate": [{"k": h.k, **known_json(h.share)} for h in r.hits],
                "p95": {**known_json(r.p95_s), "unit": "s"},
                "search_p95": {**known_json(r.search_p95_ms), "unit": "ms"},
                "rerank_p95": {**known_json(r.rerank_p95_ms), "unit": "ms"},
                "error_share": known_json(r.error_share),
                "verdict": None if r.promise is None else r.promise.judgement.value,
                "limit": None if r.promise is None else r.promise.slo.limit,
            }
            for r in findings.retrievals
        ],
        "retrieval_capacity": {
            s.found.target: {
                **known_json(s.found.per_s),
                "at_least": s.found.at_least,
                "in_flight": s.in_flight,
                "unit": "queries/s",
            }
            for s in findings.store_limits
        },
        "capacity": {
            c.target: {
                **known_json(c.per_s),
                "at_least": c.at_least,
                "per_instance": c.per_instance_per_s,
                "break_even": known_json(findings.break_even(c.target)),
                "unit": "requests/s",
            }
            for c in findings.capacities
        },
        "keep_alive": {
            w.target: {
                "median": known_json(w.median_s),
                "g05": known_json(w.g05_s),
                "unit": "s",
                "measured": w.days,
                "hours_utc": w.hours,
                "law": w.law.kind.value,
                "windows": [asdict(mode) for mode in w.law.modes],
                "by_hour": [asdict(part) for part in w.law.parts],
            }
            for w in findings.cold.windows
        },
        "cost": {
            c.target: {
                "per_success": known_json(c.per_success_usd),
                "per_good": known_json(c.per_good_usd),
                "per_month": known_json(c.per_month_usd),
                "layers": {layer.value: str(c.monthly.layer_usd(layer)) for layer in CostLayer} if c.monthly else None,
                "resting": c.resting_usd,
                "basis": said(c.coverage),
                "basis_kind": c.coverage.kind,
            }
            for c in (*findings.costs, *([findings.hybrid.cost] if findings.hybrid else []))
        },
        "crossings": [
            {
                "times": known_json(c.factor),
                "requests_per_month": c.requests,
                "cheaper_below": c.below,
                "cheaper_above": c.above,
            }
            for c in (findings.volumes.crossings if findings.volumes else ())
        ],
        "doubts": list(all_said(doubts)),
        "doubt_kinds": [doubt.kind for doubt in doubts],
        "would_change": list(all_said(decision.would_change)),
        "would_change_kinds": [change.kind for change in decision.would_change],
        "blocks": {
            "planned": findings.data.blocks_planned,
            "valid": list(findings.data.blocks_valid),
            "not_needed": list(findings.ended.not_needed) if findings.ended else [],
        },
        "seal": None if seal is None else {"digest": seal["digest"], "sealed_utc": seal.get("sealed_utc")},
        "method": method,
    }


def _hybrid(findings: Findings) -> dict[str, Any]:
    """Whether a router before both was run, and of one that was who answered and what it added."""
    run = findings.hybrid
    if run is None:
        return {"measured": False, "target": None, "routed": [], "added": []}
    return {
        "measured": True,
        "target": run.target,
        "routed": [
            {
                "profile": r.profile,
                "side": r.side,
                "answered_share": known_json(r.answered),
                "fell_back_share": known_json(r.fell_back),
            }
            for r in run.routed
        ],
        "added": [
            {"profile": a.profile, "p50": known_json(a.p50_s), "p95": known_json(a.p95_s), "unit": "s"}
            for a in run.added
        ],
    }


def _aa(findings: Findings) -> dict[str, Any] | None:
    """The ratio that each measure's A/A comparison would have noticed nine times in ten; null where it could tell none."""
    gate = findings.aa
    if gate is None:
        return None
    return {
        "target": gate.target,
        "pairs": gate.units,
        "biased": [c.metric for c in gate.biased],
        "would_notice_ratio": {c.metric: gate.noticed(c.metric) for c in gate.comparisons},
    }


def known_json(known: Known) -> dict[str, Any]:
    """Value, ends and what it rests on; null with the reason where there is none."""
    if isinstance(known, Unknown):
        low = known.low if isinstance(known, Infinite) else None
        reason = {"reason": said(known.reason), "reason_kind": known.reason.kind}
        return {"value": None, "low": low, "high": None, "n": known.n, "blocks": known.blocks, **reason}
    return {
        "value": known.value,
        "low": known.low,
        "high": known.high,
        "n": known.n,
        "blocks": known.blocks,
        "confidence": known.confidence,
        "method": known.method,
        "why_open": None if known.why_open is None else said(known.why_open),
    }
