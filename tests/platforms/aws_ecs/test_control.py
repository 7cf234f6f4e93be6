"""ECS' control plane, held to botocore's own model of requests and answers."""

from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from harness.domain.target import Dialect, Target
from harness.errors import PilotError
from harness.platforms.aws_ecs.config import AwsEcs
from harness.platforms.aws_ecs.control import EcsRuntime
from tests.platforms.rigs import KEYS, Clock


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
