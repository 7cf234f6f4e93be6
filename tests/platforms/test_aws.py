"""Lambda's and ECS' control planes, held to botocore's own model of requests and answers."""

from pathlib import Path

import boto3
import pytest
from botocore.stub import ANY, Stubber

from harness.domain.target import Dialect, Target
from harness.errors import PilotError
from harness.platforms.aws_ecs.config import AwsEcs
from harness.platforms.aws_ecs.control import EcsRuntime
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.aws_lambda.control import LambdaRuntime

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "planted-secret", "region_name": "us-east-1"}
ARN = "arn:aws:lambda:us-east-1:123456789012:function:chat"
NAME = {"FunctionName": "chat"}


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def function(alias=None):
    """A runtime over a stubbed client."""
    config, api, clock = AwsLambda("chat", "us-east-1", alias), boto3.client("lambda", **KEYS), Clock()
    target = Target("fn", Path("fn"), Dialect.RAG_CHAT, config, base_url="https://x.example")
    return LambdaRuntime(target, config, "https://x.example", api, clock=clock, sleep=clock.sleep), Stubber(api), clock


def configuration(status="Successful", **more):
    return {
        "FunctionArn": ARN,
        "MemorySize": 1769,
        "LastUpdateStatus": status,
        "RevisionId": "rev-1",
        "Environment": {"Variables": {"CHAT_KEY": "planted-secret", "PILOT_COLD": "4"}},
        **more,
    }


def test_cold_is_a_new_value_of_a_variable_and_waits_until_the_update_is_over():
    runtime, stub, clock = function()
    wanted = {"Variables": {"CHAT_KEY": "planted-secret", "PILOT_COLD": "5"}}
    stub.add_response("get_function_configuration", configuration(), NAME)
    stub.add_response(
        "update_function_configuration",
        configuration("InProgress"),
        {**NAME, "Environment": wanted, "RevisionId": "rev-1"},
    )
    stub.add_response("get_function_configuration", configuration("InProgress"), NAME)
    stub.add_response("get_function_configuration", configuration(), NAME)
    with stub:
        cold = runtime.make_cold()
    stub.assert_no_pending_responses()

    assert (cold.kind, cold.method) == ("new-version", "PILOT_COLD set to 5 on $LATEST")
    assert clock.now == 1.0


def test_an_alias_is_moved_to_a_new_version_and_its_provisioned_concurrency_waited_for():
    runtime, stub, clock = function(alias="live")
    asked = {**NAME, "Qualifier": "live"}
    stub.add_response("get_function_configuration", configuration(), NAME)
    stub.add_response("update_function_configuration", configuration(), {**NAME, "Environment": ANY, "RevisionId": ANY})
    stub.add_response("get_function_configuration", configuration(), NAME)
    stub.add_response("publish_version", configuration(Version="7"), NAME)
    stub.add_response("update_alias", {"Name": "live"}, {**NAME, "Name": "live", "FunctionVersion": "7"})
    stub.add_response("get_provisioned_concurrency_config", {"Status": "IN_PROGRESS"}, asked)
    stub.add_response("get_provisioned_concurrency_config", {"Status": "READY"}, asked)
    with stub:
        cold = runtime.make_cold()
    stub.assert_no_pending_responses()

    assert cold.method == "PILOT_COLD set to 5, alias live moved to version 7"
    assert clock.now == 1.0


def test_an_update_that_fails_says_why():
    runtime, stub, _ = function()
    stub.add_response("get_function_configuration", configuration())
    stub.add_response("update_function_configuration", configuration())
    stub.add_response("get_function_configuration", configuration("Failed", LastUpdateStatusReason="no such image"))
    with stub, pytest.raises(PilotError, match="the update failed: no such image"):
        runtime.make_cold()


def test_an_update_that_never_ends_is_given_up():
    runtime, stub, _ = function()
    stub.add_response("get_function_configuration", configuration())
    stub.add_response("update_function_configuration", configuration())
    for _ in range(302):
        stub.add_response("get_function_configuration", configuration("InProgress"))
    with stub, pytest.raises(PilotError, match="did not settle within 300 s"):
        runtime.make_cold()


def test_a_refused_control_plane_gives_its_own_words():
    runtime, stub, _ = function()
    stub.add_client_error("get_function_configuration", "AccessDeniedException", "not for you")
    with stub, pytest.raises(PilotError, match=r"fn could not be made cold: .*not for you"):
        runtime.make_cold()


def test_facts_hold_no_value_of_a_variable_and_no_account():
    runtime, stub, _ = function(alias="live")
    stub.add_response("get_function_configuration", configuration())
    stub.add_response("get_function_concurrency", {"ReservedConcurrentExecutions": 10})
    url = {
        "FunctionUrl": "https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws/",
        "FunctionArn": ARN,
        "AuthType": "AWS_IAM",
        "CreationTime": "t",
        "LastModifiedTime": "t",
        "InvokeMode": "RESPONSE_STREAM",
    }
    stub.add_response("get_function_url_config", url)
    stub.add_client_error("get_provisioned_concurrency_config", "ProvisionedConcurrencyConfigNotFoundException")
    with stub:
        facts = runtime.facts()

    assert facts["variables"] == ["CHAT_KEY", "PILOT_COLD"]
    assert (facts["MemorySize"], facts["reserved"]) == (1769, {"ReservedConcurrentExecutions": 10})
    assert facts["url"]["InvokeMode"] == "RESPONSE_STREAM"
    assert facts["provisioned"] == {}
    assert not any(word in str(facts) for word in ("planted-secret", "123456789012", "abcdefghij"))


def test_facts_that_may_not_be_read_say_so():
    runtime, stub, _ = function()
    stub.add_response("get_function_configuration", configuration())
    stub.add_client_error("get_function_concurrency", "AccessDeniedException")
    stub.add_client_error("get_function_url_config", "ResourceNotFoundException")
    with stub:
        facts = runtime.facts()

    assert facts["reserved"] == {"unreadable": "AccessDeniedException"}
    assert facts["url"] == {"unreadable": "ResourceNotFoundException"}


def service():
    config, api, clock = AwsEcs("pilot", "chat", "us-east-1"), boto3.client("ecs", **KEYS), Clock()
    target = Target("box", Path("box"), Dialect.RAG_CHAT, config, base_url="https://x.example")
    return EcsRuntime(target, config, "https://x.example", api, clock=clock, sleep=clock.sleep), Stubber(api), clock


def described(*rollouts, running=2):
    deployments = [{"rolloutState": state} for state in rollouts]
    task = "arn:aws:ecs:us-east-1:123456789012:task-definition/chat:3"
    one = {
        "desiredCount": 2,
        "runningCount": running,
        "deployments": deployments,
        "taskDefinition": task,
        "launchType": "FARGATE",
    }
    return {"services": [one], "failures": []}


def test_cold_replaces_every_task_and_waits_for_the_rollout():
    runtime, stub, clock = service()
    stub.add_response("update_service", {}, {"cluster": "pilot", "service": "chat", "forceNewDeployment": True})
    stub.add_response("describe_services", described("IN_PROGRESS", "COMPLETED"))
    stub.add_response("describe_services", described("COMPLETED", running=1))
    stub.add_response("describe_services", described("COMPLETED"))
    with stub:
        cold = runtime.make_cold()
    stub.assert_no_pending_responses()

    assert cold.kind == "restarted"
    assert clock.now == 10.0


def test_a_deployment_that_fails_is_an_error():
    runtime, stub, _ = service()
    stub.add_response("update_service", {})
    stub.add_response("describe_services", described("FAILED"))
    with stub, pytest.raises(PilotError, match="the new deployment failed"):
        runtime.make_cold()


def test_a_service_that_is_not_there_is_named():
    runtime, stub, _ = service()
    stub.add_response("describe_services", {"services": [], "failures": [{"reason": "MISSING"}]})
    with stub, pytest.raises(PilotError, match="no service chat in pilot: MISSING"):
        runtime.facts()


def test_facts_of_a_service_hold_its_size_and_no_account():
    runtime, stub, _ = service()
    stub.add_response("describe_services", described("COMPLETED"))
    task = {
        "cpu": "1024",
        "memory": "2048",
        "containerDefinitions": [{"name": "chat", "image": "123456789012.dkr.ecr/x@sha256:1"}],
    }
    stub.add_response("describe_task_definition", {"taskDefinition": task})
    with stub:
        facts = runtime.facts()

    assert (facts["cpu"], facts["memory"], facts["desiredCount"]) == ("1024", "2048", 2)
    assert "123456789012" not in str(facts)
