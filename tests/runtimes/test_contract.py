"""What every control side must do, whichever platform it is."""

from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from harness.domain.target import AwsEcs, AwsLambda, Cold, Dialect, Target
from harness.errors import PilotError
from harness.runtimes.aws_ecs import EcsRuntime
from harness.runtimes.aws_lambda import LambdaRuntime
from tests.fakes import ScriptedServer

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "planted-secret", "region_name": "us-east-1"}
ACCOUNT = "123456789012"
KINDS = ("new-version", "killed", "scaled-to-zero", "restarted")


SAID = {
    "FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:chat",
    "MemorySize": 1769,
    "RevisionId": "r",
    "LastUpdateStatus": "Successful",
    "Environment": {"Variables": {"KEY": "planted-secret"}},
}


class Clock:
    """Time that passes only by sleeping."""

    now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class LambdaRig:
    """A function without an alias."""

    cold_call = "get_function_configuration"

    def __init__(self, url):
        self.clock, api = Clock(), boto3.client("lambda", **KEYS)
        config = AwsLambda("chat", "us-east-1")
        target = Target("fn", Path("fn"), Dialect.RAG_CHAT, config, base_url=url)
        self.stub = Stubber(api)
        self.runtime = LambdaRuntime(target, config, url, api, clock=self.clock, sleep=self.clock.sleep)

    def facts(self):
        self.stub.add_response("get_function_configuration", SAID)
        self.stub.add_response("get_function_concurrency", {})
        self.stub.add_client_error("get_function_url_config", "ResourceNotFoundException", "none")

    def cold(self):
        for method in ("get_function_configuration", "update_function_configuration", "get_function_configuration"):
            self.stub.add_response(method, SAID)

    def never_settles(self):
        self.stub.add_response("get_function_configuration", SAID)
        self.stub.add_response("update_function_configuration", SAID)
        for _ in range(400):
            self.stub.add_response("get_function_configuration", {**SAID, "LastUpdateStatus": "InProgress"})


class EcsRig:
    """A service of one task."""

    cold_call = "update_service"

    def __init__(self, url):
        self.clock, api = Clock(), boto3.client("ecs", **KEYS)
        config = AwsEcs("cluster", "service", "us-east-1")
        target = Target("ecs", Path("ecs"), Dialect.RAG_CHAT, config, base_url=url)
        self.stub = Stubber(api)
        self.runtime = EcsRuntime(target, config, url, api, clock=self.clock, sleep=self.clock.sleep)

    def service(self, state="COMPLETED"):
        deployment = {"rolloutState": state, "createdAt": datetime(2026, 11, 20, tzinfo=UTC)}
        arn = f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/chat:3"
        said = {"taskDefinition": arn, "desiredCount": 1, "runningCount": 1, "deployments": [deployment]}
        self.stub.add_response("describe_services", {"services": [said]})

    def facts(self):
        self.service()
        image = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/chat"
        secret = [{"name": "KEY", "value": "planted-secret"}]
        containers = [{"name": "chat", "image": image, "environment": secret}]
        self.stub.add_response("describe_task_definition", {"taskDefinition": {"containerDefinitions": containers}})

    def cold(self):
        self.stub.add_response("update_service", {})
        self.service("IN_PROGRESS")
        self.service()

    def never_settles(self):
        self.stub.add_response("update_service", {})
        for _ in range(400):
            self.service("IN_PROGRESS")


@pytest.fixture
def server():
    running = ScriptedServer()
    yield running
    running.close()


@pytest.fixture(params=[LambdaRig, EcsRig], ids=["Lambda", "ECS"])
def rig(request, server):
    return request.param(server.url)


def test_facts_name_the_runtime_and_hold_no_secret_and_no_account(rig):
    rig.facts()
    with rig.stub:
        facts = rig.runtime.facts()

    assert facts["kind"].startswith("aws-")
    assert facts["region"] == "us-east-1"
    assert ACCOUNT not in repr(facts)
    assert "planted-secret" not in repr(facts)


def test_cold_says_how_and_touches_the_target_not_once(rig, server):
    rig.cold()
    with rig.stub:
        cold = rig.runtime.make_cold()

    assert isinstance(cold, Cold)
    assert cold.kind in KINDS
    assert cold.method
    assert server.connections == 0


def test_a_control_plane_that_refuses_ends_in_its_own_words(rig):
    rig.stub.add_client_error(rig.cold_call, "AccessDeniedException", "words of the service")
    with rig.stub, pytest.raises(PilotError, match="words of the service"):
        rig.runtime.make_cold()


def test_a_change_that_never_settles_is_given_up_and_said(rig):
    rig.never_settles()
    with rig.stub, pytest.raises(PilotError, match="did not settle within"):
        rig.runtime.make_cold()
    assert rig.clock.now < 1000


def test_readiness_is_the_targets_own_health_check(rig, server):
    rig.runtime.wait_ready()

    assert server.paths == ["/healthz"]
