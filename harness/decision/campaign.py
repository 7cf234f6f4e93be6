"""What a campaign was, beside what it found: by what a report of a later one tells whether the two may be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.decision.findings import Findings
from harness.domain.bounds import MOST_NAME
from harness.domain.shown import MOST_SHOWN, visible
from harness.planning.seal import digest_of

MOST_SAID = 50  # fields of a target's own description
ORDER = "order"  # of a seal: a schedule's digest for each run, hundreds of them


def campaign_json(
    findings: Findings, seal: Mapping[str, Any] | None, labels: Mapping[str, str], model_time_scale: float
) -> dict[str, Any]:
    """When it measured, with what, and every sealed field by its name; ``sealed`` is null where nothing was.

    ``labels``: what each target is called, for a later report whose workspace may no longer have it.
    """
    runs = [run.record for run in findings.data.runs if run.record.run]
    started = sorted(str(record.run["started_utc"]) for record in runs if record.run)
    content = None if seal is None else seal["content"]
    first = next((record.run for record in runs if record.run), {})
    return {
        "from_utc": started[0] if started else None,
        "to_utc": started[-1] if started else None,
        "baseline": findings.data.baseline,
        "candidate": findings.data.candidate,
        "plan": None if content is None else digest_of({ORDER: content.get(ORDER)}),
        "sealed": None if content is None else dict(_flat({k: v for k, v in content.items() if k != ORDER})),
        "versions": dict(first.get("versions") or {}),
        "generator": dict(first.get("generator") or {}),
        "labels": dict(labels),
        "targets": {name: _told(findings, name) for name in findings.data.targets},
        "model_time_scale": model_time_scale,
    }


def _told(findings: Findings, target: str) -> dict[str, str]:
    """What a target said of itself, where it said the same in every run."""
    found: dict[str, set[str]] = {}
    for run in findings.data.runs:
        meta = (run.record.target_says or {}).get("meta") if run.target == target else None
        for name, value in (meta or {}).items():
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                found.setdefault(visible(str(name), MOST_NAME), set()).add(visible(str(value), MOST_SHOWN))
    same = {name: next(iter(values)) for name, values in sorted(found.items()) if len(values) == 1}
    return dict(list(same.items())[:MOST_SAID])


def _flat(value: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, value
