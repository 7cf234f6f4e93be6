"""What each JSON file of the evidence must hold for its readers; what no reader asks for is not looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.domain.job import JobState
from harness.domain.sample import Outcome
from harness.errors import Problem
from harness.evidence.shapes import (
    amount,
    anything,
    count,
    duration,
    each,
    fields,
    flag,
    listing,
    maybe,
    moment,
    money,
    named,
    number,
    one_of,
    part,
    share,
    table,
    text,
    whole,
)

_OUTCOMES = {outcome.value: count for outcome in Outcome}
_BURSTS = fields({}, {"gap_cv": maybe(number), "idc_1s": maybe(number), "idc_10s": maybe(number)})

_STEP = fields(
    {"phase": text, "rate": duration, "offered": count, "kept": flag, "why": text},
    {
        "planned": count,
        "failed": count,
        "p95_s": maybe(number),
        "ttft_p95_s": maybe(number),
        "growth_s": maybe(number),
        "verdict": text,
    },
)
_PROMISE = fields({"p95_s": duration, "error_rate": share}, {"ttft_p95_s": maybe(duration)})
_EXPERIMENT = fields(
    {"kind": text, "ended": maybe(text)},
    {
        "colds": each(
            fields({}, {"kind": text, "method": maybe(text), "error": anything, "at_s": number, "took_s": number})
        ),
        "steps": each(_STEP),
        "lanes": each(table),
        "promise": _PROMISE,
        "most_rate": duration,
        "least_rate": maybe(duration),
        "precision": maybe(duration),
        "step_s": duration,
        "method": text,
        "range_s": maybe(each(number)),
        "idle_s": maybe(number),
    },
)
_ANY_RUN = fields(
    {},
    {
        "started_utc": maybe(moment),
        "versions": table,
        "generator": table,
        "state": text,
        "purpose": one_of("evidence", "eyes"),
        "started_monotonic_s": maybe(number),
        "elapsed_s": maybe(number),  # below 0 of an older run that was stopped before its first arrival was due
        "planned": maybe(count),
        "schedule_digest": text,
        "spec": table,
        "arrivals": maybe(fields({}, {"planned": maybe(_BURSTS), "achieved": maybe(_BURSTS)})),
        "contention": maybe(
            fields(
                {"contended": maybe(flag), "machine_cpu_p95_pct": maybe(number), "target_shares_machine": maybe(flag)}
            )
        ),
        "experiment": maybe(_EXPERIMENT),
        "touched": listing,
    },
)
_ENDED_RUN = fields({"started_utc": moment, "versions": table, "generator": table})


def RUN(value: Any, at: str) -> Iterator[Problem]:  # noqa: ANN401, N802 - a shape as the others
    """A run that ended says when it began, and with what."""
    yield from _ANY_RUN(value, at)
    if isinstance(value, dict) and value.get("elapsed_s") is not None:
        yield from _ENDED_RUN(value, at)


LEDGER = fields(
    {"planned": count, "outcomes": fields({}, _OUTCOMES), "valid": flag, "reasons": each(text)},
    {
        **{field: each(text) for field in ("warnings", "reason_kinds", "warning_kinds")},
        **{field: maybe(text) for field in ("stopped_by", "stop_signal")},
        "write_errors": each(text),
        "jobs": maybe(fields({}, dict.fromkeys(JobState, count))),
        **{f"lag_{what}_s": maybe(number) for what in ("p50", "p99", "max", "limit")},
    },
)
TARGET = fields({}, {"meta": maybe(table), "name": text, "dialect": text})

_RUN = fields(
    {
        **dict.fromkeys(("block", "position", "seed", "requests"), count),
        "target": part,
        "profile": part,
        "schedule_digest": text,
        "expected_s": duration,
        "start": one_of("warm", "cold"),
    }
)
_BLOCK = fields(
    {
        "number": count,
        "order": text,
        "not_before": moment,
        "day": count,
        "day_part": text,
        "runs": each(_RUN, most=1000),
    },
    {"track": maybe(part), "side_by_side": flag},
)
_PROFILE = fields(
    {
        "name": part,
        "file": text,
        "start": one_of("warm", "cold"),
        "options": each(each(text, 2, 2)),
        "duration_s": duration,
        "warmup_s": duration,
        "requests": count,
    },
    {"repeats": maybe(count), "aa": flag, "measured": maybe(count), "streams": maybe(count)},
)
PLAN = fields(
    {
        "baseline": part,
        "candidate": part,
        "seed": whole,
        "blocks": each(_BLOCK, most=10_000),
        "profiles": each(_PROFILE, most=1000),
        "questions_digest": text,
        "forecast_usd": money,
        "created": text,
    },
    {"tracks": each(_BLOCK, most=10_000), "purpose": one_of("evidence", "eyes")},
)
SEAL = fields({"digest": text, "content": fields({"pilot": table})}, {"sealed_utc": maybe(text)})
CHECKS = fields(
    {
        "groups": named(
            each(
                fields(
                    {"name": text, "answer": text},
                    {
                        "detail": maybe(text),
                        "shown_by": maybe(text),
                        "weight": text,
                        "granted": maybe(fields({"target": text, "name": text, "needs": text, "limit": amount})),
                    },
                )
            )
        )
    }
)
_CHECK = fields(
    {"law": text, "quantity": text, "verdict": text, "why": text},
    {
        **{f"{what}_s": maybe(number) for what in ("truth", "measured", "tolerance")},
        "derived": text,
        "n": maybe(count),
    },
)
CALIBRATION = fields(
    {"checks": each(_CHECK), "versions": table},
    {
        "measured_utc": text,
        "passed": flag,
        "machine": table,
        "floor": fields(
            {"n": count, "streams": count, "highest_rate_per_s": maybe(number)},
            {f"{what}_{p}_s": maybe(number) for what in ("lag", "response", "ttft") for p in ("p50", "p99")},
        ),
    },
)
FACTS = fields({"target": part}, {"facts": maybe(table), "cold_method": maybe(text)})
_READING = fields(
    {"kind": one_of("series", "absent"), "metric": text},
    {
        "points": each(each(number, 2, 2)),
        "unit": maybe(text),
        "query": text,
        "source": text,
        "reason": text,
        "reason_kind": text,
        "failed": flag,
    },
)
READINGS = fields(
    {"readings": each(_READING)},
    {"source": text, "verified": maybe(text), "pulled_utc": maybe(text), "window": table},
)
BILL = fields(
    {
        "day": text,
        "estimated": flag,
        "pulled_unix_s": number,
        "own_cost_usd": money,
        "lines": each(fields({"usage_type": text, "quantity": amount, "usd": amount}, {"service": text, "unit": text})),
    },
    {"pages": count, "verified": maybe(text)},
)
UNREAD_BILL = fields({"answers": listing})
MANIFEST = fields({}, {"files": named(text)})
BUNDLE = fields(
    {"files": named(fields({"sha256": text, "bytes": count})), "written_by": text},
    {"seal": maybe(text), "utc": maybe(text)},
)

_DIGESTS = named(named(text))
EVENT = fields(
    {"utc": text, "event": text},
    {
        **dict.fromkeys(("run", "chain", "user", "because", "setting", "target", "step"), text),
        **dict.fromkeys(("attempt", "block", "look", "of", "blocks", "record", "schema_version"), count),
        **dict.fromkeys(("cost_usd", "reserved_usd", "bills_usd"), money),
        "files": _DIGESTS,
        "changes": each(text),
        "not_needed": each(count),
        "digest": text,
        "settles_unix_s": maybe(number),
        "exit_code": maybe(whole),
        "on": text,
        "off_utc": maybe(text),
    },
)
RECORD = fields(
    {"utc": text, "number": count, "events": count, "before": text, "chain": text},
    {
        **dict.fromkeys(("event", "run", "written_by"), text),
        **dict.fromkeys(("attempt", "schema_version"), count),
        "journal": text,
        "cost_usd": money,
        "files": named(text),
    },
)

_SPLIT = fields({"share": share, "due_s": duration}, {"changed_s": maybe(number), "error": maybe(text)})
CANARY = fields(
    {"target": part, "side": part, "step_s": duration, "steps": each(_SPLIT, most=100)}, {"ended": maybe(text)}
)

_TOOK = fields({"name": text, "did": text, "seconds": duration}, {"target": maybe(part)})
DEPLOYMENTS = fields(
    {
        "deployments": each(
            fields(
                {
                    "utc": moment,
                    "what": one_of("begun", "refused", "deploy", "destroy"),  # the first two: of a deployment
                    "targets": each(part),
                    "steps": each(_TOOK),
                },
                {"left": each(text), "unseen": each(text), "beside": named(money)},  # USD an hour, by its step
            )
        )
    }
)
