"""Ceilings: how long a target lets one work and what memory it may have, as it is set and at most."""

from pathlib import Path

import pytest

from harness.domain.target import Dialect, PriceModel, Target
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.ceilings import Ceiling, ceilings_of
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.external.config import External
from harness.workspace import open_workspace

ROOT = Path(__file__).parent.parent.parent


def of(runtime, facts=None, **more):
    target = Target("t", Path(), Dialect.RAG_CHAT, runtime, base_url="http://127.0.0.1:9", **more)
    return ceilings_of(target, facts or {})


def test_a_function_ends_at_its_own_timeout_and_no_setting_lifts_fifteen_minutes():
    found = of(AwsLambda(function="f", region="us-east-1"), {"Timeout": 60, "MemorySize": 1024})

    assert found.work_s(job=True) == Ceiling(60.0, 900.0)
    assert found.memory_mb(job=True) == Ceiling(1024.0, 10_240)
    assert found.carries_kb.most == 6_000


def test_what_the_control_plane_did_not_say_is_not_known_and_the_platforms_most_is():
    assert of(AwsLambda(function="f", region="us-east-1")).job_s == Ceiling(None, 900.0)


def test_a_front_cuts_requests_and_no_jobs():
    found = of(CloudRun(project="p", region="r", service="s"))

    assert found.request_s.most == 3600.0
    assert found.carries_kb.most == pytest.approx(33_554, rel=1e-3)


def test_the_embedded_function_ends_a_job_and_the_embedded_container_does_not():
    container, function = open_workspace(ROOT).pair()

    assert ceilings_of(container, {}).job_s == Ceiling(None, None)
    assert ceilings_of(function, {}).job_s == Ceiling(function.runtime.timeout_s, function.runtime.timeout_s)
    assert ceilings_of(function, {}).memory_mb(job=False).most == function.runtime.memory_mb


def test_of_a_url_what_it_is_billed_as_says_the_most():
    prices = PriceModel("aws-2026-11", "us-east-1", "lambda-url", {"memory_mb": 1024})

    assert of(External(), prices=prices).job_s.most == 900.0
    assert of(External()).job_s == Ceiling(None, None)


def test_a_setting_is_too_low_only_within_what_it_may_be_set_to():
    assert Ceiling(60.0, 900.0).over(300.0)
    assert not Ceiling(60.0, 900.0).over(1200.0)
    assert not Ceiling(None, 900.0).over(300.0)
