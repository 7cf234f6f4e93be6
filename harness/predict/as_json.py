"""A prediction as plain values: what is unknown is null, with its reason."""

from __future__ import annotations

from typing import Any

from harness.domain.estimate import Estimate
from harness.predict.parameter import Parameter
from harness.predict.prediction import UNITS, AtTraffic, Predicted, Prediction
from harness.predict.validate import Validation
from harness.words import said


def prediction_json(made: Prediction) -> dict[str, Any]:
    """``at``: a list of targets and factors, each with its quantities."""
    return {
        "traffic": made.traffic,
        "confidence": 0.9,
        "at": [_at(one) for one in made.at],
        "parameters": {name: [_parameter(p) for p in each] for name, each in made.parameters.items()},
        "changed": {name: list(each) for name, each in made.changed.items()},
        "highest_measured_per_s": made.highest_per_s,
    }


def _at(one: AtTraffic) -> dict[str, Any]:
    return {
        "target": one.target,
        "times": one.factor,
        "requests_per_s": one.per_s,
        "quantities": {f.quantity.name.lower(): _figure(f) for f in one.figures},
        "hours": [vars(h) for h in one.hours],
    }


def _figure(one: Predicted) -> dict[str, Any]:
    known = one.known
    unit = UNITS[one.quantity] or "share"
    if isinstance(known, Estimate):
        ends = {"value": known.value, "low": known.low, "high": known.high}
        return {**ends, "unit": unit, "n": known.n, "blocks": known.blocks, "played_error": one.played_error}
    return {
        **dict.fromkeys(("value", "low", "high")),
        "unit": unit,
        "kind": known.reason.kind,
        "reason": said(known.reason),
    }


def _parameter(p: Parameter) -> dict[str, Any]:
    return {**vars(p), "what": p.what.name.lower(), "basis": p.basis.value}


def validation_json(held: Validation) -> dict[str, Any]:
    """``rows`` as the table has them, ``held`` every run that was kept out."""
    return {
        "rows": [{**vars(r), "quantity": r.quantity.name.lower()} for r in held.rows],
        "held": [{**vars(h), "quantity": h.quantity.name.lower(), "covered": h.covered} for h in held.held],
        "too_few_blocks": dict(held.few),
        "blocks_kept_out": {target: {"kept_out": kept, "of": of} for target, kept, of in held.sampled},
    }
