"""Who builds an image: a tool that works here, and how it is called; CodeBuild where there is none."""

import base64
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from harness.errors import PilotError, Refused
from harness.platforms.shared.aws_deploy.certificate import Certificate, self_signed
from harness.platforms.shared.aws_deploy.codebuild import CodeBuild
from harness.platforms.shared.aws_deploy.stacks import Stacks
from harness.platforms.shared.deploy.builders import Local, local_builder
from harness.platforms.shared.deploy.content import Content
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.deploy.part import Tag
from tests.peers.cuts import Cut
from tests.platforms.doubles import Heard, Hours
from tests.platforms.rigs import tool_on_path
from tests.platforms.shared.aws_account import Account, declared

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/rag-pilot:content-1"
TOKEN = base64.b64encode(b"AWS:the-password-of-ecr").decode()
TAG = Tag("pilot", "rag-base")
ROOT = Path(__file__).parent.parent.parent.parent


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """A builder of this name on the path that writes down how it was called."""
    return tool_on_path(tmp_path, monkeypatch)


@pytest.fixture
def content(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return Content(tmp_path, "Dockerfile", ("Dockerfile",))


def test_a_client_whose_daemon_does_not_run_is_passed_over(tool):
    tool("docker", "exit 1")
    calls = tool("buildah")

    assert local_builder("auto").name == "buildah"
    assert "version" in calls.read_text()
    with pytest.raises(Refused, match="docker is not installed, or does not run") as error:
        local_builder("docker")
    assert "codebuild" in error.value.hint
    assert local_builder("codebuild") is None


def test_a_tool_that_ends_before_it_reads_the_password_says_why(tool, content):
    tool("docker", 'if [ "$1" = login ]; then echo no daemon; exit 3; fi')
    long = base64.b64encode(b"AWS:" + b"x" * 200_000).decode()  # more than a pipe takes
    with pytest.raises(PilotError, match=r"docker login ended with 3:\s+no daemon"):
        Local("docker").push(content, IMAGE, long, Heard())


@pytest.mark.parametrize(("name", "words"), [("docker", "--provenance=false"), ("buildah", "--format docker")])
def test_one_platform_is_built_logged_in_pushed_and_logged_out(tool, content, name, words):
    calls = tool(name, 'echo "$@" >> "$CALLS"; [ "$1" = login ] && cat >> "$CALLS"; exit 0')
    Local(name).push(content, IMAGE, TOKEN, Heard())
    build, login, entry, *rest = calls.read_text().replace("the-password-of-ecr", "the-password-of-ecr\n").splitlines()

    assert build.startswith(f"build {words} --platform linux/amd64 -f Dockerfile -t {IMAGE}")
    assert login.startswith("login")
    assert "the-password-of-ecr" not in login, "no secret on a command line"
    assert entry == "the-password-of-ecr"
    assert [line.split()[0] for line in rest] == ["push", "logout"]


def test_a_build_that_fails_ends_with_its_last_words(tool, content):
    tool("docker", 'echo "step 3 of 9"; echo "no space left on device"; exit 1')
    with pytest.raises(PilotError, match=r"docker build ended with 1:\n  step 3 of 9\n  no space left on device"):
        Local("docker").push(content, IMAGE, TOKEN, Heard())


def test_openssl_makes_a_certificate_for_the_balancers_names(tmp_path):
    pem, key = self_signed("*.ap-southeast-1.elb.amazonaws.com")  # the longest there is
    (tmp_path / "pem").write_bytes(pem)
    command = ["openssl", "x509", "-in", str(tmp_path / "pem"), "-noout", "-ext", "subjectAltName"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "DNS:*.ap-southeast-1.elb.amazonaws.com" in said
    assert b"PRIVATE KEY" in key
    wanted = declared((ROOT / "targets" / "aws_base" / "template.yaml").read_text())["Certificate"]["AllowedPattern"]
    assert re.fullmatch(wanted, Certificate("arn", pem.decode(), made=True).der_base64), "the stack would refuse it"


@pytest.fixture
def building(content):
    def push(account):
        hours = Hours()
        pace = Pace(clock=hours, sleep=hours.sleep)
        stacks = Stacks(account.make("cloudformation", ""), account.make("ecs", ""), pace)
        clients = tuple(account.make(name, "") for name in ("codebuild", "s3", "logs"))
        return CodeBuild(stacks, "rag-pilot-build", TAG, clients, pace)

    return push


def test_codebuild_builds_what_is_sent_to_its_bucket(building, content):
    account = Account(held=True)
    building(account).push(content, IMAGE, TOKEN, Heard())

    [build] = account.builds.values()
    variables = {v["name"]: v["value"] for v in build["environment"]["environmentVariables"]}
    assert (variables["IMAGE"], variables["DOCKERFILE"], variables["TARGET"]) == (IMAGE, "Dockerfile", "")
    assert list(account.objects) == [f"{content.tag}.zip"]
    assert building(account).remove(Heard())
    assert (account.objects, account.standing["rag-pilot-build"]) == ({}, "DELETE_COMPLETE")
    assert not building(account).remove(Heard())


def test_a_bucket_of_somebody_elses_stack_is_not_emptied(building, content):
    account = Account()
    building(account).push(content, IMAGE, TOKEN, Heard())
    account.stacks["rag-pilot-build"]["Tags"] = []
    with pytest.raises(PilotError, match="does not carry the tag pilot=rag-base"):
        building(account).remove(Heard())
    assert account.objects


def test_a_build_that_a_cut_left_running_is_followed(building, content):
    whole = Account()
    building(whole).push(content, IMAGE, TOKEN, Heard())
    for k in range(1, whole.calls + 1):
        account = Account(k, after=True)
        with suppress(Cut):
            building(account).push(content, IMAGE, TOKEN, Heard())
        if any(build["buildStatus"] == "IN_PROGRESS" and build["looks"] > 1 for build in account.builds.values()):
            building(account).push(content, IMAGE, TOKEN, Heard())
            assert len(account.builds) == 1


def test_a_build_that_fails_says_its_phase_and_the_end_of_its_log(building, content):
    account = Account()
    account.fails = {("build", "BUILD"): "COMMAND_EXECUTION_ERROR: docker build"}
    with pytest.raises(PilotError, match=r"(?s)ended as FAILED:.*COMMAND_EXECUTION_ERROR.*no matching manifest"):
        building(account).push(content, IMAGE, TOKEN, Heard())
