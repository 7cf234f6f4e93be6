"""An AWS account and what is deployed in it, examined before money: held to its services' own models."""

import ssl
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from harness.domain.finding import State
from harness.domain.target import Auth, Dialect, PriceModel, SourceConfig, Target
from harness.platforms.aws_ecs import examine as ecs
from harness.platforms.aws_ecs.config import AwsEcs
from harness.platforms.aws_lambda import examine as functions
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.examined import examined
from harness.platforms.examining import Reach
from harness.platforms.shared.aws_permissions import DEPLOYER, POLICIES
from harness.platforms.shared.provider_url import provider_url
from harness.platforms.shared.tls_names import certificate, covers
from tests.platforms.account import INDEX, NUMBER, Account, denying, refused
from tests.platforms.rigs import KEYS

LOGS = SourceConfig("lambda-logs", {"region": "us-east-1", "log_group": "/aws/lambda/chat"})
BILL = SourceConfig("cost-explorer", {"tag": "pilot", "values": ["chat"]}, bills=True)
BALANCER = SourceConfig("cloudwatch", {"region": "us-east-1", "load_balancer": "app/rag/0123456789abcdef"})
SIGNED = Auth("aws-sigv4", {"region": "us-east-1", "service": "lambda"})
FUNCTION = Target(
    "fn", Path(), Dialect.RAG_CHAT, AwsLambda("chat", "us-east-1", "live"), auth=SIGNED, sources=(LOGS, BILL)
)
SERVICE = Target("ecs", Path(), Dialect.RAG_CHAT, AwsEcs("rag", "chat", "us-east-1"), sources=(BALANCER, BILL))
HTTPS = replace(SERVICE, base_url="https://rag-1.us-east-1.elb.amazonaws.com")
NOT_FOUND = refused("ResourceNotFoundException")


def look(target, answers=(), **more):
    account = Account(answers, **more)
    return {one.name: one for one in examined(target, account.reach)}, account


@pytest.mark.parametrize("target", [FUNCTION, SERVICE])
def test_a_healthy_account_with_a_healthy_deployment_has_nothing_wrong(target):
    found, _ = look(target)

    assert {one.name: one for one in found.values() if one.state is not State.GOOD} == {}
    assert f"image platform, {target.name}" in found


def test_whose_credentials_they_are_is_said_without_the_accounts_number():
    found, account = look(FUNCTION)

    assert found["identity"].detail == "account …9012, role pilot"
    assert not any(NUMBER in f"{one.detail}{one.fix}" for one in found.values())
    simulated = [request for _, method, request in account.asked if method == "simulate_principal_policy"]
    assert {r["PolicySourceArn"] for r in simulated} == {f"arn:aws:iam::{NUMBER}:role/teams/pilot"}


def test_credentials_that_have_expired_are_cant_tell_with_the_login_to_do():
    found, _ = look(FUNCTION, {("sts", "get_caller_identity"): refused("ExpiredToken")})

    assert found["identity"].state is State.UNREADABLE
    assert "ExpiredToken" in found["identity"].detail
    assert "aws sso login" in found["identity"].fix
    assert found["policies for pilot run, fn"].state is State.UNREADABLE


def test_two_regions_in_one_file_are_wrong():
    found, _ = look(replace(FUNCTION, auth=Auth("aws-sigv4", {"region": "eu-west-1", "service": "lambda"})))

    assert found["region of fn"].state is State.WRONG
    assert found["region of fn"].detail == "[runtime] us-east-1, but [auth] eu-west-1"


def test_a_url_in_another_region_and_a_shell_in_another_are_wrong():
    there = replace(FUNCTION, base_url="https://abc.lambda-url.eu-west-1.on.aws/")
    assert "base_url eu-west-1" in look(there)[0]["region of fn"].detail

    found, _ = look(FUNCTION, environ={"AWS_REGION": "eu-central-1"})
    assert found["region of fn"].fix == "export AWS_REGION=us-east-1"


def test_a_region_that_the_account_has_not_opted_into_comes_with_its_command():
    regions = {"Regions": [{"RegionName": "us-east-1", "OptInStatus": "not-opted-in"}]}
    found, _ = look(FUNCTION, {("ec2", "describe_regions"): regions})

    assert found["region us-east-1 is enabled"].state is State.WRONG
    assert found["region us-east-1 is enabled"].fix == "aws account enable-region --region-name us-east-1"


def test_before_deployment_policies_for_it_are_asked_and_after_it_they_are_not():
    before, _ = look(FUNCTION, {("lambda", "get_function"): NOT_FOUND})
    after, _ = look(FUNCTION)

    assert before["the function of fn"].state is State.LATER
    assert "policies for pilot deploy, fn" in before
    assert "policies for pilot deploy, fn" not in after


@pytest.mark.parametrize(
    ("target", "missing"), [(FUNCTION, ("lambda", "get_function")), (SERVICE, ("ecs", "describe_services"))]
)
def test_who_may_not_deploy_is_told_which_role_may(target, missing):
    answer = denying("cloudformation:CreateStack")
    nothing = NOT_FOUND if target is FUNCTION else {"services": []}
    found, _ = look(target, {("iam", "simulate_principal_policy"): answer, missing: nothing})
    deploy = found[f"policies for pilot deploy, {target.name}"]

    assert (deploy.state, deploy.fix) == (State.WRONG, DEPLOYER)
    assert "cloudformation:CreateStack (no policy allows it)" in deploy.detail


def test_every_action_that_is_refused_is_named_with_who_refuses_it():
    answer = denying("lambda:InvokeFunctionUrl", "lambda:GetFunctionUrlConfig")
    found, _ = look(FUNCTION, {("iam", "simulate_principal_policy"): answer})
    run = found["policies for pilot run, fn"]

    assert run.state is State.WRONG
    assert "lambda:InvokeFunctionUrl (no policy allows it)" in run.detail
    assert "lambda:GetFunctionUrlConfig" in run.detail
    assert run.fix == POLICIES
    assert found["policies for pilot cold, fn"].state is State.GOOD


def test_an_organizations_refusal_is_told_apart_and_silence_is_no_permission():
    def by_organization(request):
        decided = {"EvalDecision": "implicitDeny", "OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
        return {"EvaluationResults": [{"EvalActionName": a, **decided} for a in request["ActionNames"]]}

    found, _ = look(FUNCTION, {("iam", "simulate_principal_policy"): by_organization})
    assert "the organization's policy refuses it" in found["policies for pilot run, fn"].detail

    found, _ = look(FUNCTION, {("iam", "simulate_principal_policy"): {"EvaluationResults": []}})
    assert found["policies for pilot run, fn"].state is State.UNREADABLE


def test_the_role_that_a_first_cluster_needs_comes_with_the_command_that_makes_it():
    def roles(request):
        if request["RoleName"] == "AWSServiceRoleForECS":
            return refused("NoSuchEntity")
        return Account().answers["iam", "get_role"](request)

    found, _ = look(SERVICE, {("iam", "get_role"): roles})
    role = found["service-linked role of ecs.amazonaws.com"]

    assert role.state is State.WRONG
    assert (
        role.fix == "pilot deploy makes it, or: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"
    )
    assert found["service-linked role of elasticloadbalancing.amazonaws.com"].state is State.GOOD


def test_a_service_on_machines_of_the_account_needs_the_role_of_their_group_too():
    def roles(request):
        missing = request["RoleName"] == "AWSServiceRoleForAutoScaling"
        return refused("NoSuchEntity") if missing else Account().answers["iam", "get_role"](request)

    prices = PriceModel("aws-2026-11", "us-east-1", "ec2-alb", {"machines": {"t3_large": 1}})
    found, _ = look(replace(SERVICE, prices=prices), {("iam", "get_role"): roles})
    tasks, _ = look(SERVICE, {("iam", "get_role"): roles})

    assert found["service-linked role of autoscaling.amazonaws.com"].state is State.WRONG
    assert "service-linked role of autoscaling.amazonaws.com" not in tasks


@pytest.mark.parametrize(
    ("tags", "state", "words"),
    [
        ([], State.LATER, "no resource has it yet"),
        ([{"TagKey": "pilot", "Type": "UserDefined", "Status": "Inactive"}], State.WRONG, "it is not active"),
    ],
)
def test_a_tag_that_no_bill_carries_yet_comes_with_its_activation(tags, state, words):
    found, _ = look(FUNCTION, {("ce", "list_cost_allocation_tags"): {"CostAllocationTags": tags}})
    tag = found["cost allocation tag pilot"]

    assert tag.state is state
    assert words in tag.detail
    assert tag.fix.startswith("pilot deploy ")
    assert tag.fix.endswith("TagKey=pilot,Status=Active")


def test_cost_explorer_that_is_off_is_wrong_and_a_question_that_costs_is_asked_once():
    off = refused("AccessDeniedException", "User not enabled for cost explorer access")
    found, account = look(FUNCTION, {("ce", "list_cost_allocation_tags"): off})
    assert found["Cost Explorer"].state is State.WRONG

    examined(SERVICE, account.reach)
    assert [method for service, method, _ in account.asked if service == "ce"] == ["list_cost_allocation_tags"]


@pytest.mark.parametrize("target", [FUNCTION, SERVICE])
def test_an_image_for_another_processor_says_how_to_build_it(target):
    found, _ = look(target, architecture="arm64")
    image = found[f"image platform, {target.name}"]

    assert image.state is State.WRONG
    assert "for arm64" in image.detail
    assert image.fix == "build with --platform linux/amd64"


def test_a_function_takes_no_index_of_images_and_a_task_does():
    answers = {("ecr", "batch_get_image"): {"images": [{"imageManifest": INDEX}]}}
    function, service = look(FUNCTION, answers)[0], look(SERVICE, answers)[0]

    assert "--provenance=false" in function["image platform, fn"].fix
    assert service["image platform, ecs"].state is State.GOOD


def test_half_a_url_for_the_provider_is_wrong():
    answers = Account().answers
    said = answers["lambda", "get_function"]
    said["Configuration"]["Environment"]["Variables"] = {"RAG_PROVIDER_URL": "RAG_http://provider:8081"}
    found, _ = look(FUNCTION, {("lambda", "get_function"): said})

    assert found["the provider's address, fn"].state is State.WRONG
    assert "RAG_http" in found["the provider's address, fn"].detail


def test_a_provider_behind_a_certificate_of_another_name_is_wrong():
    made = provider_url(
        FUNCTION, {"RAG_PROVIDER_URL": "https://rag-1.elb.amazonaws.com:8443"}, lambda h, p: ("a.example",)
    )

    assert [(one.name, one.state) for one in made] == [("the provider's certificate, fn", State.WRONG)]
    assert provider_url(FUNCTION, {"OTHER": "x"}) == []


def test_a_certificate_of_another_name_than_the_urls_is_wrong():
    found, _ = look(HTTPS)
    held = found["certificates of the load balancer, ecs"]

    assert held.state is State.WRONG
    assert "for chat.example.com" in held.detail
    named, _ = look(replace(HTTPS, base_url="https://chat.example.com"))
    assert named["certificates of the load balancer, ecs"].state is State.GOOD


def test_a_service_whose_tasks_do_not_come_up_says_its_last_event():
    service = {
        "status": "ACTIVE",
        "runningCount": 0,
        "desiredCount": 2,
        "taskDefinition": "t:1",
        "events": [{"message": "(service chat) was unable to place a task"}],
    }
    found, _ = look(SERVICE, {("ecs", "describe_services"): {"services": [service]}})

    assert found["the service of ecs"].state is State.WRONG
    assert "unable to place a task" in found["the service of ecs"].detail


@pytest.mark.parametrize("target", [FUNCTION, SERVICE])
def test_a_service_that_answers_nothing_readable_is_never_good(target):
    found = examined(target, Reach(make=lambda service, region: _Odd()))

    assert {one.name: one for one in found if one.state is not State.UNREADABLE}.keys() == {f"region of {target.name}"}
    assert all(one.detail for one in found)


def test_variables_of_an_unknown_shape_are_cant_tell():
    function, task = ("lambda", "get_function"), ("ecs", "describe_task_definition")
    deployed = Account().answers
    deployed[function]["Configuration"]["Environment"] = {"Variables": "odd"}
    deployed[task]["taskDefinition"]["containerDefinitions"] = "odd"

    for target, call in ((FUNCTION, function), (SERVICE, task)):
        found, _ = look(target, {call: deployed[call]})
        assert found[f"the provider's address, {target.name}"].state is State.UNREADABLE


class _Odd:
    def __getattr__(self, name):
        return lambda **request: {"surprise": 1}


def test_every_action_that_is_simulated_is_one_that_aws_knows():
    """An action with a typing error is denied to everyone: its operations are those of the services' own models."""
    beside = {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction", "iam:PassRole"}  # rights that are no operation's
    wanted = {
        p.action
        for target, made in ((FUNCTION, functions), (SERVICE, ecs))
        for p in made.permissions(target, target.runtime)
    }
    unknown = set()
    for action in wanted - beside:
        service, _, operation = action.partition(":")
        client = boto3.client("elbv2" if service == "elasticloadbalancing" else service, **KEYS)
        if operation not in client.meta.service_model.operation_names:
            unknown.add(action)

    assert wanted >= {"lambda:UpdateAlias", "ecs:UpdateService", "logs:FilterLogEvents"}
    assert unknown == set()


@pytest.mark.parametrize(
    ("host", "names", "does"),
    [
        ("chat.example.com", ["chat.example.com"], True),
        ("Chat.Example.com.", ["chat.example.com"], True),
        ("chat.example.com", ["*.example.com"], True),
        ("a.chat.example.com", ["*.example.com"], False),
        ("example.com", ["*.example.com"], False),
        ("rag-1.us-east-1.elb.amazonaws.com", ["chat.example.com"], False),
        ("chat.example.com", [], False),
    ],
)
def test_a_name_covers_a_host_as_clients_have_it(host, names, does):
    assert covers(host, names) is does


def test_what_answers_at_a_url_is_told_by_its_handshake():
    def untrusted(host, port):
        error = ssl.SSLCertVerificationError()
        error.verify_message = "self-signed certificate"
        raise error

    [wrong] = certificate("certificate", "https://a.example.com", untrusted)
    [nobody] = certificate(
        "certificate", "https://a.example.com", lambda host, port: (_ for _ in ()).throw(OSError(111, "refused"))
    )
    [good] = certificate("certificate", "https://a.example.com", lambda host, port: ("*.example.com",))

    assert (wrong.state, nobody.state, good.state) == (State.WRONG, State.UNREADABLE, State.GOOD)
    assert certificate("certificate", "http://a.example.com") == []
