"""Ready sets of queries: a platform declares what they mean, a table names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.platforms.platform import Signal, Subject


@dataclass(frozen=True)
class Query:
    """PromQL and the unit of its values."""

    promql: str
    unit: str


def set_of(signals: tuple[Signal, ...], promql: Mapping[str, str]) -> Subject:
    """A set, which has the name that its series begin with: ``kubernetes.used_cores``."""
    mine = {signal.metric: promql[signal.metric] for signal in signals}
    name = set_name(signals)
    return Subject("prometheus", signals, lambda options: [mine] if name in options.get("sets", ()) else [])


def set_name(signals: tuple[Signal, ...]) -> str:
    """Of these series."""
    return signals[0].metric.partition(".")[0]


def queries_of(options: Mapping[str, Any]) -> dict[str, Query]:
    """The sets that a table names, with ``$namespace`` and ``$service`` filled in, and the team's own."""
    from harness.platforms.registry import asked_of  # noqa: PLC0415 - which knows the sources that ask this

    out = {}
    for signals, promql in asked_of("prometheus", options):
        for signal in signals:
            text = promql[signal.metric]
            for variable in ("namespace", "service"):
                text = text.replace(f"${variable}", str(options.get(variable)))
            out[signal.metric] = Query(text, signal.unit)
    return out | {q["name"]: Query(q["promql"], q["unit"]) for q in options.get("queries", ())}
