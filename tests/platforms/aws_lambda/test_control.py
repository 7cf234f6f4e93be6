"""Lambda's control plane, held to botocore's own model of requests and answers."""

from pathlib import Path

import boto3
import pytest
from botocore.stub import ANY, Stubber

from harness.domain.target import Dialect, PriceModel, Target
from harness.errors import PilotError
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.aws_lambda.control import LambdaRuntime
from tests.platforms.rigs import KEYS, Clock

ARN = "arn:aws:lambda:us-east-1:123456789012:function:chat"
NAME = {"FunctionName": "chat"}


def function(alias=None, prices=None):
    """A runtime over a stubbed client."""
    config, api, clock = AwsLambda("chat", "us-east-1", alias), boto3.client("lambda", **KEYS), Clock()
    target = Target("fn", Path("fn"), Dialect.RAG_CHAT, config, base_url="https://x.example", prices=prices)
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


def test_a_control_plane_without_revisions_is_changed_without_one():
    runtime, stub, _ = function()
    said = configuration(Environment={"Variables": {"PILOT_COLD": "not a number"}})
    del said["RevisionId"]
    stub.add_response("get_function_configuration", said, NAME)
    stub.add_response(
        "update_function_configuration", said, {**NAME, "Environment": {"Variables": {"PILOT_COLD": "1"}}}
    )
    stub.add_response("get_function_configuration", said, NAME)
    with stub:
        assert runtime.make_cold().kind == "new-version"


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


@pytest.mark.parametrize("refused", [True, False], ids=["nobody may ask", "it failed"])
def test_provisioned_environments_that_are_billed_and_not_known_to_be_ready_are_no_cold_start(refused):
    """Measured now, requests would meet environments that are only being made."""
    prices = PriceModel("aws-2026-11", "us-east-1", "lambda-url", {"memory_mb": 1769, "provisioned": 2})
    runtime, stub, _ = function(alias="live", prices=prices)
    stub.add_response("get_function_configuration", configuration(), NAME)
    stub.add_response("update_function_configuration", configuration(), {**NAME, "Environment": ANY, "RevisionId": ANY})
    stub.add_response("get_function_configuration", configuration(), NAME)
    stub.add_response("publish_version", configuration(Version="7"), NAME)
    stub.add_response("update_alias", {"Name": "live"}, {**NAME, "Name": "live", "FunctionVersion": "7"})
    if refused:
        stub.add_client_error("get_provisioned_concurrency_config", "AccessDeniedException")
    else:
        stub.add_response("get_provisioned_concurrency_config", {"Status": "FAILED"})
    with stub, pytest.raises(PilotError, match="provisioned environments are ready is not known"):
        runtime.make_cold()


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
