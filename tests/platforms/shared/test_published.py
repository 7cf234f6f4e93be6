"""What the recorded metric services answer is what their providers publish of it."""

from types import SimpleNamespace

import httpx
import pytest

from harness.domain.reading import Window
from harness.platforms import registry
from harness.platforms.cloud_run.monitoring import CloudMonitoring
from tests.platforms.shared.rigs import AzureMonitorRig, CloudMonitoringRig
from tests.published import held_to_google, unknown_of_map


@pytest.fixture(scope="module")
def monitoring_v3():
    from google.cloud import monitoring_v3

    return monitoring_v3


@pytest.fixture(scope="module")
def models():
    from azure.mgmt.monitor import models

    return models


@pytest.mark.parametrize(("values", "token"), [({0: 3.0, 60: 4.5}, None), ({0: 3.0}, "more"), ({}, None)])
def test_cloud_monitorings_page_is_googles_message(monitoring_v3, values, token):
    held_to_google(monitoring_v3.ListTimeSeriesResponse, CloudMonitoringRig().page(values, token))


def test_aligners_and_reducers_are_those_that_google_has(monitoring_v3):
    aligners, reducers = monitoring_v3.Aggregation.Aligner, monitoring_v3.Aggregation.Reducer

    asked = []
    CloudMonitoring(SimpleNamespace(get=lambda _, request: asked.append(request) or {}), "p", "s", "r").read(
        Window(0, 60)
    )
    assert {one["aggregation.perSeriesAligner"] for one in asked} <= {member.name for member in aligners}
    assert {one["aggregation.crossSeriesReducer"] for one in asked} <= {member.name for member in reducers}


def test_azure_monitors_page_is_azures_model(models):
    rig = AzureMonitorRig()
    nothing = rig.nothing(httpx.Request("GET", "http://cloud/metrics?metricnames=Replicas,Requests"))
    empty = {"cost": 0, "timespan": "2026-11-20T09:00:00Z/2026-11-20T09:02:00Z", "interval": "PT1M"}

    for page in (rig.page({0: 3.0, 60: 4.5}), nothing):
        assert unknown_of_map(models, "Response", {**empty, **page}) == []


def test_aggregations_are_those_that_an_answers_points_have(models):
    fields = {field["key"] for field in models.MetricValue._attribute_map.values()}

    assert {s.metric.split()[1] for subject in registry.subjects("azure-monitor") for s in subject.signals} <= fields


def test_a_field_that_azure_does_not_have_is_found(models):
    page = {"value": [{"timeseries": [{"data": [{"timestamp": "2026-11-20T09:00:00Z"}]}]}]}
    assert unknown_of_map(models, "Response", page) == ["value[0].timeseries[0].data[0].timestamp"]
