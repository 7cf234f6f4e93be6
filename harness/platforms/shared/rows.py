"""Tables of series: a row says what only it knows, its statistic says how a run's points become one figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.platforms.platform import Measure, Per, Signal, Tier

PER = {"Sum": Per.SUM, "total": Per.SUM, "Maximum": Per.MOST, "maximum": Per.MOST, "p95": Per.MOST}
TIMED = (Measure.DURATION, Measure.ADDED)
P95 = 0.95


def rows(source: str, prefix: str = "", tier: Tier = Tier.RUNTIME) -> Callable[..., Signal]:
    """What makes one row of a source's series, whose names end with their statistic and begin with ``prefix``."""

    def row(name: str, measure: Measure, unit: str, meaning: str, **more: Any) -> Signal:  # noqa: ANN401 - a Signal's fields
        statistic = name.rpartition(" ")[2]
        usual = {
            "tier": tier,
            "per": PER.get(statistic, Per.MEAN),
            "quantile": P95 if statistic == "p95" and measure in TIMED else None,
        }
        return Signal(prefix + name, source, measure, unit, meaning, **{**usual, **more})

    return row


def by_name(also: str = "", **fields: str) -> Callable[[Mapping[str, Any]], list[dict[str, str]]]:
    """Where CloudWatch finds a subject: dimensions, all of them, by the table's fields; nowhere where the table lacks one.

    ``also``: a field that must be set too.
    """

    def at(options: Mapping[str, Any]) -> list[dict[str, str]]:
        given = all(options.get(field) for field in (*fields.values(), *([also] if also else ())))
        return [{dimension: str(options[field]) for dimension, field in fields.items()}] if given else []

    return at
