"""``pilot doctor``: every problem before it costs money, with the command that fixes it; an error in a check is "can't tell"."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from harness.check.contract_check import Answer
from harness.check.doctor import ACCOUNT, Deployed, before_money, once_deployed, provider_check
from harness.check.preflight import Demand
from harness.check.tracing import TracedRequest
from harness.cli.checks import end
from harness.domain.address import NOWHERE
from harness.domain.quota import Need
from harness.domain.reading import Absent, Series, Window
from harness.domain.reasons.reading import NoPoint, NotAnswered
from harness.domain.target import Dialect, Target
from harness.errors import BadFile
from harness.platforms.external.config import External
from harness.workspace import open_workspace
from harness.workspace.prospect import Prospect
from tests.builders import with_corpus
from tests.check.test_recognise import completion
from tests.cli.inside import pilot
from tests.peers.raw import raw, whole
from tests.platforms.account import Account
from tests.platforms.test_examining_aws import FUNCTION, NOT_FOUND, SERVICE

QUICK = (Demand("steady", search=False, needs={Need.CONCURRENCY: 8 * 15.0, Need.REQUESTS_PER_S: 8.0, Need.VCPU: 2.0}),)
NEW = {("lambda", "get_account_settings"): {"AccountLimit": {"UnreservedConcurrentExecutions": 10}}}

pytestmark = pytest.mark.usefixtures("planned_soon")


@pytest.fixture(autouse=True)
def _credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")


def asked(prospects, answers=()):
    account = Account(answers)
    return before_money(prospects, lambda target: QUICK, 0.5, account.reach)


def code(groups):
    try:
        end(groups)
    except typer.Exit as done:
        return done.exit_code
    return 0


def named(groups, group, name):
    return next(check for check in groups[group] if check.name.startswith(name))


def test_a_healthy_account_ends_in_0_and_says_once_what_both_targets_share():
    groups = asked([Prospect(SERVICE), Prospect(FUNCTION)])

    assert [c for checks in groups.values() for c in checks if not c.stands] == []
    assert code(groups) == 0
    assert named(groups, ACCOUNT, "identity").answer is Answer.PASS
    assert named(groups, ACCOUNT, "one region for all targets").detail == "ecs us-east-1, fn us-east-1"
    assert not any(c.name == "identity" for c in groups["ecs"])


def test_the_page_names_every_action_that_doctor_itself_needs():
    account = Account()
    https = Prospect(replace(SERVICE, base_url="https://chat.example.com"))
    before_money([https, Prospect(FUNCTION)], lambda target: QUICK, 0.5, account.reach)
    named = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
    asked_of_aws = {f"{named.get(service, service)}:{method.replace('_', '')}" for service, method, _ in account.asked}
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text().lower()

    assert len(asked_of_aws) > 12
    assert {action for action in asked_of_aws if f"`{action}`" not in page} == set()


def test_a_new_accounts_concurrency_is_named_before_deployment_by_the_plans_own_peak():
    there = {**NEW, ("lambda", "get_function"): NOT_FOUND, ("lambda", "get_function_concurrency"): NOT_FOUND}
    groups = asked([Prospect(replace(FUNCTION, base_url=NOWHERE), ("RAG_LAMBDA_URL",))], there)
    quota = named(groups, "fn", "quota Lambda concurrency")

    assert quota.answer is Answer.FAIL
    assert quota.detail.startswith("steady needs 120 of 10")
    assert "--quota-code L-B99A9384 --desired-value 240" in quota.mend
    assert "minutes to a few days" in quota.mend
    assert code(groups) == 5
    assert named(groups, "fn", "the address").answer is Answer.UNTOLD


def test_a_quota_that_may_not_be_read_is_cant_tell():
    groups = asked([Prospect(FUNCTION)], {("lambda", "get_account_settings"): KeyError("AccountLimit")})

    assert named(groups, "fn", "quota Lambda concurrency").answer is Answer.UNKNOWN
    assert code(groups) == 6


def test_without_credentials_nothing_is_asked(monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    account = Account()
    groups = before_money([Prospect(FUNCTION)], lambda target: QUICK, 0.5, account.reach)

    assert [c.name for c in groups["fn"]] == ["credentials"]
    assert account.asked == []
    assert code(groups) == 5


def test_a_target_in_another_region_than_the_others_is_wrong():
    elsewhere = Target("there", Path(), Dialect.RAG_CHAT, type(FUNCTION.runtime)("chat", "eu-west-1"))
    groups = asked([Prospect(SERVICE), Prospect(elsewhere)])

    assert named(groups, ACCOUNT, "one region for all targets").answer is Answer.FAIL


def test_a_target_that_is_not_deployed_yet_can_be_examined(tmp_path, monkeypatch):
    monkeypatch.delenv("RAG_LAMBDA_URL", raising=False)
    pilot(tmp_path, "init", "ours", "--quick", "--baseline", "aws_fargate", "--candidate", "aws_lambda")
    workspace = open_workspace(tmp_path / "ours")
    found = workspace.prospect("aws_lambda")

    assert found.unset == ("RAG_LAMBDA_URL",)
    assert found.target.base_url == NOWHERE
    assert workspace.prospect("aws_fargate").unset == ("RAG_FARGATE_URL", "RAG_LOAD_BALANCER")
    with pytest.raises(BadFile, match="RAG_LAMBDA_URL is not set"):
        workspace.target("aws_lambda")


def test_the_command_says_the_same_to_a_machine(tmp_path, monkeypatch, corpus):
    for name in ("AWS_ACCESS_KEY_ID", "RAG_LAMBDA_URL", "RAG_FARGATE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("PILOT_TRUST", str(tmp_path))
    pilot(tmp_path, "init", "ours", "--quick", "--baseline", "aws_fargate", "--candidate", "aws_lambda")
    done = pilot(with_corpus(tmp_path / "ours", corpus), "doctor", "--json")

    assert done.returncode == 5, done.stderr
    said = {target: {c["name"]: c["answer"] for c in made} for target, made in json.loads(done.stdout).items()}
    assert said["aws_lambda"] == {"credentials": "fail", "the address": "not told"}
    assert said["aws_fargate"] == {**said["aws_lambda"], "whom to trust": "not told"}


def external(url):
    return Target("team", Path(), Dialect.OPENAI_CHAT, External(), base_url=url, model="m")


def test_one_request_of_what_is_deployed_is_answered_as_a_run_would_read_it():
    with raw(completion) as url:
        made = once_deployed(Deployed(external(url), url, dict), 0.0)

    assert {c.name: c.answer for c in made}["the model provider is reached from inside the runtime"] is Answer.PASS


class Source:
    def __init__(self, readings, settle_s=0.0):
        self._readings, self.settle_s = readings, settle_s

    def read(self, window):
        return self._readings


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        (Source([Series("n", "count", ((30.0, 1.0),), "q", "s")]), Answer.PASS),
        (Source([Absent("n", NoPoint(), "q", "s")], settle_s=900.0), Answer.UNTOLD),
        (Source([Absent("n", NoPoint(), "q", "s")]), Answer.FAIL),
        (Source([Absent("n", NotAnswered("AccessDenied"), "q", "s", failed=True)], settle_s=900.0), Answer.UNKNOWN),
    ],
)
def test_a_source_has_heard_of_it_or_settles_later_or_may_not_be_read(source, answer):
    with raw(completion) as url:
        made = once_deployed(Deployed(external(url), url, lambda: {"metrics": source}), 0.0)

    assert next(c for c in made if c.name == "metrics: it is there").answer is answer


def test_a_service_that_does_not_reach_its_provider_says_so():
    body = {"error": {"code": "upstream_error", "message": "no provider"}}
    with raw(lambda _: whole(body, "502 Bad Gateway")) as url:
        made = once_deployed(Deployed(external(url), url, dict), 0.0)
    inside = {c.name: c for c in made}["the model provider is reached from inside the runtime"]

    assert made[0].answer is Answer.FAIL
    assert inside.answer is Answer.FAIL
    assert "provider's address, key and certificate" in inside.mend


def test_a_request_that_never_arrived_says_nothing_of_the_provider():
    sent = TracedRequest(("id",), Window(0, 1), (), "connection_error")

    assert provider_check(sent).answer is Answer.UNKNOWN
