"""Quotas, held to botocore's model of Lambda and Service Quotas."""

from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from harness.domain.quota import Need, Quota, QuotaConfig
from harness.domain.target import Dialect, PriceModel, Target
from harness.platforms.aws_ecs.bill import HostTerms, vcpus_of
from harness.platforms.aws_ecs.config import AwsEcs
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.control import facts_of
from harness.platforms.external.config import External
from harness.platforms.limits import quotas_of

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "planted-secret", "region_name": "us-east-1"}
ACCOUNT = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}}


class Apis:
    """Stubbed clients by service, kept so that each is asked as the test says."""

    def __init__(self) -> None:
        self.stubs = {}

    def __getitem__(self, service):
        if service not in self.stubs:
            client = boto3.client(service, **KEYS)
            self.stubs[service] = client, Stubber(client)
        return self.stubs[service][1]

    def make(self, service, region):
        self[service].activate()
        return self.stubs[service][0]


@pytest.fixture
def apis():
    return Apis()


def target(runtime, model=None, quotas=()):
    prices = PriceModel("aws-2026-11", "us-east-1", model) if model else None
    return Target("t", Path(), Dialect.RAG_CHAT, runtime, prices=prices, quotas=quotas)


FUNCTION = AwsLambda("chat", "us-east-1")


def test_a_functions_concurrency_is_what_the_account_leaves_unreserved(apis):
    apis["lambda"].add_response("get_function_concurrency", {})
    apis["lambda"].add_response("get_account_settings", ACCOUNT)

    assert quotas_of(target(FUNCTION), apis.make) == [
        Quota("Lambda concurrency", Need.CONCURRENCY, 900.0),
        Quota("Lambda requests", Need.REQUESTS_PER_S, 9000.0),
    ]


def test_reserved_concurrency_is_the_functions_own_and_shared_with_nobody(apis):
    apis["lambda"].add_response("get_function_concurrency", {"ReservedConcurrentExecutions": 50})
    concurrency, requests = quotas_of(target(FUNCTION), apis.make)

    assert (concurrency.limit, concurrency.shared, requests.limit) == (50.0, False, 500.0)


def test_a_gateway_and_a_fleet_have_quotas_of_their_own(apis):
    apis["lambda"].add_response("get_function_concurrency", {})
    apis["lambda"].add_response("get_account_settings", ACCOUNT)
    apis["service-quotas"].add_response(
        "get_service_quota", {"Quota": {"Value": 10000.0}}, {"ServiceCode": "apigateway", "QuotaCode": "L-8A5B8E43"}
    )
    apis["service-quotas"].add_response(
        "get_service_quota", {"Quota": {"Value": 6.0}}, {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
    )

    assert quotas_of(target(FUNCTION, "lambda-rest-api"), apis.make)[-1].limit == 10000.0
    assert quotas_of(target(AwsEcs("c", "s", "us-east-1")), apis.make) == [
        Quota("Fargate on-demand vCPU", Need.VCPU, 6.0)
    ]


def test_one_that_may_not_be_read_says_why_without_the_account(apis):
    apis["lambda"].add_response("get_function_concurrency", {})
    words = "User: arn:aws:sts::123456789012:assumed-role/x is not authorized"
    apis["lambda"].add_client_error("get_account_settings", "AccessDeniedException", words)
    found = quotas_of(target(FUNCTION), apis.make)

    assert all(q.limit is None and "not authorized" in q.reason and "123456789012" not in q.reason for q in found)


def test_what_a_team_has_looked_up_counts_as_it_stands(apis):
    named = QuotaConfig("model tokens", Need.TOKENS_PER_MINUTE, limit=200_000)

    assert quotas_of(target(External(), quotas=(named,)), apis.make) == [
        Quota("model tokens", Need.TOKENS_PER_MINUTE, 200_000)
    ]


class Odd:
    """A service that answers everything with one value."""

    def __init__(self, answer) -> None:
        self._answer = answer

    def __getattr__(self, name):
        return lambda **request: self._answer


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "page",
        {},
        {"AccountLimit": 5, "Quota": []},
        {"Quota": {"Value": "many"}},
        {"Quota": {"Value": float("nan")}},
    ],
)
def test_an_answer_of_unknown_shape_is_an_unknown_quota_and_no_crash(answer):
    made = quotas_of(target(FUNCTION, "lambda-http-api"), lambda service, region: Odd(answer))

    assert len(made) == 3
    assert all(quota.limit is None and "an answer of unknown shape" in quota.reason for quota in made)


def test_facts_that_cannot_be_read_do_not_end_a_campaign():
    class Runtime:
        def facts(self):
            return {}["taskDefinition"]

    assert facts_of(Runtime()) == {"unreadable": "unexpected: KeyError: 'taskDefinition'"}


def test_a_quota_that_the_account_never_changed_is_the_default_of_aws(apis):
    code = {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
    apis["service-quotas"].add_client_error("get_service_quota", "NoSuchResourceException", expected_params=code)
    apis["service-quotas"].add_response("get_aws_default_service_quota", {"Quota": {"Value": 6.0}}, code)

    [quota] = quotas_of(target(AwsEcs("c", "s", "us-east-1")), apis.make)

    assert quota == Quota("Fargate on-demand vCPU", Need.VCPU, 6.0)
    assert "request-service-quota-increase" in quota.request
    assert "--quota-code L-3032A538 --desired-value {value}" in quota.request


def test_tasks_on_machines_are_held_to_the_accounts_machines(apis):
    code = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}
    apis["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 5.0}}, code)

    [quota] = quotas_of(target(AwsEcs("c", "s", "us-east-1"), "ec2-alb"), apis.make)
    assert quota == Quota("EC2 on-demand vCPU, standard families", Need.VCPU, 5.0)


@pytest.mark.parametrize(
    ("machines", "vcpus"), [({"t3_medium": 2}, 4), ({"m6i_4xlarge": 3, "c7i_large": 1}, 50), ({"c7i_metal": 1}, None)]
)
def test_processors_of_machines_are_told_by_the_size_in_their_name(machines, vcpus):
    assert vcpus_of(HostTerms(machines=machines)) == vcpus


def test_a_quota_that_may_not_be_read_is_not_taken_for_the_default(apis):
    apis["service-quotas"].add_client_error("get_service_quota", "AccessDeniedException")
    [quota] = quotas_of(target(AwsEcs("c", "s", "us-east-1")), apis.make)

    assert quota.limit is None
    assert "AccessDenied" in quota.reason
