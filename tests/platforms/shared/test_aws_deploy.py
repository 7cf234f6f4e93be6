"""Deploying on AWS, cut at every call that it makes: the next one ends right, and destroying leaves nothing."""

import copy
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import PilotError, Refused
from harness.platforms.aws_ecs import deploy as ecs
from harness.platforms.aws_lambda import deploy as functions
from harness.platforms.deploying import Asked, deployments, refuse_unknown
from harness.platforms.shared.aws_deploy.deployment import AwsDeployment, Clients, Hands
from harness.platforms.shared.deploy.pace import Pace
from harness.workspace.target_toml import read_target
from tests.peers.cuts import Cut
from tests.platforms.doubles import Heard, Hours
from tests.platforms.shared.aws_account import Account, Pushing, signed

ROOT = Path(__file__).parent.parent.parent.parent
STACKS = ["rag-pilot", "rag-chat-ecs", "rag-chat-fn"]


@pytest.fixture(scope="module")
def targets():
    return {name: read_target(ROOT / "targets" / name, {}, deploying=True) for name in ("aws_fargate", "aws_lambda")}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A workspace whose image is of one small file; its templates are the real ones."""
    folder = tmp_path_factory.mktemp("workspace")
    base = folder / "targets" / "aws_base"
    base.mkdir(parents=True)
    (base / "template.yaml").write_text((ROOT / "targets" / "aws_base" / "template.yaml").read_text())
    (base / "Dockerfile").write_text("FROM scratch\nCOPY targets/aws_base/app.py ./\n")
    (base / "app.py").write_text("1\n")
    return folder


@pytest.fixture
def made(targets, root):
    """A deployment of both, or of those named, on an account."""

    def deployment(account, *names, **asked):
        hours = Hours()
        hands = Hands(
            account.make,
            Pace(clock=hours, sleep=hours.sleep),
            signed,
            lambda wanted: Pushing(account),
            lambda: asked.pop("own", "198.51.100.9/32"),
        )
        parts = [
            (functions if name == "aws_lambda" else ecs).part(targets[name])
            for name in names or ("aws_fargate", "aws_lambda")
        ]
        return AwsDeployment(parts, Asked(root, **{"source": "203.0.113.7", **asked}), hands)

    return deployment


def whole(account):
    return (
        [account.standing.get(name) in ("CREATE_COMPLETE", "UPDATE_COMPLETE") for name in STACKS] == [True] * 3
        and account.pushes == 1
        and len(account.parameters) == 1
        and len(account.certificates) <= 1
        and account.cost_tags == {"pilot": "Active"}
        and len(account.backfills) == 1
    )


def test_a_new_account_gets_everything_and_a_second_call_changes_nothing(made):
    account = Account(held=True)
    done = made(account).deploy(Heard())
    again = made(account).deploy(Heard())

    assert whole(account)
    assert account.roles == {"AWSServiceRoleForECS", "AWSServiceRoleForElasticLoadBalancing"}
    assert {step.did for step in done.steps} == {"created"}
    assert {step.did for step in again.steps} == {"kept"}
    assert done.values == again.values
    assert set(done.values["aws_fargate"]) == {"base_url", "load_balancer"}
    assert done.values["aws_lambda"]["base_url"].startswith("https://rag-chat-fn")


def test_a_client_is_made_once():
    made = []
    clients = Clients(lambda *asked: made.append(asked) or object(), "eu-west-1")

    assert clients("ec2") is clients("ec2")
    assert clients("ce", "us-east-1") is clients("ce", "us-east-1")
    assert made == [("ec2", "eu-west-1"), ("ce", "us-east-1")]


def test_all_of_it_may_be_destroyed_and_every_service_is_asked(made):
    account = Account(held=True)
    made(account).deploy(Heard())
    gone = made(account).destroy(Heard())

    assert account.empty
    assert (gone.left, gone.unseen) == ((), ())
    assert {"stacks", "NAT gateways", "load balancers", "everything that carries the tag"} <= set(gone.looked)
    assert [step.name for step in gone.steps][:3] == ["rag-chat-ecs", "rag-chat-fn", "rag-pilot"]


@pytest.mark.parametrize("after", [False, True], ids=["before it is carried out", "after it"])
def test_a_deployment_cut_at_any_call_is_finished_by_the_next(made, after):
    account = Account()
    made(account).deploy(Heard())
    for k in range(1, account.calls + 1):
        cut = Account(k, after=after)
        with suppress(Cut):
            made(cut).deploy(Heard())
        made(cut).deploy(Heard())
        assert whole(cut), k
    assert k > 30


@pytest.mark.parametrize("after", [False, True], ids=["before it is carried out", "after it"])
def test_a_destruction_cut_at_any_call_is_finished_by_the_next(made, after):
    account = Account()
    made(account).deploy(Heard())
    last = copy.deepcopy(account)
    made(last).destroy(Heard())
    for k in range(1, last.calls - account.calls + 1):
        cut = copy.deepcopy(account)
        cut.cut_at, cut.after = cut.calls + k, after
        with suppress(Cut):
            made(cut).destroy(Heard())
        gone = made(cut).destroy(Heard())
        assert cut.empty, k
        assert gone.left == (), k
    assert k > 30


def test_a_deployment_cut_at_any_call_can_be_destroyed_as_it_is(made):
    account = Account()
    made(account).deploy(Heard())
    for k in range(1, account.calls + 1, 3):
        cut = Account(k, after=True)
        with suppress(Cut):
            made(cut).deploy(Heard())
        made(cut).destroy(Heard())
        assert cut.empty, k


def test_the_cause_of_a_failure_comes_first_and_what_the_tasks_say(made):
    account = Account()
    account.fails = {
        ("rag-chat-ecs", "CREATE"): "Resource handler returned: ECS Deployment Circuit Breaker was triggered"
    }
    with pytest.raises(PilotError) as error:
        made(account).deploy(Heard())

    first, cause, tasks, *_ = str(error.value).split("\n")
    assert first == "stack rag-chat-ecs ended as ROLLBACK_COMPLETE"
    assert cause.startswith("  cause: Service (AWS::ECS::Service) CREATE_FAILED")
    assert "CannotPullContainerError" in tasks
    assert "cancelled" not in str(error.value)
    assert error.value.hint


def test_what_a_failure_left_is_made_again(made):
    account, heard = Account(), Heard()
    account.fails = {("rag-chat-ecs", "CREATE"): "no room"}
    with suppress(PilotError):
        made(account).deploy(Heard())
    account.fails = {}
    made(account).deploy(heard)

    assert whole(account)
    assert any("an earlier try ended as ROLLBACK_COMPLETE: Service" in words for words in heard.said)


def test_an_update_that_is_rolled_back_is_an_error_and_the_next_one_goes_on(made):
    account = Account()
    made(account).deploy(Heard())
    account.fails = {("rag-chat-fn", "UPDATE"): "no such memory"}
    with pytest.raises(PilotError, match=r"UPDATE_ROLLBACK_COMPLETE\n  cause: Service .* no such memory"):
        made(account, settings={"MemoryMb": "3008"}).deploy(Heard())
    account.fails = {}
    done = made(account, settings={"MemoryMb": "2048"}).deploy(Heard())

    assert {s.name: s.did for s in done.steps}["rag-chat-fn"] == "updated"


def sent(account, name):
    return [request for service, call, request in account.asked if (service, call) == ("cloudformation", name)]


def test_every_create_and_update_sends_all_tags(made):
    account = Account()
    made(account).deploy(Heard())
    account.stacks["rag-chat-fn"]["Tags"].append({"Key": "team", "Value": "search"})
    made(account).deploy(Heard())

    tags = {r["StackName"]: {t["Key"]: t["Value"] for t in r["Tags"]} for r in sent(account, "create_stack")}
    assert tags == {n: {"pilot": v} for n, v in zip(STACKS, ("rag-base", "rag-ecs", "rag-fn"), strict=True)}
    updated = {r["StackName"]: {t["Key"]: t["Value"] for t in r["Tags"]} for r in sent(account, "update_stack")}
    assert updated["rag-chat-fn"] == {"team": "search", "pilot": "rag-fn"}
    assert set(updated) == set(STACKS)


def test_a_parameter_that_nobody_names_stays_as_it_was(made):
    account = Account()
    made(account, settings={"Workers": "4"}).deploy(Heard())
    made(account).deploy(Heard())

    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in account.stacks["rag-chat-ecs"]["Parameters"]}
    assert parameters["Workers"] == "4"


def test_parameters_are_what_the_target_is_billed_by_and_no_longer_than_clients_wait(made):
    account = Account()
    made(account, deadline_s=25.0).deploy(Heard())
    said = {
        name: {p["ParameterKey"]: p["ParameterValue"] for p in account.stacks[name]["Parameters"]} for name in STACKS
    }

    assert (said["rag-chat-fn"]["MemoryMb"], said["rag-chat-fn"]["TimeoutS"]) == ("1769", "25")
    assert said["rag-chat-ecs"]["TimeoutS"] == "25", "else one runtime gives a slow model up, and the other waits"
    assert [said["rag-chat-ecs"][n] for n in ("Tasks", "Cpu", "Memory")] == ["2", "1024", "2048"]
    assert said["rag-chat-fn"]["Image"] == said["rag-chat-ecs"]["Image"] == said["rag-pilot"]["Image"]


def test_a_processor_that_is_billed_and_not_built_for_is_refused_before_anything_is_made(made, targets, monkeypatch):
    one = targets["aws_lambda"]
    arm = replace(one, prices=replace(one.prices, parameters={**one.prices.parameters, "arm64": 1}))
    monkeypatch.setitem(targets, "aws_lambda", arm)
    account = Account()
    for go in (lambda: made(account).intent(destroy=False), lambda: made(account).deploy(Heard())):
        with pytest.raises(Refused, match=r"aws_lambda: \[prices\] bills arm64"):
            go()

    assert account.empty
    assert made(account).intent(destroy=True).steps, "it may still be taken away"


def test_an_unknown_setting_is_refused_with_those_there_are(made):
    with pytest.raises(Refused, match="MemoryMB") as error:
        refuse_unknown([made(Account())], {"MemoryMB": "1"})
    assert "MemoryMb" in error.value.hint


def test_one_target_goes_and_what_the_other_uses_stays(made):
    account = Account()
    made(account).deploy(Heard())
    one = made(account, "aws_lambda")
    notes = one.intent(destroy=True).notes
    gone = one.destroy(Heard())

    assert "stack rag-pilot stays: used by rag-chat-ecs" in notes
    assert [step.name for step in gone.steps] == ["rag-chat-fn"]
    assert account.standing["rag-pilot"] == "CREATE_COMPLETE"
    shared = {"ECS services", "image repository", "provider key"}
    assert not shared & set(gone.looked), "nobody looked for what stays"
    assert shared <= set(made(account, "aws_fargate").destroy(Heard()).looked)
    assert account.empty


def test_a_stack_of_somebody_else_is_not_touched(made):
    account = Account()
    made(account).deploy(Heard())
    account.stacks["rag-chat-ecs"]["Tags"] = [{"Key": "pilot", "Value": "another"}]
    with pytest.raises(PilotError, match="does not carry the tag pilot=rag-ecs"):
        made(account).destroy(Heard())
    assert account.standing["rag-chat-ecs"] == "CREATE_COMPLETE"


def test_what_somebody_else_made_under_one_of_its_names_stays_and_is_said(made):
    """A team's cluster is called as their images and parameters are: a forced removal would take the images of production."""
    account, heard = Account(), Heard()
    account.repositories["rag-pilot"], account.images["rag-pilot", "prod"] = [], "sha256:1"
    account.parameters["/rag-pilot/provider-key"] = "a-key-of-the-endpoint-of-ours"
    made(account).deploy(Heard())
    gone = made(account).destroy(heard)

    assert ("rag-pilot", "prod") in account.images
    assert account.parameters == {"/rag-pilot/provider-key": "a-key-of-the-endpoint-of-ours"}
    assert gone.left == ()
    assert [words for words in heard.said if "stays: it does not carry the tag pilot=rag-base" in words]


def test_logs_of_what_only_begins_with_a_name_stay(made):
    account = Account()
    others = {
        "/aws/lambda/rag-chat-fn-prod",
        "/ecs/rag-pilot-of-search",
        "/aws/ecs/containerinsights/rag-pilot-2/performance",
    }
    made(account).deploy(Heard())
    account.groups |= {*others, "/ecs/rag-pilot-provider", "/aws/ecs/containerinsights/rag-pilot/performance"}
    gone = made(account).destroy(Heard())

    assert account.groups == others
    assert gone.left == ()


def test_a_service_that_refuses_to_say_is_named(made):
    account = Account()
    made(account).deploy(Heard())
    account.denied = {"elbv2", "ec2.describe_nat_gateways"}
    gone = made(account).destroy(Heard())

    assert [words.partition(":")[0] for words in gone.unseen] == ["NAT gateways", "load balancers"]
    assert gone.left == ()


def test_what_the_tag_still_shows_counts_where_nothing_else_can_be_asked(made):
    account = Account()
    made(account).deploy(Heard())
    account.leftover = [
        "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1",  # costs nothing
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/rag/1",  # asked for by itself
        "arn:aws:kafka:us-east-1:123456789012:cluster/rag/1",
    ]
    assert made(account).destroy(Heard()).left == ("kafka cluster/rag/1",)


def test_the_plan_asks_and_changes_nothing(made):
    account = Account()
    one = made(account).intent(destroy=False)
    doing = {call.partition("_")[0] for _, call, _ in account.asked}

    assert doing <= {"get", "describe", "list"}
    assert [step.name for step in one.steps if step.name.startswith("stack")] == [f"stack {name}" for name in STACKS]
    assert one.usd_per_hour > 0
    assert any(not s.confirmed for step in one.steps for s in step.standing), "a public address has no confirmed price"
    assert not any(step.measured for step in one.steps)


def test_minutes_are_those_that_were_measured_here(made):
    one = made(Account(), took_s={"rag-pilot": 240.0, "image": 90.0}).intent(destroy=False)
    said = {step.name: (step.minutes, step.measured) for step in one.steps}

    assert said["stack rag-pilot"] == (4.0, True)
    assert said["image"] == (1.5, True)
    assert said["stack rag-chat-ecs"][1] is False


def test_the_address_alone_is_renewed(made):
    account = Account()
    made(account).deploy(Heard())
    before = len(sent(account, "update_stack"))
    done = made(account, source=None, only_source=True).deploy(Heard())

    assert [r["StackName"] for r in sent(account, "update_stack")[before:]] == ["rag-pilot"]
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in account.stacks["rag-pilot"]["Parameters"]}
    assert parameters["GeneratorCidr"] == "198.51.100.9/32"
    assert done.notes == ("load may now come from 198.51.100.9/32; before from 203.0.113.7/32",)


def test_renewing_the_address_sends_no_template_and_plans_nothing_else(made, root):
    """A newer template beside the target is for the next deployment."""
    account = Account(held=True)
    made(account).deploy(Heard())
    one = made(account, source="198.51.100.7/32", only_source=True)
    intent = one.intent(destroy=False)
    one.deploy(Heard())

    assert [(step.name, intent.files) for step in intent.steps] == [("stack rag-pilot", ())]
    assert sent(account, "update_stack")[-1]["UsePreviousTemplate"]
    assert parameters(account, "rag-pilot")["GeneratorCidr"] == "198.51.100.7/32"


def test_a_range_that_somebody_widened_stays(made):
    account = Account()
    made(account, source="203.0.113.0/24").deploy(Heard())
    made(account, source=None).deploy(Heard())

    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in account.stacks["rag-pilot"]["Parameters"]}
    assert parameters["GeneratorCidr"] == "203.0.113.0/24"


OTHERS = "arn:aws:acm:us-east-1:123456789012:certificate/0f-0ca1"


def parameters(account, name):
    return {p["ParameterKey"]: p["ParameterValue"] for p in account.stacks[name]["Parameters"]}


def test_a_certificate_and_a_key_of_the_teams_own_stay_without_being_named_again(made):
    account = Account()
    given = {"CertificateArn": OTHERS, "ProviderKey": "a-key-of-the-endpoint-of-ours"}
    made(account).deploy(Heard())
    made(account, settings=given).deploy(Heard())
    made(account).deploy(Heard())

    said = parameters(account, "rag-pilot")
    assert said["CertificateArn"] == OTHERS
    assert said["ProviderKey"] == parameters(account, "rag-chat-fn")["ProviderKey"] == given["ProviderKey"]


def test_a_certificate_that_no_stack_takes_is_replaced_and_goes_with_the_rest(made):
    """An earlier release made them of RSA, longer than the parameter may be: no stack ever had one."""
    account = Account()
    old = {"name": "*.us-east-1.elb.amazonaws.com", "key": "RSA-2048", "tags": [{"Key": "pilot", "Value": "rag-base"}]}
    account.certificates["arn:aws:acm:us-east-1:1:certificate/0fa"] = old
    made(account).deploy(Heard())

    assert parameters(account, "rag-pilot")["CertificateArn"] != "arn:aws:acm:us-east-1:1:certificate/0fa"
    made(account).destroy(Heard())
    assert account.empty


def described(account, name):
    """Of the version that the alias leads to: CloudFormation makes another one where this text is another."""
    said = re.search(r'Description: !Sub "(.*key.*)"', account.stacks[name]["template"])[1]
    return re.sub(r"\$\{(\w+)\}", lambda found: parameters(account, name)[found[1]], said)


def test_another_key_of_the_provider_makes_another_version_of_the_function(made):
    """Else the alias keeps the version that has the old key, and every answer is 502."""
    account = Account()
    made(account, settings={"ProviderKey": "the-first-key-of-the-endpoint"}).deploy(Heard())
    before = described(account, "rag-chat-fn")
    made(account).deploy(Heard())
    assert described(account, "rag-chat-fn") == before
    made(account, settings={"ProviderKey": "the-second-key-of-the-endpoint"}).deploy(Heard())

    assert described(account, "rag-chat-fn") != before
    assert len(before) < 200, "a version's description has 256 letters, with the image's real name"


def test_earlier_days_that_were_asked_for_before_the_tag_was_active_are_asked_for_again(made):
    account = Account()
    old = {"BackfillFrom": "2026-01-01T00:00:00Z", "BackfillStatus": "SUCCEEDED", "RequestedAt": "2026-02-01T00:00:00Z"}
    account.backfills.append(old)
    made(account).deploy(Heard())
    made(account).deploy(Heard())

    assert len(account.backfills) == 2, "another tag's of February, and this one's once"


def test_a_name_that_no_stack_may_have_is_refused_before_anything_is_made(made, targets, monkeypatch):
    one = targets["aws_lambda"]
    monkeypatch.setitem(targets, "aws_lambda", replace(one, runtime=replace(one.runtime, function="rag_chat_fn")))
    with pytest.raises(Refused, match="rag_chat_fn: a stack has the name of its function"):
        made(Account())


def test_images_of_a_cluster_with_capital_letters_have_a_repository_all_the_same(made):
    account = Account()
    made(account, "aws_lambda", settings={"Base": "RAG-Pilot"}).deploy(Heard())

    assert list(account.repositories) == ["rag-pilot"]


def test_the_plan_bills_no_provider_where_another_model_is_asked(made):
    own, other = (
        made(Account(), settings=said).intent(destroy=False)
        for said in ({}, {"ModelBackend": "bedrock", "Model": "nova"})
    )
    shared = {s.name: s for s in other.steps}["stack rag-pilot"]

    assert shared.standing == ()
    assert other.usd_per_hour < own.usd_per_hour


def test_the_image_has_the_clients_of_the_model_and_store_that_are_asked(made):
    account = Account()
    usual = made(account).content()
    made(account, settings={"ModelBackend": "bedrock", "Model": "anthropic.claude"}).deploy(Heard())

    assert (usual.target, made(account).content().target) == (None, "backends"), "also when nobody names it again"
    assert made(account).content().tag != usual.tag


def test_without_the_right_to_see_cost_tags_it_deploys_and_says_so(made):
    account = Account()
    account.denied = {"ce"}
    notes = made(account).deploy(Heard()).notes

    assert "management account" in notes[-1]
    assert account.standing["rag-chat-fn"] == "CREATE_COMPLETE"


def test_what_no_platform_deploys_is_refused_with_what_there_is(tmp_path):
    target = read_target(ROOT / "targets" / "local_container", {})
    with pytest.raises(Refused, match="local_container") as error:
        deployments([target], Asked(tmp_path))
    assert "aws-lambda" in error.value.hint
