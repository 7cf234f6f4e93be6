"""The AWS deployments' files, offline: valid templates, a clean image, policies that allow what is called and no more."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import botocore.session
import pytest
import yaml
from botocore import xform_name

from harness.platforms.shared.aws_permissions import STACKS
from harness.workspace.target_toml import read_target

TARGETS = Path(__file__).parent.parent.parent / "targets"
BUILD = TARGETS.parent / "harness" / "platforms" / "shared" / "aws_deploy" / "build.yaml"  # of pilot deploy's own
TEMPLATES = [*sorted([*TARGETS.glob("aws_*/*.yaml"), *TARGETS.glob("generator/*.yaml")]), BUILD]
DOCKERFILES = [TARGETS / "aws_base" / "Dockerfile", TARGETS / "fleet" / "Dockerfile"]
DEPLOYS = BUILD.parent
CLIENTS = (
    *("sts", "iam", "ec2", "cloudformation", "ecr", "codebuild", "s3", "logs", "ssm", "acm", "ce", "ecs", "elbv2"),
    *("lambda", "resourcegroupstaggingapi"),
)
NAMED_OTHERWISE = {"DeleteObjects": "DeleteObject", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket"}
PUSHED = {"BatchCheckLayerAvailability", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"}
VARIABLES = {
    "RAG_LAMBDA_URL": "https://abc.lambda-url.us-east-1.on.aws/",
    "RAG_FARGATE_URL": "http://rag.us-east-1.elb.amazonaws.com",
    "RAG_LOAD_BALANCER": "app/rag-pilot/50dc6c495c0c9188",
}


class Loader(yaml.SafeLoader):
    """CloudFormation's short forms, kept as plain values."""


Loader.add_multi_constructor(
    "!",
    lambda loader, tag, node: {
        tag: node.value if isinstance(node, yaml.ScalarNode) else loader.construct_object(_plain(node), deep=True)
    },
)


def _plain(node):
    kind = "tag:yaml.org,2002:seq" if isinstance(node, yaml.SequenceNode) else "tag:yaml.org,2002:map"
    return type(node)(kind, node.value)


def template(path):
    return yaml.load(path.read_text(), Loader)


def lint(*paths):
    command = [Path(sys.executable).parent / "cfn-lint", "--non-zero-exit-code", "warning", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_template_keeps_to_the_resource_schemas():
    done = lint(*TEMPLATES)

    assert len(TEMPLATES) == 13
    assert done.returncode == 0, done.stdout


RULE = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")  # of descriptions, as EC2 documents it
RULES = ("SecurityGroupIngress", "SecurityGroupEgress")


def descriptions(path):
    """Of security groups and their rules."""
    for name, one in template(path)["Resources"].items():
        said = one.get("Properties", {})
        rows = [r for kind in RULES for r in said.get(kind, ())] if one["Type"] == "AWS::EC2::SecurityGroup" else []
        rows += [said] if one["Type"] in ("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress") else []
        yield from ((name, text) for r in rows for text in (r.get("Description"), r.get("GroupDescription")) if text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_descriptions_of_firewalls_have_only_letters_that_ec2_takes(path):
    """The resource schemas know nothing of it, and the whole stack is rolled back."""
    assert [(name, text) for name, text in descriptions(path) if not RULE.fullmatch(text)] == []


def test_the_linter_can_say_no(tmp_path):
    wrong = tmp_path / "template.yaml"
    wrong.write_text(
        (TARGETS / "aws_lambda" / "template.yaml").read_text().replace("RESPONSE_STREAM", "RESPONSE_STREEM")
    )

    assert "RESPONSE_STREEM" in lint(wrong).stdout


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda p: p.parent.name)
def test_images_are_built_as_hadolint_wants(path):
    done = subprocess.run([Path(sys.executable).parent / "hadolint", path], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_image_is_pinned_checked_for_health_and_nobodys():
    text = DOCKERFILES[0].read_text()
    requirements = (TARGETS / "aws_base" / "requirements.txt").read_text()

    assert re.search(r"^ARG PYTHON=python:\d+\.\d+\.\d+-slim-\w+$", text, re.MULTILINE)
    assert "USER 10001" in text
    assert "HEALTHCHECK" in text
    assert "--require-hashes" in text
    assert requirements.count("==") * 1 <= requirements.count("--hash=sha256:")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-jobs.txt", "requirements-jobs-azure.txt"])
def test_the_image_has_the_versions_that_the_tests_run_with(name):
    pins = dict(re.findall(r"^([\w-]+)==([\w.]+)", (TARGETS.parent / "constraints.txt").read_text(), re.MULTILINE))
    image = dict(re.findall(r"^([\w-]+)==([\w.]+)", (TARGETS / "aws_base" / name).read_text(), re.MULTILINE))

    assert len(image) > 5
    assert {name: pins.get(name, image[name]) for name in image} == image


@pytest.mark.parametrize("name", ["aws_lambda", "aws_fargate"])
def test_the_target_says_what_its_template_makes(name, monkeypatch):
    for variable, value in VARIABLES.items():
        monkeypatch.setenv(variable, value)
    target = read_target(TARGETS / name, {})
    readme = (TARGETS / name / "README.md").read_text()
    parameters = template(TARGETS / name / "template.yaml")["Parameters"]
    sources = {s.kind: s.options for s in target.sources}

    if name == "aws_lambda":
        assert target.runtime.alias == "live"
        assert target.prices.parameters["memory_mb"] == parameters["MemoryMb"]["Default"]
        assert sources["lambda-logs"]["log_group"] == f"/aws/lambda/{target.runtime.function}"
        assert target.auth.options == {"region": "us-east-1", "service": "lambda"}
        assert f"--stack-name {target.runtime.function} " in readme
    else:
        assert target.prices.parameters["tasks"] == parameters["Tasks"]["Default"]
        assert target.prices.parameters["vcpu"] * 1024 == float(parameters["Cpu"]["Default"])
        assert sources["cloudwatch"]["load_balancer"] == VARIABLES["RAG_LOAD_BALANCER"]
        assert f"--stack-name {target.runtime.service} " in readme
    assert target.verified == "spec only"


def test_a_variable_that_is_not_set_is_named_with_its_field(monkeypatch):
    monkeypatch.setenv("RAG_FARGATE_URL", VARIABLES["RAG_FARGATE_URL"])
    monkeypatch.delenv("RAG_LOAD_BALANCER", raising=False)

    with pytest.raises(Exception, match=r"sources\[0\].load_balancer: .*RAG_LOAD_BALANCER is not set"):
        read_target(TARGETS / "aws_fargate", {})


def test_both_run_one_image_and_the_same_provider():
    texts = [(TARGETS / name / "template.yaml").read_text() for name in ("aws_lambda", "aws_fargate")]

    assert all("${Base}-provider-url" in text for text in texts)
    assert all("ragchat.asgi:app" in text for text in texts)
    assert "AuthType: AWS_IAM" in texts[0]


POLICIES = template(TARGETS / "aws_base" / "policies.yaml")["Resources"]


def actions(policy):
    found = set()
    for statement in POLICIES[policy]["Properties"]["PolicyDocument"]["Statement"]:
        said = statement["Action"]
        found |= {said} if isinstance(said, str) else set(said)
    return found


def called():
    """Every operation that measuring calls on a boto3 client, as IAM names it; deploying is another identity's."""
    methods = set()
    for path in (TARGETS.parent / "harness").rglob("*.py"):
        if DEPLOYS not in path.parents:
            methods |= set(re.findall(r"_?api\.([a-z]+_[a-z_]+)\b", path.read_text()))
    return {"".join(part.title() for part in method.split("_")).replace("Aws", "AWS") for method in methods}


def of_deploying():
    """Every operation of the services that deploying has clients of, called or handed on by its name."""
    services = map(botocore.session.get_session().get_service_model, CLIENTS)
    known = {xform_name(name): name for service in services for name in service.operation_names}
    nodes = [node for path in DEPLOYS.glob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    words = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    words |= {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {known[word] for word in words & set(known)}


def test_one_identity_has_one_policy_that_names_every_action():
    """A process has one chain of credentials: three policies for three roles fitted none."""
    assert [r["Type"] for r in POLICIES.values()] == ["AWS::IAM::ManagedPolicy"]
    assert not any("*" in action for policy in POLICIES for action in actions(policy))


def test_every_call_of_the_code_is_allowed_and_nothing_else_is():
    """But the two by which load is sent, which no boto3 client calls."""
    sent = {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    allowed = {action.split(":")[1] for action in actions("PilotPolicy") - sent}

    assert called() - allowed == set()
    assert allowed - called() == set()


def test_doctor_asks_of_stacks_only_for_what_deploying_calls():
    assert {action.removeprefix("cloudformation:") for action in STACKS} - of_deploying() == set()


def test_the_page_on_deploying_names_every_call_and_no_other():
    """But what a tag or a push needs, which has no call of its own."""
    page = (TARGETS.parent / "docs" / "deploy.md").read_text()
    table = page.partition("## What the account must allow")[2].partition("\n## ")[0].partition("|---|---|")[2]
    named = {action.rpartition(":")[2] for action in re.findall(r"`((?:[a-z0-9]+:)?[A-Z]\w+)`", table)}
    as_iam = {NAMED_OTHERWISE.get(name, name) for name in of_deploying()}

    assert as_iam - named == set()
    assert named - as_iam == {"TagResource", "AddTagsToResource", "AddTagsToCertificate", *PUSHED}
