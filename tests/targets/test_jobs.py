"""The deployments of jobs, offline: shapes as the platforms publish them, and settings that fit each other and the service."""

import ast
import dataclasses
import json
import re
import shutil
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from harness.platforms.local_container.config import ContainerJobs
from harness.platforms.local_function.config import FunctionJobs
from harness.workspace.target_toml import read_target
from tests.published import unknown
from tests.targets.test_aws import template
from tests.targets.test_others import models

TARGETS = Path(__file__).parent.parent.parent / "targets"
ARM = ("azure_functions/jobs/template.json", "azure_container_apps/jobs.json")
READ = re.findall(
    r"RAG_JOBS(?:_[A-Z_]*[A-Z])?", "".join(p.read_text() for p in (TARGETS / "ragchat" / "ragchat").rglob("*.py"))
)
OF_ONE_PLATFORM = {"RAG_JOBS_QUEUE"}  # a binding's expression in function_app.py


def aws(path):
    """Resources of a template by their names."""
    return template(TARGETS / path)["Resources"]


def said_by_aws(path):
    """Variables of each function or container."""
    for resource in aws(path).values():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::Lambda::Function":
            yield properties["Environment"]["Variables"]
        for container in properties.get("ContainerDefinitions", ()):
            yield {pair["Name"]: pair["Value"] for pair in container["Environment"]}


def said_by_azure(path):
    for resource in json.loads((TARGETS / path).read_text())["resources"]:
        properties = resource.get("properties", {})
        for container in properties.get("template", {}).get("containers", ()):
            yield {pair["name"]: pair.get("value") for pair in container["env"]}
        if settings := properties.get("siteConfig", {}).get("appSettings"):
            yield {pair["name"]: pair["value"] for pair in settings}


def said_by_cloud_run(name):
    [container] = cloud_run(name)["spec"]["template"]["spec"]["containers"]
    return {pair["name"]: pair.get("value") for pair in container["env"]}


def cloud_run(name):
    return yaml.safe_load((TARGETS / "cloud_run" / f"jobs_{name}.yaml").read_text())


def everywhere():
    for path in ("aws_lambda/jobs.yaml", "aws_fargate/jobs.yaml"):
        yield from ((path, said) for said in said_by_aws(path))
    for path in ARM:
        yield from ((path, said) for said in said_by_azure(path))
    yield from ((f"cloud_run {name}", said_by_cloud_run(name)) for name in ("front", "worker"))


@pytest.mark.parametrize(("path", "said"), list(everywhere()))
def test_every_front_and_worker_has_what_the_service_reads_and_nothing_that_it_does_not(path, said):
    named = {name for name in said if name.startswith("RAG_JOBS")}

    assert named - OF_ONE_PLATFORM <= set(READ)
    assert {"RAG_JOBS", "RAG_JOBS_QUEUE_URL", "RAG_JOBS_STORE_URL", "RAG_JOBS_SECRET"} <= named
    assert "RAG_JOBS_CALLBACK_HOSTS" in named, "the default is loopback alone"
    assert said["RAG_JOBS"] in ("sqs", "pubsub", "storage-queue")


@pytest.mark.parametrize("path", ["aws_base/jobs.yaml", "aws_lambda/jobs.yaml", "aws_fargate/jobs.yaml"])
def test_cloudformation_reads_no_anchors(path):
    events = yaml.parse((TARGETS / path).read_text())
    assert not [e for e in events if isinstance(e, yaml.AliasEvent)]


def test_a_message_of_sqs_is_hidden_six_times_as_long_as_the_function_may_take():
    parameters = template(TARGETS / "aws_lambda" / "jobs.yaml")["Parameters"]
    queue = template(TARGETS / "aws_base" / "jobs.yaml")["Parameters"]

    assert parameters["VisibilityS"]["Default"] == queue["VisibilityS"]["Default"]
    assert queue["VisibilityS"]["Default"] >= 6 * parameters["TimeoutS"]["Default"]
    assert queue["BackstopReceives"]["Default"] > parameters["MostReceives"]["Default"]


def test_the_mapping_reads_which_messages_failed():
    [mapping] = [r for r in aws("aws_lambda/jobs.yaml").values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_workers_start_what_there_is():
    fargate = aws("aws_fargate/jobs.yaml")
    commands = {
        name: r["Properties"]["ContainerDefinitions"][0]["Command"]
        for name, r in fargate.items()
        if "Task" in name and "ContainerDefinitions" in r["Properties"]
    }
    worker = aws("aws_lambda/jobs.yaml")["Worker"]["Properties"]["ImageConfig"]["EntryPoint"]

    assert commands["WorkerTask"][:3] == ["python", "-m", "ragchat.jobs.worker"]
    assert worker == ["python", "-m", "ragchat.jobs.on_lambda"]
    for module in ("worker", "on_lambda", "push"):
        assert (TARGETS / "ragchat" / "ragchat" / "jobs" / f"{module}.py").is_file()


@pytest.mark.parametrize("name", ["front", "worker"])
def test_what_a_cloud_run_service_makes_is_a_valid_pod(name):
    service = cloud_run(name)
    spec = dict(service["spec"]["template"]["spec"])
    spec.pop("containerConcurrency")
    spec.pop("timeoutSeconds")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec}

    assert (service["apiVersion"], service["kind"]) == ("serving.knative.dev/v1", "Service")
    kubernetes_validate.validate(pod, "1.31", strict=True)


def test_a_pushed_worker_has_one_job_and_knows_what_its_platform_gives_it():
    spec = cloud_run("worker")["spec"]["template"]["spec"]
    said = said_by_cloud_run("worker")

    assert spec["containerConcurrency"] == 1
    assert float(said["RAG_JOBS_REQUEST_LIMIT_S"]) == spec["timeoutSeconds"]
    assert float(said["RAG_JOBS_VISIBILITY_S"]) >= spec["timeoutSeconds"]
    assert spec["containers"][0]["resources"]["limits"]["memory"] == "2Gi"
    assert said["RAG_JOBS_MEMORY_MB"] == "2048"
    assert said == said_by_cloud_run("front")


@pytest.mark.parametrize("path", ARM)
def test_arm_resources_have_the_field_names_of_azures_models(path):
    held = 0
    for resource in json.loads((TARGETS / path).read_text())["resources"]:
        if (model := models().get(resource["type"])) is not None:
            body = {k: v for k, v in resource.items() if k not in ("apiVersion", "dependsOn", "scope")}
            assert unknown(model, body) == []
            held += 1
    assert held >= 2


@pytest.mark.parametrize("path", ARM)
def test_every_parameter_is_declared_used_and_no_secret_has_a_default(path):
    made = json.loads((TARGETS / path).read_text())
    text = json.dumps({k: v for k, v in made.items() if k != "parameters"})

    assert set(re.findall(r"parameters\('(\w+)'\)", text)) == set(made["parameters"])
    assert all("defaultValue" not in p for p in made["parameters"].values() if p["type"] == "securestring")


def test_a_storage_queues_host_gives_a_message_up_after_the_worker_would_have():
    host = json.loads((TARGETS / "azure_functions" / "jobs" / "host.json").read_text())
    made = json.loads((TARGETS / "azure_functions" / "jobs" / "template.json").read_text())

    assert host["extensions"]["queues"]["maxDequeueCount"] > made["parameters"]["mostReceives"]["defaultValue"]
    assert host["functionTimeout"] == "00:10:00"
    [said] = said_by_azure("azure_functions/jobs/template.json")
    assert said["RAG_JOBS_REQUEST_LIMIT_S"] == "600"


def test_the_azure_functions_module_calls_what_the_service_has():
    tree = ast.parse((TARGETS / "azure_functions" / "jobs" / "function_app.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("ragchat.") and node.module != "ragchat.asgi":
            module = __import__(node.module, fromlist=["x"])
            assert all(hasattr(module, name.name) for name in node.names)


def test_the_embedded_variants_declare_jobs_and_keep_the_rest():
    fill = {"corpus": "/corpus", "workspace": "/workspace"}
    for name in ("local_container", "local_function"):
        plain, jobs = (read_target(TARGETS / folder, fill).runtime for folder in (name, f"{name}_jobs"))
        assert plain.jobs is None
        assert jobs.jobs.command[-1].startswith("ragchat.jobs.")
        assert (jobs.command, jobs.environment) == (plain.command, plain.environment)


def test_the_tables_of_the_docs_are_the_embedded_variants(tmp_path):
    fill = {"corpus": "/corpus", "workspace": "/workspace"}
    page = (TARGETS.parent / "docs" / "jobs.md").read_text()
    said = re.findall(r"```toml\n# targets/(\w+)/target.toml\n(.*?)```", page, re.DOTALL)

    assert [name for name, _ in said] == ["local_container_jobs", "local_function_jobs"]
    for name, text in said:
        folder = tmp_path / name
        shutil.copytree(TARGETS / name.removesuffix("_jobs"), tmp_path / name.removesuffix("_jobs"))
        folder.mkdir()
        (folder / "target.toml").write_text(text)
        assert read_target(folder, fill).runtime.jobs == read_target(TARGETS / name, fill).runtime.jobs


def test_the_docs_name_every_field_and_variable():
    page = (TARGETS.parent / "docs" / "jobs.md").read_text()
    fields = {f.name for table in (ContainerJobs, FunctionJobs) for f in dataclasses.fields(table)}

    assert [name for name in sorted(fields | set(READ)) if f"`{name}`" not in page] == []
