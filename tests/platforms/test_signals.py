"""Nothing that a source can return stands in a report without its meaning."""

import pytest

from harness.platforms import registry
from harness.platforms.aws_lambda import log_readings
from harness.platforms.cloud_run import monitoring
from harness.platforms.shared import azure_monitor, cloudwatch, local_logs
from harness.platforms.shared.prometheus_sets import SETS

AZURE = (azure_monitor.CONTAINER_APP, azure_monitor.FUNCTION_APP, azure_monitor.CONSUMPTION_APP)
RETURNED = {
    "cloudwatch": {f"{m.namespace} {m.label}": m.unit for metrics in cloudwatch.ALL_SETS for m in metrics},
    "lambda-logs": log_readings.METRICS | {log_readings.FAILURES: "ms"},
    "prometheus": {f"{name}.{key}": q.unit for name, queries in SETS.items() for key, q in queries.items()},
    "cloud-monitoring": {m.series: m.unit for m in monitoring.METRICS},
    "azure-monitor": {f"{m.name} {m.aggregation}": m.unit for metrics in AZURE for m in metrics},
    "local-logs": local_logs.FIGURES
    | {name: unit for name, (unit, _) in local_logs.INSTANCE.items()}
    | {name: unit for name, (unit, _) in local_logs.REPORTED.items()}
    | dict.fromkeys(("throttle", "overloaded"), "count"),
}
OWN_NAMES = {"otlp-traces"}  # a team names its spans itself: the kind says what any of them is


def declared(source):
    known = [
        *(s for p in registry.platforms() for s in p.signals),
        *(s for k in registry.source_kinds().values() for s in k.signals),
    ]
    return {s.metric: s for s in known if s.source == source}


@pytest.mark.parametrize("source", RETURNED)
def test_every_metric_of_a_source_is_declared_in_its_unit_with_a_meaning(source):
    signals = declared(source)

    assert RETURNED[source] == {name: signals[name].unit for name in RETURNED[source] if name in signals}
    assert all(signal.meaning for signal in signals.values())


@pytest.mark.parametrize("source", RETURNED)
def test_nothing_is_declared_that_no_source_returns(source):
    assert declared(source).keys() <= RETURNED[source].keys()


def test_every_source_of_series_is_looked_at_here():
    own = {kind for p in registry.runtimes().values() for kind in p.config.own_sources}

    assert {k for k, s in registry.source_kinds().items() if not s.bills} | own == RETURNED.keys() | OWN_NAMES
    assert all(registry.source_kinds()[kind].others for kind in OWN_NAMES)
