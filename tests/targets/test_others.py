"""The other deployments' files, offline: names and shapes by the schemas that others publish, and as target.toml says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from harness.workspace.target_toml import read_target
from tests.published import unknown

TARGETS = Path(__file__).parent.parent.parent / "targets"
VARIABLES = {
    "RAG_RUN_URL": "https://rag-chat-abc.a.run.app",
    "GOOGLE_CLOUD_PROJECT": "pilot-123",
    "RAG_ACA_URL": "https://rag-chat.eastus.azurecontainerapps.io",
    "RAG_AZFN_URL": "https://ragchat.azurewebsites.net",
    "RAG_AZFN_NAME": "ragchat",
    "AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000",
    "RAG_VM_URL": "http://127.0.0.1:8080",
    "RAG_K8S_URL": "http://127.0.0.1:8080",
    "RAG_PROMETHEUS_URL": "http://127.0.0.1:9090",
    "RAG_ECS_EC2_URL": "http://rag.us-east-1.elb.amazonaws.com",
    "RAG_LOAD_BALANCER": "app/rag-pilot/50dc6c495c0c9188",
    "RAG_ECS_EC2_LOAD_BALANCER": "app/rag-chat-ec2/50dc6c495c0c9188",
    "RAG_SAGEMAKER_URL": "https://runtime.sagemaker.us-east-1.amazonaws.com",
}
NAMES = (
    *("cloud_run", "azure_container_apps", "azure_functions", "kubernetes", "docker_vm", "aws_ecs_ec2"),
    "aws_sagemaker_serverless",
)
ARM = {
    "Microsoft.App/containerApps",
    "Microsoft.App/managedEnvironments",
    "Microsoft.Web/sites",
    "Microsoft.Web/serverfarms",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", NAMES)
def test_the_target_is_read_and_says_how_it_was_verified(name):
    target = read_target(TARGETS / name, {})
    readme = (TARGETS / name / "README.md").read_text()

    assert target.verified == "spec only"
    assert "**Verified: spec only**" in readme
    assert f"pilot check {name}" in readme
    assert "## Destroy" in readme
    assert target.prices is not None


def deployment():
    return next(m for m in manifests("deployment.yaml") if m["kind"] == "Deployment")


def usual(text):
    """A manifest with what is filled where nobody says anything."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def manifests(name):
    return list(yaml.safe_load_all(usual((TARGETS / "kubernetes" / name).read_text())))


@pytest.mark.parametrize(
    "manifest",
    [m for name in ("deployment", "provider", "balancer") for m in manifests(f"{name}.yaml")],
    ids=lambda m: m["kind"],
)
def test_manifests_are_valid_kubernetes(manifest):
    kubernetes_validate.validate(manifest, "1.31", strict=True)


@pytest.mark.parametrize("path", ["kubernetes/knative.yaml", "cloud_run/service.yaml", "cloud_run/provider.yaml"])
def test_what_a_knative_service_makes_is_a_valid_pod(path):
    service = yaml.safe_load(usual((TARGETS / path).read_text()))
    spec = service["spec"]["template"]["spec"]
    own = {"containerConcurrency", "timeoutSeconds"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x"},
        "spec": {k: v for k, v in spec.items() if k not in own},
    }

    assert (service["apiVersion"], service["kind"]) == ("serving.knative.dev/v1", "Service")
    assert own <= set(spec)
    kubernetes_validate.validate(pod, "1.31", strict=True)


SCALED_OBJECT = {  # fields of KEDA's v1alpha1, as the types that @kubernetes-models/keda 2.0.0 makes of its definition have them
    "spec": {
        *("advanced", "cooldownPeriod", "fallback", "idleReplicaCount", "maxReplicaCount", "minReplicaCount"),
        *("pollingInterval", "scaleTargetRef", "triggers"),
    },
    "scaleTargetRef": {"apiVersion", "envSourceContainerName", "kind", "name"},
    "trigger": {"authenticationRef", "metadata", "metricType", "name", "type", "useCachedMetrics"},
}


def test_kedas_object_has_its_fields_and_scales_the_deployment_that_is_there():
    [scaled] = manifests("keda.yaml")
    spec = scaled["spec"]

    assert (scaled["apiVersion"], scaled["kind"]) == ("keda.sh/v1alpha1", "ScaledObject")
    assert set(spec) <= SCALED_OBJECT["spec"]
    assert set(spec["scaleTargetRef"]) <= SCALED_OBJECT["scaleTargetRef"]
    assert all(set(trigger) <= SCALED_OBJECT["trigger"] for trigger in spec["triggers"])
    assert all(isinstance(v, str) for trigger in spec["triggers"] for v in trigger["metadata"].values())
    assert spec["scaleTargetRef"]["name"] == deployment()["metadata"]["name"]
    assert scaled["metadata"]["namespace"] == deployment()["metadata"]["namespace"]


def test_a_pod_that_is_none_is_refused():
    service = yaml.safe_load((TARGETS / "cloud_run" / "service.yaml").read_text())
    [container] = service["spec"]["template"]["spec"]["containers"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x"},
        "spec": {"containers": [{**container, "prots": []}]},
    }
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(pod, "1.31", strict=True)


def container_app():
    [app] = [r for r in arm("azure_container_apps")["resources"] if r["type"] == "Microsoft.App/containerApps"]
    return app


def arm(name):
    return json.loads((TARGETS / name / "template.json").read_text())


def models():
    web = pytest.importorskip("azure.mgmt.web.models")
    apps = pytest.importorskip("azure.mgmt.appcontainers.models")
    return {
        "Microsoft.App/containerApps": apps.ContainerApp,
        "Microsoft.App/managedEnvironments": apps.ManagedEnvironment,
        "Microsoft.Web/sites": web.Site,
        "Microsoft.Web/serverfarms": web.AppServicePlan,
    }


@pytest.mark.parametrize(("name", "modelled"), [("azure_base", 2), ("azure_container_apps", 1), ("azure_functions", 2)])
def test_arm_resources_have_the_field_names_of_azures_models(name, modelled):
    held = 0
    for resource in arm(name)["resources"]:
        model = models().get(resource["type"])
        if model is not None:
            body = {k: v for k, v in resource.items() if k not in ("apiVersion", "dependsOn", "scope", "condition")}
            assert unknown(model, body) == []
            held += 1
    assert held == modelled


def test_a_field_that_azure_does_not_have_is_found():
    [app] = [r for r in arm("azure_container_apps")["resources"] if r["type"] == "Microsoft.App/containerApps"]
    app["properties"]["template"]["containers"][0]["imagee"] = "x"
    assert [p for p in unknown(models()[app["type"]], app) if "imagee" in p]


@pytest.mark.parametrize("name", ["azure_base", "azure_container_apps", "azure_functions"])
def test_every_parameter_is_declared_used_and_no_secret_has_a_default(name):
    template = arm(name)
    text = json.dumps({k: v for k, v in template.items() if k != "parameters"})
    used = set(re.findall(r"parameters\('(\w+)'\)", text))

    assert used == set(template["parameters"])
    assert all("defaultValue" not in p for p in template["parameters"].values() if p["type"] == "securestring")


def test_the_compose_file_keeps_to_its_specification_and_binds_to_loopback():
    path = TARGETS / "docker_vm" / "compose.yaml"
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    services = yaml.safe_load(path.read_text())["services"]

    assert done.returncode == 0, done.stdout
    assert services["chat"]["ports"] == ["${BIND:-127.0.0.1}:8080:8080"]
    assert all(s["read_only"] and s["cap_drop"] == ["ALL"] for s in services.values())


def test_what_serves_is_asked_for_alike_everywhere():
    """The same service under the same options, but for what a platform's front wants of keep-alive."""
    commands = [
        " ".join(
            yaml.safe_load((TARGETS / "cloud_run" / "service.yaml").read_text())["spec"]["template"]["spec"][
                "containers"
            ][0]["args"]
        ),
        " ".join(deployment()["spec"]["template"]["spec"]["containers"][0]["command"]),
        " ".join(container_app()["properties"]["template"]["containers"][0]["args"]),
    ]
    for words in commands:
        assert "uvicorn ragchat.asgi:app" in words
        assert all(w in words for w in ("--no-access-log", "--no-server-header", "--no-date-header"))


def test_shapes_in_prices_are_those_of_the_deployment():
    container = container_app()["properties"]["template"]["containers"][0]["resources"]
    aca = read_target(TARGETS / "azure_container_apps", {}).prices.parameters
    functions = read_target(TARGETS / "azure_functions", {}).prices.parameters
    run = yaml.safe_load((TARGETS / "cloud_run" / "service.yaml").read_text())["spec"]["template"]["spec"][
        "containers"
    ][0]
    limits, priced = run["resources"]["limits"], read_target(TARGETS / "cloud_run", {}).prices.parameters

    usual = {name: said.get("defaultValue") for name, said in arm("azure_container_apps")["parameters"].items()}
    assert container == {"cpu": "[json(parameters('cpu'))]", "memory": "[parameters('memory')]"}
    assert (usual["cpu"], usual["memory"]) == (f"{aca['vcpu']:g}", f"{aca['memory_gib']:g}Gi")
    assert functions["memory_mb"] == arm("azure_functions")["parameters"]["instanceMemoryMB"]["defaultValue"]
    assert (limits["cpu"], limits["memory"]) == (f"{priced['vcpu']:g}", f"{priced['memory_gib']:g}Gi")


@pytest.mark.parametrize("name", ["azure_functions", "azure_functions/jobs"])
def test_a_function_apps_host_reads_its_storage_by_the_identity_that_has_the_role(name):
    """The host's default credential takes AZURE_CLIENT_ID, which is the service's: that identity may not read the storage."""
    [site] = [r for r in arm(name)["resources"] if r["type"] == "Microsoft.Web/sites"]
    settings = {one["name"]: one["value"] for one in site["properties"]["siteConfig"]["appSettings"]}

    if "AZURE_CLIENT_ID" in settings:
        assert settings["AzureWebJobsStorage__credential"] == "managedidentity"
        assert "AzureWebJobsStorage__clientId" not in settings, "none named: the app's own"
