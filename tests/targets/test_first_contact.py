"""What would stop a first deployment, or corrupt what it measures: read in the deployments' files, each by the test that finds it."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest
import yaml

from harness.check.contract_check import Answer
from harness.check.preflight import timeout_check
from harness.scaffold.write import DOCKERIGNORE, IGNORE
from harness.workspace.pilot_toml import PilotToml
from harness.workspace.sweep_toml import read_sweep
from harness.workspace.target_toml import read_target
from tests.targets.test_aws import template
from tests.targets.test_others import VARIABLES, arm, container_app, deployment, usual
from tests.targets.test_sweeps import MORE

TARGETS = Path(__file__).parent.parent.parent / "targets"
DEADLINE_S = PilotToml.model_fields["load"].annotation.model_fields["deadline_s"].default
CONTAINERS = ("aws_fargate", "aws_ecs_ec2")


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name, value in {**VARIABLES, **MORE}.items():
        monkeypatch.setenv(name, value)


def resources(name, kind, file="template.yaml"):
    return {k: r["Properties"] for k, r in template(TARGETS / name / file)["Resources"].items() if r["Type"] == kind}


def knative(path):
    return yaml.safe_load(usual((TARGETS / path).read_text()))["spec"]["template"]["spec"]


def environments():
    """Variables of the chat service on each platform."""
    names = template(TARGETS / "aws_lambda" / "template.yaml")["Resources"]["Function"]["Properties"]
    yield "aws_lambda", set(names["Environment"]["Variables"])
    for name in CONTAINERS:
        [task] = resources(name, "AWS::ECS::TaskDefinition").values()
        yield name, {pair["Name"] for pair in task["ContainerDefinitions"][0]["Environment"]}
    for path in ("cloud_run/service.yaml", "kubernetes/knative.yaml"):
        yield path, {pair["name"] for pair in knative(path)["containers"][0]["env"]}
    yield "kubernetes", {p["name"] for p in deployment()["spec"]["template"]["spec"]["containers"][0]["env"]}
    yield "azure_container_apps", {p["name"] for p in container_app()["properties"]["template"]["containers"][0]["env"]}
    [site] = [r for r in arm("azure_functions")["resources"] if r["type"] == "Microsoft.Web/sites"]
    yield "azure_functions", {p["name"] for p in site["properties"]["siteConfig"]["appSettings"]}
    compose = yaml.safe_load((TARGETS / "docker_vm" / "compose.yaml").read_text())
    yield "docker_vm", set(compose["services"]["chat"]["environment"])


# -- timeouts


def test_the_deadline_of_a_new_pilot_is_the_timeout_of_every_deployment():
    functions = json.loads((TARGETS / "azure_functions" / "host.json").read_text())["functionTimeout"]
    gateway = template(TARGETS / "aws_lambda" / "api_gateway.yaml")["Resources"]
    found = {
        "aws_lambda": template(TARGETS / "aws_lambda" / "template.yaml")["Parameters"]["TimeoutS"]["Default"],
        "rest": gateway["RestMethod"]["Properties"]["Integration"]["TimeoutInMillis"] / 1000,
        "http": gateway["HttpIntegration"]["Properties"]["TimeoutInMillis"] / 1000,
        "cloud_run": knative("cloud_run/service.yaml")["timeoutSeconds"],
        "knative": knative("kubernetes/knative.yaml")["timeoutSeconds"],
        "azure_functions": sum(int(n) * s for n, s in zip(functions.split(":"), (3600, 60, 1), strict=True)),
    }

    assert found == dict.fromkeys(found, DEADLINE_S)


@pytest.mark.parametrize(("name", "facts"), [("aws_lambda", {"Timeout": DEADLINE_S})])
def test_the_gate_of_a_new_pilot_lets_the_deployed_one_pass(name, facts):
    assert timeout_check(read_target(TARGETS / name, {}), facts, DEADLINE_S).answer is Answer.PASS
    assert timeout_check(read_target(TARGETS / name, {}), {"Timeout": 60}, DEADLINE_S).answer is Answer.FAIL


def test_a_model_is_waited_for_as_long_as_a_request_lasts():
    texts = [usual(p.read_text()) for p in TARGETS.glob("*/*") if p.suffix in (".yaml", ".json")]
    said = [v for t in texts for v in re.findall(r'RAG_UPSTREAM_TIMEOUT_S"?,? *"?(?:V|v)alue"?: "(\d+)"', t)]

    by_parameter = {  # Azure's templates take it, and pilot deploy gives it
        name: json.loads((TARGETS / name / "template.json").read_text())["parameters"]["timeoutS"]["defaultValue"]
        for name in ("azure_container_apps", "azure_functions")
        if '"RAG_UPSTREAM_TIMEOUT_S", "value": "[parameters(\'timeoutS\')]"'
        in (TARGETS / name / "template.json").read_text()
    }
    for name in ("aws_lambda", *CONTAINERS):  # so do AWS's
        text = (TARGETS / name / "template.yaml").read_text()
        if re.search(r'RAG_UPSTREAM_TIMEOUT_S(?:, Value)?: !Sub "\$\{TimeoutS\}"', text):
            by_parameter[name] = re.search(r"TimeoutS:\n    Type: Number\n    Default: (\d+)", text)[1]
    assert len(said) >= 3
    assert set(by_parameter.values()) == {f"{DEADLINE_S:g}"}
    assert set(by_parameter) == {"azure_container_apps", "azure_functions", "aws_lambda", *CONTAINERS}
    assert set(said) == {f"{DEADLINE_S:g}"}


# -- TLS and who gets in


@pytest.mark.parametrize("name", ["aws_base", *CONTAINERS])
def test_no_balancer_of_aws_speaks_clear_http_but_to_redirect(name):
    for listener in resources(name, "AWS::ElasticLoadBalancingV2::Listener").values():
        [action] = listener["DefaultActions"]
        assert listener["Protocol"] == "HTTPS" or action["Type"] == "redirect"
    assert "Default" not in template(TARGETS / "aws_base" / "template.yaml")["Parameters"]["CertificateArn"]


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_pilot_trusts_the_certificate_that_the_page_makes(name):
    assert read_target(TARGETS / name, {}).ca_file == str(TARGETS / name / "ca.pem")
    assert "ca.pem targets/$target/" in (TARGETS / "aws_base" / "README.md").read_text()


def test_only_the_generator_gets_into_azures_targets():
    ingress = container_app()["properties"]["configuration"]["ingress"]
    [site] = [r for r in arm("azure_functions")["resources"] if r["type"] == "Microsoft.Web/sites"]

    assert [r["action"] for r in ingress["ipSecurityRestrictions"]] == ["Allow"], "whoever else is then denied"
    assert site["properties"]["siteConfig"]["ipSecurityRestrictionsDefaultAction"] == "Deny"


# -- one balancer for each target


def test_each_target_has_a_balancer_of_its_own_and_the_provider_has_one():
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    assert list(resources("aws_base", kind)) == ["ProviderBalancer"]
    for name in CONTAINERS:
        assert list(resources(name, kind)) == ["Balancer"]
        outputs = template(TARGETS / name / "template.yaml")["Outputs"]
        assert "Balancer.LoadBalancerFullName" in str(outputs["LoadBalancer"]["Value"])


def test_tasks_on_machines_reach_the_model_through_their_machine():
    """With awsvpc a task has an interface without a public address there, and there is no NAT: every chat timed out."""
    [task] = resources("aws_ecs_ec2", "AWS::ECS::TaskDefinition").values()
    [service] = resources("aws_ecs_ec2", "AWS::ECS::Service").values()
    [group] = resources("aws_ecs_ec2", "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    [machine] = resources("aws_ecs_ec2", "AWS::EC2::LaunchTemplate").values()
    [access] = resources("aws_ecs_ec2", "AWS::EC2::SecurityGroup").values()
    [rule] = access["SecurityGroupIngress"]

    assert task["NetworkMode"] == "bridge"
    assert task["ContainerDefinitions"][0]["PortMappings"] == [{"ContainerPort": 8080, "HostPort": 0}]
    assert "NetworkConfiguration" not in service
    assert group["TargetType"] == "instance"
    assert machine["LaunchTemplateData"]["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is True
    assert (rule["FromPort"], rule["ToPort"]) == (32768, 65535), "Linux's ephemeral ports, of which it gets one"


@pytest.mark.parametrize(
    "path",
    ["aws_base/template.yaml", "aws_fargate/template.yaml", "aws_ecs_ec2/template.yaml", "aws_fargate/jobs.yaml"],
)
def test_a_service_that_does_not_start_is_rolled_back_and_not_tried_for_hours(path):
    for service in resources(*path.split("/")[:1], "AWS::ECS::Service", path.split("/")[1]).values():
        assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


@pytest.mark.parametrize("file", ["template.yaml", "jobs.yaml"])
def test_a_functions_tracebacks_reach_its_log(file):
    for function in resources("aws_lambda", "AWS::Lambda::Function", file).values():
        assert function["LoggingConfig"]["ApplicationLogLevel"] == "INFO"


# -- health


def test_nothing_asks_for_health_at_a_path_that_a_front_end_keeps_for_itself():
    files = [p for p in TARGETS.glob("*/*") if p.suffix in (".yaml", ".json") or p.name == "Dockerfile"]
    said = {p.relative_to(TARGETS).as_posix() for p in files if "/healthz" in p.read_text()}
    assert said == {"contract/rag-chat-1.openapi.json"}, "as the older name of /health"


# -- a model and a store of one's own


READ = set(re.findall(r'"(RAG_[A-Z_]+)"', (TARGETS / "ragchat" / "ragchat" / "settings.py").read_text()))
CHOSEN = {
    *("RAG_MODEL_BACKEND", "RAG_MODEL", "RAG_PROVIDER_URL", "RAG_PROVIDER_PATH", "RAG_PROVIDER_KEY"),
    *("RAG_STORE", "RAG_STORE_URL", "RAG_EMBEDDING"),
}


@pytest.mark.parametrize(("name", "said"), list(environments()))
def test_every_platform_can_be_told_which_model_and_which_store(name, said):
    assert CHOSEN - said == set()
    assert {v for v in said if v.startswith("RAG_")} - READ - {
        "RAG_PROVIDER_KEY",
        "RAG_INIT_TYPE",
        "RAG_RESPONSE_MODE",
    } == set()


def test_both_runtimes_of_aws_get_the_same_from_the_base_and_may_ask_it():
    exported = re.findall(r'\$\{AWS::StackName\}-([\w-]+)"', (TARGETS / "aws_base" / "template.yaml").read_text())
    for name in ("aws_lambda", *CONTAINERS):
        imported = set(
            re.findall(r"ImportValue: !Sub \$\{Base\}-([\w-]+)", (TARGETS / name / "template.yaml").read_text())
        )
        assert {
            "model-backend",
            "model",
            "provider-url",
            "certificate",
            "store",
            "store-url",
            "model-and-store",
        } <= imported
        assert imported <= set(exported)


def test_an_export_is_never_empty():
    """CloudFormation refuses one: a parameter that an output repeats says none instead."""
    made = template(TARGETS / "aws_base" / "template.yaml")
    repeated = [o["Value"]["!Ref"] for o in made["Outputs"].values() if "Export" in o and set(o["Value"]) == {"!Ref"}]
    assert [n for n in repeated if made["Parameters"].get(n, {}).get("Default") == ""] == []


def test_the_image_has_what_bedrock_opensearch_and_postgresql_need():
    said = (TARGETS / "aws_base" / "requirements-jobs.txt").read_text()
    assert re.search(r"^FROM jobs AS backends$", (TARGETS / "aws_base" / "Dockerfile").read_text(), re.MULTILINE)
    assert all(
        re.search(rf"^{name}==", said, re.MULTILINE) for name in ("boto3", "botocore", "psycopg", "psycopg-binary")
    )


PROVIDERS = {
    "aws_base": lambda: resources("aws_base", "AWS::ECS::TaskDefinition")["ProviderTask"]["ContainerDefinitions"][0][
        "Command"
    ],
    "cloud_run": lambda: ["python", *knative("cloud_run/provider.yaml")["containers"][0]["args"]],
    "kubernetes": lambda: next(yaml.safe_load_all((TARGETS / "kubernetes" / "provider.yaml").read_text()))["spec"][
        "template"
    ]["spec"]["containers"][0]["command"],
    "azure_base": lambda: [
        "python",
        *next(r for r in arm("azure_base")["resources"] if r.get("name") == "rag-provider")["properties"]["template"][
            "containers"
        ][0]["args"],
    ],
    "docker_vm": lambda: yaml.safe_load((TARGETS / "docker_vm" / "compose.yaml").read_text())["services"]["provider"][
        "command"
    ],
}


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_cloud_has_the_provider_beside_its_runtimes(name):
    command = PROVIDERS[name]()
    assert command[:3] == ["python", "-m", "ragchat.provider"]
    known = {"--host", "--port", "--time-scale"}
    assert {w.split("=")[0] for w in command[3:] if isinstance(w, str) and w.startswith("--")} <= known


def test_container_apps_pull_from_their_own_registry_by_an_identity():
    for path in ("azure_base/template.json", "azure_container_apps/template.json", "azure_container_apps/jobs.json"):
        made = json.loads((TARGETS / path).read_text())["resources"]
        for app in (r for r in made if r["type"] == "Microsoft.App/containerApps"):
            [registry] = app["properties"]["configuration"]["registries"]
            assert registry["identity"] in str(app["identity"]["userAssignedIdentities"])


@pytest.mark.parametrize("name", ["azure_functions", "azure_functions/jobs"])
def test_a_function_of_azure_finds_its_index_in_its_own_package(name, monkeypatch):
    """Nothing set RAG_INDEX there, and the service is made when it is imported."""
    seen = {}

    class Service(types.ModuleType):
        def __getattr__(self, _):
            seen.setdefault("index", os.environ.get("RAG_INDEX"))
            return lambda *_args, **_named: types.SimpleNamespace(queue_trigger=_same, timer_trigger=_same)

    def _same(**_named):
        return lambda function: function

    for module in ("azure.functions", "ragchat.asgi", "ragchat.jobs.queues", "ragchat.jobs.workshop"):
        monkeypatch.setitem(sys.modules, module, Service(module))
    functions = types.ModuleType("azure.functions")
    functions.AuthLevel = types.SimpleNamespace(ANONYMOUS=0)
    functions.AsgiFunctionApp = lambda **_: types.SimpleNamespace(queue_trigger=_same, timer_trigger=_same)
    functions.QueueMessage = functions.TimerRequest = object
    monkeypatch.setitem(sys.modules, "azure", types.SimpleNamespace(functions=functions))
    monkeypatch.setitem(sys.modules, "azure.functions", functions)
    monkeypatch.delenv("RAG_INDEX", raising=False)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    runpy.run_path(str(TARGETS / name / "function_app.py"))

    assert seen["index"] == str(TARGETS / name / "index" / "index.sqlite")


# -- what a target.toml says once


@pytest.mark.parametrize("name", ["aws_lambda", "aws_fargate", "aws_ecs_ec2", "aws_sagemaker_serverless", "cloud_run"])
def test_a_region_is_said_once(name):
    text = (TARGETS / name / "target.toml").read_text()
    target = read_target(TARGETS / name, {})
    [region] = re.findall(r'(?m)^region\s*= "([^"]+)"', text)

    assert target.prices.region == region
    assert all(
        s.options["region"] == region
        for s in target.sources
        if s.kind in ("cloudwatch", "lambda-logs", "cloud-monitoring")
    )
    assert getattr(target.runtime, "region", region) == region
    assert target.auth is None or target.auth.options.get("region", region) == region
    assert region not in (TARGETS / name / "sweep.toml").read_text()


def test_a_sweep_keeps_the_costs_tag_and_asks_the_region_of_the_target():
    """A stack that is deployed again without --tags loses the tag that its bill is told apart by."""
    for name in ("aws_lambda", "aws_fargate", "aws_ecs_ec2", "aws_sagemaker_serverless"):
        for setting in read_sweep(TARGETS / name).settings:
            [command] = setting.apply
            tag = command[command.index("--tags") + 1]
            assert f"--tags {tag}" in (TARGETS / name / "README.md").read_text()
            assert command[command.index("--region") + 1] == "us-east-1"


def test_a_mock_is_billed_nowhere():
    for name in (
        "aws_lambda",
        "aws_fargate",
        "cloud_run",
        "azure_container_apps",
        "azure_functions",
        "kubernetes",
        "docker_vm",
    ):
        assert not read_target(TARGETS / name, {}).prices.model_billed


# -- secrets and tags of images


@pytest.mark.parametrize("text", [DOCKERIGNORE, (TARGETS.parent / ".dockerignore").read_text()])
def test_a_generators_secrets_are_copied_into_no_image(text):
    """A pattern without a slash is of the context's root alone in a .dockerignore: *.env left targets/fleet/generator.env in."""
    assert {"**/*.env", "**/key.pem", "**/worker-secret"} <= set(text.splitlines())


@pytest.mark.parametrize("text", [IGNORE, (TARGETS.parent / ".gitignore").read_text()])
def test_nor_into_git(text, tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text(text)
    secret = ["targets/fleet/generator.env", "key.pem", "generator.env"]
    done = subprocess.run(["git", "-C", tmp_path, "check-ignore", *secret], capture_output=True, text=True, check=False)
    assert done.stdout.split() == secret


def test_an_images_tag_is_its_content(tmp_path):
    for path in ("ragchat/ragchat/app.py", "aws_base/Dockerfile", "aws_base/requirements.txt", "aws_base/tag.sh"):
        (tmp_path / "targets" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "targets" / path).write_text((TARGETS / path).read_text())

    def tag(*words, **more):
        command = ["sh", "targets/aws_base/tag.sh", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, **more).stdout.strip()

    first = tag()
    assert re.fullmatch(r"[0-9a-f]{16}", first)
    (tmp_path / "bin").mkdir()
    for name in filter(shutil.which, ("sh", "find", "sort", "xargs", "cut", "shasum", "perl")):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    if shutil.which("shasum"):
        assert tag(env={"PATH": str(tmp_path / "bin")}) == first, "an older macOS has no sha256sum"
    (tmp_path / "targets/ragchat/ragchat/__pycache__").mkdir()
    (tmp_path / "targets/ragchat/ragchat/__pycache__/app.pyc").write_text("made")
    assert tag() == first
    assert tag("jobs") != first
    (tmp_path / "targets/ragchat/ragchat/app.py").write_text("changed")
    assert tag() != first


# -- filling


def fill(tmp_path, text, *words, **environment):
    (tmp_path / "m.yaml").write_text(text)
    command = [sys.executable, str(TARGETS / "aws_base" / "fill.py"), "m.yaml", *words]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


def test_a_manifest_is_filled_where_it_says_so_and_nowhere_else(tmp_path):
    done = fill(
        tmp_path, 'name: RAG_PROVIDER_URL, value: "${PROVIDER_URL}", also: "${SCALE:-1.0}"', PROVIDER_URL="http://x"
    )
    assert (done.returncode, done.stdout) == (0, 'name: RAG_PROVIDER_URL, value: "http://x", also: "1.0"')


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_written(tmp_path):
    done = fill(tmp_path, '"${A}" "${B}" "${C:-1}"', 'B=x"y', "D=1")
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(": ", 1)[1].split(" ")[0] for line in done.stderr.splitlines()] == ["A", "D", "B"]
