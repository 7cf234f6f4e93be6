"""The trend as JSON: everything that its section is drawn from."""

from __future__ import annotations

from typing import Any

from harness.analysis.trend import ALPHA
from harness.evidence.files import dump
from harness.evidence.schema import Format
from harness.report.trend import Campaign, Key, Point, Trend, configured

TRENDS = "trends.json"  # in the folder of a report that was made beside earlier ones
FORMAT = Format(TRENDS, 1)


def trends_text(trend: Trend) -> str:
    """The file."""
    return dump(FORMAT.stamped(trend_json(trend)))


def trend_json(trend: Trend) -> dict[str, Any]:
    """Campaigns, points and what was configured otherwise; null with a reason where there is no value."""
    return {
        "campaigns": [_campaign(c) for c in trend.campaigns],
        "left_out": {"older": trend.older, "same_campaign": trend.repeated, "undated": list(trend.undated)},
        "alpha": ALPHA,
        "promises": [
            {
                "profile": profile,
                "metric": metric,
                "target": name,
                "points": [
                    _point_json(trend, place, c.points.get((profile, metric, name)), (profile, metric, name))
                    for place, c in enumerate(trend.campaigns)
                ],
            }
            for profile, metric in trend.promises
            for name in trend.targets(profile, metric)
        ],
        "configuration": [
            {"campaign": label, "field": name, "before": before, "now": now}
            for label, name, before, now in configured(trend)
        ],
    }


def _campaign(one: Campaign) -> dict[str, Any]:
    about = {name: one.about[name] for name in ("from_utc", "to_utc", "plan", "versions")}
    return {"label": one.label, "source": one.source, "method": one.said["method"], **about}


def _point_json(trend: Trend, place: int, point: Point | None, key: Key) -> dict[str, Any]:
    label = trend.campaigns[place].label
    if point is None:
        return {"campaign": label, "verdict": None, "value": None, "reason": "not judged in this campaign"}
    step, seen = trend.step(key, place), point.seen
    return {
        "campaign": label,
        "verdict": point.verdict,
        "value": seen.value if seen else None,
        "low": seen.low if seen else None,
        "high": seen.high if seen else None,
        "confidence": seen.confidence if seen else None,
        "blocks": seen.blocks if seen else None,
        "reason": None if seen else point.why,
        "limit": point.limit,
        "unit": point.unit,
        "change": None
        if step is None
        else {
            "comparable": step.comparable,
            "why_not": step.lack or None,
            "why_not_kind": step.why.kind if step.why else None,
            "by": step.change.by.value if step.change else None,
            "size": step.change.size if step.change else None,
            "intervals_apart": step.change.apart if step.change else None,
            "p_holm": step.p,
            "compared_together": step.family or None,
            "beyond_chance": step.beyond if step.p is not None else None,
        },
    }
