"""Every shell block of every page of targets/ runs, against the nearest peer of each program that it calls."""

import re
import shutil
import subprocess
from decimal import Decimal

import pytest

from harness.platforms.billing import ToldBy
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.usage import Usage
from harness.workspace.target_toml import read_target
from tests.targets.peers import known, shell
from tests.targets.peers.shell import DIGEST, ROOT, Call
from tests.targets.test_others import VARIABLES
from tests.targets.test_sweeps import MORE

TARGETS = ROOT / "targets"
CHAINS = {  # pages whose reader stays in one shell: the later ones use what the earlier ones set
    "aws": ("aws_base", "aws_lambda", "aws_fargate", "aws_ecs_ec2", "aws_sagemaker_serverless"),
    "azure": ("azure_base", "azure_container_apps", "azure_functions"),
}
SECRET = "a1" * 16
JOBS = {"JOBS_SECRET": SECRET, "STORE_URL": "postgresql://jobs@db.example.com/jobs?sslmode=require"}
GIVEN = {  # what a page says that its reader brings
    "aws": {"JOBS_SECRET": SECRET, "SERVING_IMAGE": f"serving@{DIGEST}"},
    "azure": {**JOBS, "JOBS_IMAGE": f"rag.azurecr.io/rag-chat@{DIGEST}"},
    "cloud_run": {**JOBS, "JOBS_IMAGE": f"europe-west1-docker.pkg.dev/p/rag/chat@{DIGEST}"},
    "generator": {"IMAGE": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/rag-fleet@{DIGEST}", "VPC": "vpc-0a1b2c3d"},
    "kubernetes": {"IMAGE": f"registry.example.com/rag-chat@{DIGEST}"},
}


def sessions():
    chained = {name for names in CHAINS.values() for name in names}
    pages = {p.parent.name for p in TARGETS.glob("*/README.md") if shell.blocks_of(p.read_text())}
    return {**CHAINS, **{name: (name,) for name in sorted(pages - chained)}}


@pytest.fixture(scope="module")
def called(tmp_path_factory):
    """What each session's blocks call."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed: the pages need it")
    return {
        name: shell.run(tmp_path_factory.mktemp(name), [TARGETS / n / "README.md" for n in names], GIVEN.get(name, {}))
        for name, names in sessions().items()
    }


@pytest.mark.parametrize("name", sessions())
def test_every_block_runs_and_every_call_is_one_that_its_program_knows(name, called):
    calls = called[name]
    stacks = known.stacks_of([c for each in called.values() for c in each])

    assert calls, "its blocks call nothing"
    assert [(c.words, p) for c in calls for p in known.problems(c, stacks)] == []


def test_what_is_made_is_destroyed(called):
    for calls in called.values():
        made, gone = (
            {c.options["--stack-name"][0] for c in calls if c.plain[:2] == ("cloudformation", verb)}
            for verb in ("deploy", "delete-stack")
        )
        assert made - gone <= {"rag-pilot-jobs", "rag-jobs-fn", "rag-jobs-ecs"}, "the pages say so in words of these"


WRONG = {
    "aws cloudformation deploy --stack-name x --template-file targets/aws_base/policies.yaml --tags pilot=x": "CAPABILITY_IAM",
    "aws cloudformation deploy --stack-name x --template-file targets/aws_base/policies.yaml --capabilities CAPABILITY_IAM": "--tags",
    "aws cloudformation deploy --stack-name x --template-file targets/aws_fargate/template.yaml --tags pilot=x": "requires Image",
    "aws cloudformation describe-stacks --stack-name rag-pilot --query Stacks[0].Outputs[?OutputKey=='BaseUrl']": "no output BaseUrl",
    "aws ecr make-repository --repository-name x": "has no make-repository",
    "aws ecr create-repository --image-tag-mutability IMMUTABLE": "requires --repository-name",
    "az group create --nam x": "has no --nam",
    "az deployment group create --template-file targets/azure_functions/template.json --parameters nam=x": "no parameter nam",
    "gcloud run services invent x": "no such command",
    "docker build -f targets/aws_base/Dockerfile --target nothing .": "no stage nothing",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_peer_can_say_no(line):
    stacks = {"rag-pilot": TARGETS / "aws_base" / "template.yaml"}
    said = known.problems(Call(tuple(line.split()), ""), stacks)
    assert any(WRONG[line] in problem for problem in said), said


def test_an_address_that_was_filled_into_a_name_is_found():
    """What `sed "s|PROVIDER_URL|http://x|"` made of the manifests once."""
    text = re.sub(r": \$\{\w+:-(\d+)\}", r": \1", (TARGETS / "kubernetes" / "deployment.yaml").read_text())
    wrong = text.replace("RAG_PROVIDER_URL, value", "RAG_http://x, value").replace("${IMAGE}", "x")
    said = known.problems(Call(("kubectl", "apply", "-f", "-"), wrong), {})
    assert any("not filled" in problem for problem in said)


def test_the_docs_say_of_every_program_by_which_peer_it_was_last_run(called):
    page = (ROOT / "docs" / "platforms.md").read_text()
    section = page[page.index("## What was run by which peer") :]
    programs = {c.words[0] for calls in called.values() for c in calls}

    assert [
        name for name in sorted(programs) if not re.search(rf"^\| `{name}` \|.*20\d\d-\d\d-\d\d", section, re.MULTILINE)
    ] == []


def commands_of(name):
    """Calls of clouds' programs in a page, without jobs and without taking it down."""
    text = re.split(r"\n## (?:Jobs|Destroy)", (TARGETS / name / "README.md").read_text())[0]
    return sum(
        len(re.findall(r'(?:^|[\s(|"])(?:aws|az|gcloud|kubectl|docker|func) (?=[a-z-])', b, re.MULTILINE))
        for b in shell.blocks_of(text)
    )


def rows_of_the_docs():
    page = (ROOT / "docs" / "platforms.md").read_text()
    section = page[page.index("## What it takes") : page.index("## What was run by which peer")]
    return {
        row[0]: row[1:]
        for row in re.findall(r"^\| `(\w+)` \| ([\d +]+) \| [^|]+ \| [^|]+ \| (\d+) \| (\d+)", section, re.MULTILINE)
    }


BASES = {"azure_container_apps": "azure_base", "azure_functions": "azure_base"} | dict.fromkeys(
    ("aws_lambda", "aws_fargate", "aws_ecs_ec2"), "aws_base"
)


@pytest.mark.parametrize("name", rows_of_the_docs())
def test_the_docs_say_what_a_platform_takes(name, monkeypatch):
    """Commands as its page has them; USD as the bill says them, but for what is billed by instance time, which no request has."""
    for variable, value in {**VARIABLES, **MORE}.items():
        monkeypatch.setenv(variable, value)
    commands, idle, planned = rows_of_the_docs()[name]
    said = [commands_of(page) for page in (BASES.get(name), name) if page]
    pricing = pricing_of(read_target(TARGETS / name, {}).prices)
    bills = [pricing.bill(Usage(*map(Decimal, (336, n, n * 5000, n * 4000, 0, 0)))).total_usd for n in (0, 34_000)]

    assert [int(n) for n in commands.split(" + ")] == said
    assert int(idle) == round(bills[0])
    assert int(planned) == round(bills[1]) or pricing.billing.told is not ToldBy.EACH_REQUEST


# 80 s, and test_every_block… asks the tables in a second: their own help has each option that the peers know
@pytest.mark.slow
@pytest.mark.parametrize("program", ["gcloud", "kubectl"])
def test_the_real_program_knows_what_its_peer_knows(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    unknown = []
    for name, options in known.OPTIONS[program].items():
        done = subprocess.run([program, *name.split(), "--help"], capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        unknown += [(name, o) for o in options if o not in said]
        unknown += [(name, "")] if done.returncode else []
    assert unknown == []
