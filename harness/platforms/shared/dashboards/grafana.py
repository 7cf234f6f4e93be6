"""A Grafana dashboard over Prometheus sources, importable as it is: its data source is asked for at import."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.domain.target import Target
from harness.platforms.shared.prometheus_sets import Query, queries_of

SOURCE = "${DS_PROMETHEUS}"
SCHEMA = 39
UNITS = {"s": "s", "bytes": "bytes", "share": "percentunit", "cores": "none", "count": "none", "per s": "reqps"}
UNITS |= {"USD/h": "currencyUSD"}
HEIGHT, WIDTH = 8, 12


def grafana(targets: Iterable[Target], title: str) -> dict[str, Any]:
    """One panel a query of each prometheus source, a row a target."""
    panels: list[dict[str, Any]] = []
    at_y = 0
    for target in targets:
        queries = _queries(target)
        if not queries:
            continue
        row = {"type": "row", "title": target.label, "gridPos": {"h": 1, "w": 24, "x": 0, "y": at_y}}
        panels.append({"id": len(panels) + 1, "collapsed": False, "panels": [], **row})
        at_y += 1
        for number, (name, query) in enumerate(queries.items()):
            place = {"h": HEIGHT, "w": WIDTH, "x": WIDTH * (number % 2), "y": at_y + HEIGHT * (number // 2)}
            panels.append(_panel(len(panels) + 1, name, query, place))
        at_y += HEIGHT * -(-len(queries) // 2)
    asked = {
        "name": "DS_PROMETHEUS",
        "label": "Prometheus",
        "type": "datasource",
        "pluginId": "prometheus",
        "pluginName": "Prometheus",
    }
    return {
        "__inputs": [asked],
        "title": title,
        "uid": "runtime-pilot",
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": []},
        "panels": panels,
    }


def _queries(target: Target) -> dict[str, Query]:
    asked = (queries_of(source.options) for source in target.sources if source.kind == "prometheus")
    return {name: query for queries in asked for name, query in queries.items()}


def _panel(number: int, name: str, query: Query, place: dict[str, int]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": SOURCE}
    return {
        "id": number,
        "type": "timeseries",
        "title": name.replace("_", " "),
        "gridPos": place,
        "datasource": source,
        "targets": [{"refId": "A", "expr": query.promql, "datasource": source}],
        "fieldConfig": {"defaults": {"unit": UNITS.get(query.unit, "none")}, "overrides": []},
    }
