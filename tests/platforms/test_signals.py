"""Nothing that a source can return stands in a report without its meaning."""

import pytest

from harness.platforms import registry
from harness.platforms.aws_lambda import log_readings
from harness.platforms.shared import local_logs

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
