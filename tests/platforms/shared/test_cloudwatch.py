"""CloudWatch's own ways: sets, retention, batches, statuses."""

import json

import boto3
import pytest
from botocore.stub import Stubber

from harness.platforms import registry
from harness.platforms.aws_lambda.readings import FUNCTION
from harness.platforms.shared.cloudwatch import CloudWatch, period_of
from harness.words import said
from tests.platforms.shared.rigs import KEYS, ONE, START, WINDOW, at


def cloudwatch(metrics, answer, age_s=3600, calls=1):
    client = boto3.client("cloudwatch", **KEYS)
    with Stubber(client) as stub:
        for _ in range(calls):
            stub.add_response("get_metric_data", answer)
        return CloudWatch(client, [(metrics, {"FunctionName": "chat"})], now=lambda: START + age_s).read(WINDOW)


def test_every_metric_of_the_sets_is_a_request_that_the_service_model_accepts():
    for subject in registry.subjects("cloudwatch"):
        metrics = subject.signals
        found = cloudwatch(metrics, {"MetricDataResults": []})

        assert {said(r.reason) for r in found} == {"the answer holds no result for this query"}
        assert len(found) == len(metrics)


@pytest.mark.parametrize(("age_days", "period"), [(1, 60), (14.9, 60), (16, 300), (62, 300), (64, 3600)])
def test_an_old_window_is_asked_in_the_period_that_is_still_kept(age_days, period):
    assert period_of(age_days * 86_400) == period
    [found] = cloudwatch(ONE, {"MetricDataResults": []}, age_s=age_days * 86_400)

    assert json.loads(found.query)["MetricStat"]["Period"] == period


def test_more_metrics_than_a_call_takes_are_asked_in_several():
    found = cloudwatch(ONE * 501, {"MetricDataResults": []}, calls=2)

    assert len(found) == 501


@pytest.mark.parametrize("status", ["Forbidden", "InternalError", "PartialData"])
def test_a_result_that_is_not_whole_is_absent(status):
    result = {"Id": "m0", "StatusCode": status, "Timestamps": [at(0)], "Values": [1.0]}
    [found] = cloudwatch(ONE, {"MetricDataResults": [result | {"Messages": [{"Code": "why", "Value": "because"}]}]})

    assert said(found.reason) == f"{status}: because"


def test_percentiles_are_asked_as_such():
    assert {s.metric.split()[-1] for s in FUNCTION} >= {"p95", "Sum", "Maximum"}
