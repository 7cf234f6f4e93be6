"""Two weeks on AWS in minutes, against moto: from credentials to a decision and back to nothing, no step by hand.

What moto lacks is added in tests/peers/aws.py. Function and service answer from this machine: the embedded runtimes stand in.
"""

import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
import trustme

from tests.builders import with_corpus
from tests.local.platform import Up, pilot, workspace
from tests.peers.start import free_port, running
from tests.peers.tls import tls_front
from tests.suite import processes

# 3 min and 2 min; tests/platforms/shared/test_aws_deploy.py cuts at every call in seconds
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "planted-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}
CUTS = 20
STEPS = ("plan", "run", "collect", "decide", "report")


@pytest.fixture(scope="module")
def served(tmp_path_factory, corpus):
    """Where the function and the service really answer, the second one with TLS, and who signed for it."""
    folder = tmp_path_factory.mktemp("served")
    authority = trustme.CA()
    with Up(workspace(folder / "runtimes", corpus), "local_container", "local_function") as up:
        port = int(up.urls["local_container"].rpartition(":")[2])
        issued = authority.issue_cert("localhost")
        with tls_front(port, issued) as tls:
            (folder / "function_url").write_text(up.urls["local_function"] + "/")
            yield folder, f"localhost:{tls}", authority.cert_pem.bytes(), issued


@pytest.fixture(scope="module")
def account(served, tmp_path_factory):
    """The ARN of a team's own certificate, all that there is in an account, and the log of what AWS is asked."""
    folder, port = tmp_path_factory.mktemp("account"), free_port()
    docker = folder / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "tests" / "peers" / "docker.py"} "$@"\n')
    docker.chmod(0o755)
    command = [sys.executable, "-c", f"from tests.peers.aws import serve; serve({port})"]
    env = {**os.environ, **KEYS, "AWS_PEER_FOLDER": str(served[0]), "PYTHONPATH": str(ROOT)}
    with running(command, port, folder, env=env) as url, pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": url}.items():
            patch.setenv(name, value)
        patch.setenv("PATH", f"{docker.parent}{os.pathsep}{os.environ['PATH']}")
        for name, value in _administrator().items():
            patch.setenv(name, value)
        issued = served[3]
        made = boto3.client("acm").import_certificate(
            Certificate=issued.cert_chain_pems[0].bytes(), PrivateKey=issued.private_key_pem.bytes()
        )
        yield made["CertificateArn"], folder / f"peer-{port}.log"


def _administrator():
    """The keys of a user that may do everything: of nobody's, no policy can be simulated."""
    iam = boto3.client("iam")
    iam.create_user(UserName="pilot")
    may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    policy = iam.create_policy(PolicyName="everything", PolicyDocument=json.dumps(may))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="pilot", PolicyArn=policy)
    key = iam.create_access_key(UserName="pilot")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def begun(folder, corpus, served, certificate, blocks=2):
    """What `pilot init` makes of Fargate and Lambda, as short as it may be."""
    name = served[1]
    made = pilot(
        folder, "init", "ours", "--quick", "--baseline", "aws_fargate", "--candidate", "aws_lambda", "--p95", "9"
    )
    assert made.returncode == 0, made.stderr
    ours = with_corpus(folder / "ours", corpus)
    text = (ours / "pilot.toml").read_text()
    for field, value in {"blocks": blocks, "duration_s": 2, "warmup_s": 0, "attempts": 8}.items():
        text = re.sub(rf"(?m)^({field} *=) \S+", rf"\g<1> {value}", text)
    (ours / "pilot.toml").write_text(text)
    given = ("--yes", "--from", "203.0.113.7", "--set", f"CertificateArn={certificate}", "--set", f"Name={name}")
    return ours, given


def left():
    """Of everything that could be billed, by the account's own lists."""
    client = boto3.client
    stacks = [s["StackName"] for s in client("cloudformation").describe_stacks()["Stacks"]]
    balancers = client("elbv2").describe_load_balancers()["LoadBalancers"]
    functions = client("lambda").list_functions()["Functions"]
    images = client("ecr").describe_repositories()["repositories"]
    keys = client("ssm").describe_parameters()["Parameters"]
    services = [
        s["serviceName"]
        for cluster in client("ecs").list_clusters()["clusterArns"]
        for arn in client("ecs").list_services(cluster=cluster)["serviceArns"]
        for s in client("ecs").describe_services(cluster=cluster, services=[arn])["services"]
        if s["status"] == "ACTIVE"
    ]
    groups = [g["logGroupName"] for g in client("logs").describe_log_groups()["logGroups"]]
    return [*stacks, *balancers, *functions, *images, *keys, *services, *groups]


@pytest.fixture(scope="module")
def story(tmp_path_factory, corpus, served, account):
    ours, given = begun(tmp_path_factory.mktemp("story"), corpus, served, account[0])
    steps = {}
    steps["doctor"] = pilot(ours, "doctor", "--json", timeout=120)
    (ours / "targets" / "aws_fargate" / "ca.pem").write_bytes(served[2])  # of a team that has one of its own
    steps["deploy --plan"] = pilot(ours, "deploy", "--plan", "--json")
    steps["deploy"] = pilot(ours, "deploy", *given, timeout=120)
    steps["again"] = pilot(ours, "deploy", *given, "--json", timeout=120)
    steps["doctor again"] = pilot(ours, "doctor", "--wait", "0", "--json", timeout=120)
    steps["check"] = pilot(ours, "check", timeout=120)
    steps["plan"] = pilot(ours, "plan", "--seal")
    steps["run"] = pilot(ours, "run", "--now", timeout=600)
    steps["collect"] = pilot(ours, "collect", timeout=120)
    steps["decide"] = pilot(ours, "decide", "--json")
    steps["report"] = pilot(ours, "report", "--no-predict", timeout=120)
    steps["destroy"] = pilot(ours, "destroy", "--yes", timeout=120)
    steps["after"] = pilot(ours, "decide", "--json")
    return ours, steps, left()


def test_every_step_ends_well(story):
    _, steps, _ = story
    said = {name: (done.returncode, done.stderr[-1500:]) for name, done in steps.items()}
    for name in ("deploy --plan", "deploy", "again", *STEPS, "destroy", "after"):
        may = (0, 5, 6) if name in ("decide", "after") else (0,)  # two short blocks may certify nothing
        assert said[name][0] in may, (name, said[name])


def test_doctor_names_what_a_new_account_lacks_and_nothing_of_it_once_deployed(story):
    _, steps, _ = story
    before, after = (
        {check["name"]: check["answer"] for checks in json.loads(steps[name].stdout).values() for check in checks}
        for name in ("doctor", "doctor again")
    )
    lacking = {name for name, answer in before.items() if answer == "fail"}

    assert steps["doctor"].returncode == 5
    assert lacking == {
        "cost allocation tag pilot",
        "service-linked role of ecs.amazonaws.com",
        "service-linked role of elasticloadbalancing.amazonaws.com",
    }
    assert {before["the address"], before["whom to trust"]} == {"not told"}
    assert "can't tell" not in before.values()
    assert {after[name] for name in lacking} == {"pass"}
    # moto starts no task, keeps no layer of an image and has no certificate on its balancers
    assert steps["doctor again"].returncode == 5
    assert {name for name, answer in after.items() if answer == "fail"} == {"the service of aws_fargate"}
    assert {name for name, answer in after.items() if answer == "can't tell"} == {
        "image platform, aws_fargate",
        "certificates of the load balancer, aws_fargate",
        "the provider's certificate, aws_fargate",
        "the provider's certificate, aws_lambda",
    }
    assert "the address" not in after


def test_the_plan_names_dollars_and_minutes_before_anything_is_made(story):
    _, steps, _ = story
    [planned] = json.loads(steps["deploy --plan"].stdout)

    assert 0.1 < float(planned["usd_per_hour"]) < 0.5
    assert planned["minutes"] > 5
    assert all("create" in step["does"] for step in planned["steps"] if step["name"].startswith("stack"))


def test_a_second_deployment_keeps_all(story):
    _, steps, _ = story
    [again] = json.loads(steps["again"].stdout)

    assert {step["did"] for step in again["steps"]} == {"kept", "answered"}


def test_both_were_measured_at_the_addresses_that_were_written_down(story):
    ours, steps, _ = story
    runs = [json.loads(path.read_text()) for path in ours.glob("evidence/blocks/*/*/*/run.json")]

    assert {run["target"] for run in runs} == {"aws_fargate", "aws_lambda"}
    assert {run["base_url"].partition("://")[0] for run in runs if run["target"] == "aws_fargate"} == {"https"}
    assert {row["target"] for row in json.loads(steps["decide"].stdout)["slos"]} == {"aws_fargate", "aws_lambda"}


def test_the_evidence_says_how_long_deploying_took(story):
    ours, _, _ = story
    [begun, made, gone] = json.loads((ours / "evidence" / "deployments.json").read_text())["deployments"]
    page = (ours / "reports" / "rendered" / "report.md").read_text()

    assert [begun["what"], made["what"], gone["what"]] == ["begun", "deploy", "destroy"]
    assert {step["name"] for step in made["steps"]} >= {"image", "rag-pilot", "rag-chat-ecs", "rag-chat-fn"}
    assert "How long deploying" in page


def test_nothing_is_left_and_what_was_measured_still_reads(story):
    _, steps, there = story

    assert there == []
    assert "nothing of it is left" in steps["destroy"].stdout
    assert steps["after"].stdout == steps["decide"].stdout


def requests(log):
    return log.read_bytes().count(b"HTTP/1.1")


def cut(folder, log, words, after, late_s):
    """The command, killed some time after so many of its requests; True where it had ended by itself."""
    before = requests(log)
    process = processes.start(
        [sys.executable, "-m", "harness", *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while requests(log) - before < after and process.poll() is None:
        time.sleep(0.005)
    time.sleep(late_s)
    ended = process.poll() is not None
    processes.end(process)  # SIGKILL, to it and whatever it started
    return ended


def asks(folder, log, *words):
    """How many requests a whole one makes."""
    before = requests(log)
    done = pilot(folder, *words, timeout=120)
    assert done.returncode == 0, done.stderr
    return requests(log) - before


@pytest.mark.timeout(900)
def test_deploy_and_destroy_killed_at_twenty_random_instants(tmp_path, corpus, served, account):
    certificate, log = account
    ours, given = begun(tmp_path, corpus, served, certificate)
    (ours / "targets" / "aws_fargate" / "ca.pem").write_bytes(served[2])
    deploying, destroying = asks(ours, log, "deploy", *given), asks(ours, log, "destroy", "--yes")
    draw, unfinished = random.Random(23), 0
    for _ in range(CUTS // 2):
        unfinished += not cut(ours, log, ("deploy", *given), draw.randrange(deploying), draw.uniform(0, 0.1))
        done = pilot(ours, "deploy", *given, timeout=120)
        assert done.returncode == 0, done.stderr
        again = json.loads(pilot(ours, "deploy", *given, "--json", timeout=120).stdout)
        assert {step["did"] for one in again for step in one["steps"]} == {"kept", "answered"}
        unfinished += not cut(ours, log, ("destroy", "--yes"), draw.randrange(destroying), draw.uniform(0, 0.1))
        done = pilot(ours, "destroy", "--yes", timeout=120)
        assert done.returncode == 0, done.stderr
        assert left() == []
    assert unfinished > 0.8 * CUTS, "most were cut in the middle"
