"""Placement where machines read: every workload with both targets, each number with its interval or the reason for none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.analysis.workload import Measured, Start
from harness.decision.as_json import known_json
from harness.decision.placement import Placed
from harness.decision.side import Against, Side
from harness.domain.reason import Reason
from harness.domain.reasons.place import BELONGS
from harness.words import all_said, said


def placement_json(placed: Sequence[Placed]) -> list[dict[str, Any]]:
    """One object a workload, in the order of pilot.toml."""
    return [
        {
            "workload": one.workload.name,
            "title": one.workload.label,
            "kind": one.workload.kind.value,
            "waited_for": one.workload.waited_for,
            "declared": one.workload.declared,
            "per_month": one.workload.per_month,
            "promises": {promise.value: limit for promise, limit in one.workload.promises.items()},
            "place": one.place.value,
            "sentence": said(BELONGS[one.place]),
            "reasons": list(all_said(one.reasons)),
            "reason_kinds": [reason.kind for reason in one.reasons],
            "targets": {side.target: _side(side) for side in one.sides},
        }
        for one in placed
    ]


def _reason(reason: Reason) -> dict[str, str]:
    return {"reason": said(reason), "reason_kind": reason.kind}


def _side(side: Side) -> dict[str, Any]:
    return {
        "serverless": side.serverless,
        "starts_cold": side.cold,
        "fit": side.fit.value,
        **_reason(side.why),
        "measured": None if side.measured is None else _measured(side.measured),
        "ceilings": [_against(one) for one in side.against],
    }


def _measured(measured: Measured) -> dict[str, Any]:
    return {
        "profile": measured.profile,
        "promises": [
            {
                "slo": v.slo.metric,
                "profile": v.profile,
                "limit": v.slo.limit,
                "unit": v.slo.unit,
                "verdict": v.judgement.value,
                **known_json(v.estimate),
            }
            for v in measured.verdicts
        ],
        "worked_p95_s": known_json(measured.worked_s),
        "longest_s": known_json(measured.longest_s),
        "memory_mb": known_json(measured.memory_mb),
        "ended": [{"by": e.by.value, "count": e.count, "of": e.of} for e in measured.ended],
        "cold_starts": [_start(start) for start in measured.starts],
        "per_month": measured.per_month,
        "runtime_usd_per_month": known_json(measured.month_usd),
        "beside_usd_per_month": measured.beside_usd,
    }


def _start(start: Start) -> dict[str, Any]:
    return {
        "slo": start.promise,
        "limit_s": start.limit_s,
        "warm": known_json(start.warm_s),
        "met": known_json(start.met),
        "with_a_start": known_json(start.cold_s),
        "share_at_volume": known_json(start.share),
        "at_volume": known_json(start.at_volume),
    }


def _against(one: Against) -> dict[str, Any]:
    return {
        "what": one.what,
        "value": one.value,
        "known_by": one.basis.value,
        "setting": one.ceiling.setting,
        "most": one.ceiling.most,
        "most_source": one.ceiling.source or None,
    }
