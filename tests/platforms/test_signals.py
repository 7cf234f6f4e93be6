"""Nothing that a source can return stands in a report without its meaning."""

import pytest

from harness.platforms import registry
from harness.platforms.aws_lambda import log_readings
from harness.platforms.registry import asked_of
from harness.platforms.shared import local_logs
from harness.platforms.shared.prometheus_sets import queries_of

RETURNED = {
    "lambda-logs": log_readings.METRICS | {log_readings.FAILURES: "ms"},
    "local-logs": local_logs.FIGURES
    | {name: unit for name, (unit, _) in local_logs.INSTANCE.items()}
    | {name: unit for name, (unit, _) in local_logs.REPORTED.items()}
    | dict.fromkeys(("throttle", "overloaded"), "count"),
}
ASKED = {"cloudwatch", "prometheus", "azure-monitor", "cloud-monitoring"}  # what is declared is what they ask for
OWN_NAMES = {"otlp-traces"}  # a team names its spans itself: the kind says what any of them is


def declared(source):
    return {s.metric: s for s in registry.declared() if s.source == source}


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

    assert {k for k, s in registry.source_kinds().items() if not s.bills} | own == RETURNED.keys() | ASKED | OWN_NAMES
    assert all(registry.source_kinds()[kind].others for kind in OWN_NAMES)


@pytest.mark.parametrize("source", ["cloudwatch", "azure-monitor"])
def test_every_series_that_a_platform_expects_is_asked_for(source):
    """Of these kinds a platform declares what it expects, and beside it where that is found."""
    asked = {s.metric for subject in registry.subjects(source) for s in subject.signals}

    assert {s.metric for p in registry.platforms() for s in p.signals if s.source == source} <= asked


def test_units_of_a_vector_store_are_asked_of_the_account_and_summed():
    """AWS publishes SearchOCU and IndexingOCU by ClientId alone, and means their sum (monitoring-cloudwatch)."""
    named = {"collection_id": "c1", "collection_name": "chat", "account_id": "123456789012"}
    [(signals, dimensions)] = [(s, d) for s, d in asked_of("cloudwatch", named) if "AOSS" in s[0].metric]

    assert dimensions == {"ClientId": "123456789012"}
    assert {s.metric.split()[-1] for s in signals} == {"Sum"}
    assert not any("AOSS" in s[0].metric for s, _ in asked_of("cloudwatch", {"function": "f"}))


def test_a_service_of_knative_is_asked_of_its_own_namespace():
    queries = queries_of({"sets": ["knative"], "namespace": "mine", "service": "chat", "queries": ()})

    assert len(queries) == 4
    assert all('k8s_namespace_name="mine"' in q.promql for q in queries.values())
