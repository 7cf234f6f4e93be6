"""Projects, subscriptions and clusters examined before money, over recorded answers of their APIs."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from harness.domain.finding import State
from harness.domain.target import Dialect, PriceModel, Target
from harness.platforms.azure_container_apps.config import AzureContainerApp
from harness.platforms.azure_functions.config import AzureFunctionApp
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.examined import examined
from harness.platforms.examining import Reach
from harness.platforms.kubernetes.config import Kubernetes
from harness.platforms.shared.call_policy import CallPolicy
from harness.platforms.shared.rest import Rest

ENV = [{"name": "RAG_PROVIDER_URL", "value": "http://provider.example"}]
HALF = [{"name": "RAG_PROVIDER_URL", "value": "RAG_http://provider.example"}]
RUN = Target("run", Path(), Dialect.RAG_CHAT, CloudRun("shop", "europe-west1", "chat"))
APP = Target("aca", Path(), Dialect.RAG_CHAT, AzureContainerApp("sub", "rag", "chat"))
FUNCTIONS = Target("fn", Path(), Dialect.RAG_CHAT, AzureFunctionApp("sub", "rag", "chat"))
PODS = Target("k8s", Path(), Dialect.RAG_CHAT, Kubernetes("rag", "chat"))
KNATIVE = Target("kn", Path(), Dialect.RAG_CHAT, Kubernetes("rag", "chat", knative=True))

GROUP = "/subscriptions/sub/resourceGroups/rag/providers"
CONTAINER_APP = f"{GROUP}/Microsoft.App/containerApps/chat"
USAGES = "/subscriptions/sub/providers/Microsoft.App/locations/eastus"
BILLED = PriceModel("azure-2026-11", "eastus", "container-apps", {})
SERVICE = "/v2/projects/shop/locations/europe-west1/services/chat"
DEPLOYMENT = "/apis/apps/v1/namespaces/rag/deployments/chat"
KSERVICE = "/apis/serving.knative.dev/v1/namespaces/rag/services/chat"
METRICS = "/apis/metrics.k8s.io/v1beta1"
SPACE = "/api/v1/namespaces/rag"
QUOTAS = f"{SPACE}/resourcequotas"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
MISSING = (404, {"error": {"code": "ResourceNotFound", "status": "NOT_FOUND", "message": "not found"}})
DENIED = (403, {"error": {"status": "PERMISSION_DENIED", "message": "no"}})


def held(request):
    return {"permissions": _json(request)["permissions"]}


def _json(request):
    return httpx.Response(200, content=request.content).json()


def spec(env=ENV, selector=None, replicas=2):
    container = {"env": env, "resources": {"requests": {"cpu": "1", "memory": "2Gi"}}}
    pod = {"containers": [container], **({"nodeSelector": selector} if selector else {})}
    return {"spec": {"replicas": replicas, "template": {"spec": pod}}, "status": {"readyReplicas": 2}}


def spec_of(asks, **more):
    """As ``spec``, of pods that ask for so much."""
    made = spec(**more)
    made["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": asks}
    return made


def nodes(*kinds, cpu="4", memory="8Gi"):
    rows = [
        {
            "metadata": {"name": f"node-{k}", "labels": {"kubernetes.io/arch": kind}},
            "spec": {},
            "status": {"allocatable": {"cpu": cpu, "memory": memory}},
        }
        for k, kind in enumerate(kinds)
    ]
    return {"items": rows}


def pods(cpu, count=2):
    """As many on the first node."""
    containers = [{"name": "other", "resources": {"requests": {"cpu": cpu}}}]
    return {
        "items": [{"spec": {"nodeName": "node-0", "containers": containers}, "status": {"phase": "Running"}}] * count
    }


def resource_quota(**hard):
    said = {k.replace("_", "."): v for k, v in hard.items()}
    return {"items": [{"status": {"hard": said, "used": dict.fromkeys(said, "1")}}]}


def only_within(request):
    """May do anything in a namespace, and make none."""
    return {"status": {"allowed": "namespace" in json.loads(request.content)["spec"]["resourceAttributes"]}}


def quota(name, now, most):
    return {"name": {"value": name, "localizedValue": name}, "unit": "Count", "currentValue": now, "limit": most}


HEALTHY = {
    "/v1/projects/shop": {"lifecycleState": "ACTIVE"},
    **{
        f"/v1/projects/shop/services/{name}.googleapis.com": {"state": "ENABLED"}
        for name in ("run", "artifactregistry", "monitoring")
    },
    "/v1/projects/shop:testIamPermissions": held,
    "/v1/projects/shop/billingInfo": {"billingEnabled": True, "projectId": "shop"},
    f"{SERVICE}:testIamPermissions": held,
    SERVICE: {"terminalCondition": {"state": "CONDITION_SUCCEEDED"}, "template": {"containers": [{"env": ENV}]}},
    "/subscriptions/sub": {"state": "Enabled"},
    **{
        f"/subscriptions/sub/providers/Microsoft.{name}": {"registrationState": "Registered"}
        for name in ("App", "OperationalInsights", "Web", "Storage", "ContainerRegistry", "ManagedIdentity")
    },
    f"{GROUP}/Microsoft.Authorization/permissions": {"value": [{"actions": ["*"], "notActions": []}]},
    CONTAINER_APP: {
        "properties": {
            "provisioningState": "Succeeded",
            "latestReadyRevisionName": "chat--1",
            "template": {"containers": [{"env": ENV}]},
        }
    },
    f"{GROUP}/Microsoft.Web/sites/chat": {"properties": {"state": "Running"}},
    f"{USAGES}/usages": {
        "value": [quota("ManagedEnvironmentCount", 2, 15), quota("SubscriptionConsumptionCores", 0, 0)]
    },
    f"{USAGES.replace('.App', '.Web')}/usages": {"value": [quota("FlexConsumptionMemoryMB", 4096, 512000)]},
    "/version": {"gitVersion": "v1.33.1"},
    SPACE: {"metadata": {"name": "rag"}},
    REVIEWS: {"status": {"allowed": True}},
    "/api/v1/nodes": nodes("amd64", "amd64"),
    "/api/v1/pods": pods("1"),
    QUOTAS: {"items": []},
    METRICS: {"resources": [{"name": "pods"}, {"name": "nodes"}]},
    DEPLOYMENT: spec(),
    KSERVICE: spec(),
}


def look(target, answers=()):
    told, asked = {**HEALTHY, **dict(answers)}, []

    def answer(request):
        asked.append(request.url.path)
        said = told[request.url.path]
        said = said(request) if callable(said) else said
        status, body = said if isinstance(said, tuple) else (200, said)
        return httpx.Response(status, json=body)

    make = partial(Rest, transport=httpx.MockTransport(answer), policy=CallPolicy(tries=1))
    reach = Reach(make_google=make, make_azure=lambda: make("https://a"), cluster=lambda *where: make("https://k"))
    return {one.name: one for one in examined(target, reach)}, asked


@pytest.mark.parametrize("target", [RUN, APP, FUNCTIONS, PODS, KNATIVE], ids=lambda t: t.name)
def test_where_everything_is_well_nothing_is_wrong(target):
    found, _ = look(target)

    assert len(found) >= 4
    assert {one.name: one for one in found.values() if one.state is not State.GOOD} == {}


@pytest.mark.parametrize(
    ("target", "answers", "name", "words", "fix"),
    [
        (
            RUN,
            {"/v1/projects/shop/services/run.googleapis.com": {"state": "DISABLED"}},
            "API run.googleapis.com",
            "off",
            "gcloud services enable",
        ),
        (
            RUN,
            {"/v1/projects/shop": {"lifecycleState": "DELETE_REQUESTED"}},
            "project",
            "DELETE_REQUESTED",
            "project of",
        ),
        (
            RUN,
            {"/v1/projects/shop:testIamPermissions": {}},
            "permissions for run",
            "run.services.update",
            "roles/run.developer",
        ),
        (RUN, {f"{SERVICE}:testIamPermissions": {}}, "invoking run", "run.routes.invoke", "roles/run.invoker"),
        (
            RUN,
            {SERVICE: {"terminalCondition": {"state": "CONDITION_FAILED", "message": "image not found"}}},
            "the service of run",
            "image not found",
            "logs",
        ),
        (
            RUN,
            {SERVICE: {**HEALTHY[SERVICE], "template": {"containers": [{"env": HALF}]}}},
            "the provider's address, run",
            "RAG_http",
            "RAG_PROVIDER_URL",
        ),
        (APP, {"/subscriptions/sub": {"state": "Disabled"}}, "subscription", "Disabled", "page"),
        (
            APP,
            {"/subscriptions/sub/providers/Microsoft.App": {"registrationState": "NotRegistered"}},
            "provider Microsoft.App",
            "NotRegistered",
            "az provider register --namespace Microsoft.App",
        ),
        (
            APP,
            {f"{GROUP}/Microsoft.Authorization/permissions": {"value": [{"actions": ["*/read"], "notActions": []}]}},
            "permissions for aca",
            "restart/action",
            "Contributor",
        ),
        (
            FUNCTIONS,
            {f"{GROUP}/Microsoft.Web/sites/chat": {"properties": {"state": "Stopped"}}},
            "the app of fn",
            "Stopped",
            "az functionapp start",
        ),
        (
            PODS,
            {REVIEWS: {"status": {"allowed": False}}},
            "permissions for k8s",
            "may not get, patch deployments in rag",
            "rolebinding",
        ),
        (PODS, {"/api/v1/nodes": nodes("amd64", "arm64")}, "nodes of k8s", "the pods name none", "nodeSelector"),
        (
            PODS,
            {DEPLOYMENT: spec(selector={"kubernetes.io/arch": "arm64"})},
            "nodes of k8s",
            "none is arm64",
            "nodeSelector",
        ),
        (PODS, {DEPLOYMENT: {**spec(), "status": {}}}, "the workload of k8s", "0 of 2 replicas", "kubectl describe"),
        (
            PODS,
            {"/api/v1/pods": pods("2"), "/api/v1/nodes": nodes("amd64")},
            "room for k8s",
            "room for 0 more pods",
            "add nodes",
        ),
        (PODS, {DEPLOYMENT: spec_of({})}, "room for k8s", "ask for nothing", "resources.requests"),
        (
            PODS,
            {QUOTAS: resource_quota(requests_cpu="1")},
            "quotas of rag",
            "requests.cpu: 1 of 1 are used, 1 more",
            "edit resourcequota",
        ),
        (
            PODS,
            {DEPLOYMENT: MISSING, QUOTAS: resource_quota(limits_memory="4Gi")},
            "quotas of rag",
            "limits.memory: 0.0 GiB of 4.0 GiB are used, 4.0 GiB more are wanted",
            "edit resourcequota",
        ),
        (
            PODS,
            {DEPLOYMENT: MISSING, SPACE: MISSING, REVIEWS: only_within},
            "permissions to deploy k8s",
            "no namespace rag, and you may not create one",
            "kubectl create namespace rag",
        ),
        (PODS, {METRICS: MISSING}, "metrics for the autoscaler of k8s", "no metrics API", "metrics-server"),
        (
            PODS,
            {DEPLOYMENT: MISSING, REVIEWS: {"status": {"allowed": False}}},
            "permissions to deploy k8s",
            "create services, patch services",
            "clusterrole=admin",
        ),
        (
            PODS,
            {DEPLOYMENT: MISSING, "/api/v1/nodes": nodes("amd64", cpu="1500m")},
            "room for k8s",
            "room for 0 more pods, of 1 CPU and 2.0 GiB each, on 1 node; 2 are to come",
            "add nodes",
        ),
        (PODS, {DEPLOYMENT: spec(HALF)}, "the provider's address, k8s", "RAG_http", "RAG_PROVIDER_URL"),
    ],
)
def test_what_would_stop_a_first_contact_comes_with_what_fixes_it(target, answers, name, words, fix):
    found, _ = look(target, answers)

    assert found[name].state is State.WRONG
    assert words in found[name].detail
    assert fix in found[name].fix


NOT_YET = {CONTAINER_APP: MISSING, f"{GROUP}/Microsoft.Web/sites/chat": MISSING}


@pytest.mark.parametrize("target", [APP, FUNCTIONS], ids=lambda t: t.name)
def test_before_a_deployment_azure_is_asked_for_all_that_it_stands_on(target):
    reader = {"value": [{"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}]}
    found, asked = look(target, {**NOT_YET, f"{GROUP}/Microsoft.Authorization/permissions": reader})
    lacking = found[f"permissions for {target.name}"]

    assert {"provider Microsoft.ContainerRegistry", "provider Microsoft.ManagedIdentity"} <= set(found)
    assert lacking.detail == "may not Microsoft.Authorization/roleAssignments/write"
    assert "Role Based Access Control Administrator" in lacking.fix
    assert not [path for path in asked if path.endswith("/usages")], "nothing says in which region"


@pytest.mark.parametrize(
    ("target", "name", "words"),
    [
        (APP, "quotas of Microsoft.App in eastus", "ManagedEnvironmentCount: 2 of 15 used"),
        (FUNCTIONS, "quotas of Microsoft.Web in eastus", "FlexConsumptionMemoryMB: 4096 of 512000 used"),
    ],
    ids=["aca", "fn"],
)
def test_what_a_region_has_left_is_told_and_stops_a_deployment_where_it_is_nothing(target, name, words):
    billed = replace(target, prices=BILLED)
    provider = name.split()[2]
    full = {f"{USAGES.replace('Microsoft.App', provider)}/usages": {"value": [quota("Cores", 10, 10)]}}

    assert (look(billed)[0][name].state, look(billed)[0][name].detail) == (State.GOOD, words)
    assert look(billed, full)[0][name].state is State.GOOD, "what stands has its place"
    before = look(billed, {**full, **NOT_YET})[0][name]
    assert (before.state, before.detail) == (State.WRONG, "Cores: 10 of 10 used")
    assert "[[quotas]]" in before.fix
    nothing = look(billed, {next(iter(full)): {"value": []}})[0][name]
    assert nothing.state is State.UNREADABLE


@pytest.mark.parametrize(
    ("target", "path", "name"),
    [
        (RUN, SERVICE, "the service of run"),
        (APP, CONTAINER_APP, "the app of aca"),
        (FUNCTIONS, f"{GROUP}/Microsoft.Web/sites/chat", "the app of fn"),
        (PODS, DEPLOYMENT, "the workload of k8s"),
    ],
    ids=lambda one: getattr(one, "name", None),
)
def test_what_is_not_deployed_yet_is_no_fault_and_what_may_not_be_read_is_cant_tell(target, path, name):
    assert look(target, {path: MISSING})[0][name].state is State.LATER
    denied = look(target, {path: DENIED})[0][name]

    assert denied.state is State.UNREADABLE
    assert "403" in denied.detail
    assert denied.fix


def test_before_a_deployment_on_google_that_is_asked_which_it_needs():
    off = {"/v1/projects/shop/services/run.googleapis.com": {"state": "DISABLED"}, SERVICE: MISSING}
    found, _ = look(RUN, off)

    assert found["API run.googleapis.com"].state is State.LATER
    assert "pilot deploy turns it on" in found["API run.googleapis.com"].detail
    assert found["billing account"].state is State.GOOD
    assert "/v1/projects/shop/billingInfo" not in look(RUN)[1], "a service that is there is paid for"
    lacking = look(RUN, {SERVICE: MISSING, "/v1/projects/shop:testIamPermissions": {}})[0]["permissions for run"]
    assert "secretmanager.secrets.create" in lacking.detail
    assert "roles/owner" in lacking.fix


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"billingEnabled": False}, State.WRONG),
        ({"projectId": "shop"}, State.WRONG),  # false is left out
        ({"surprise": 1}, State.UNREADABLE),
        ((403, {"error": {"message": "Cloud Billing API has not been used in project 1 before"}}), State.LATER),
        (DENIED, State.UNREADABLE),
    ],
)
def test_a_project_that_nobody_pays_for_is_wrong_before_it_is_deployed(said, state):
    found, _ = look(RUN, {SERVICE: MISSING, "/v1/projects/shop/billingInfo": said})
    assert found["billing account"].state is state


@pytest.mark.parametrize("target", [RUN, APP, FUNCTIONS, PODS], ids=lambda t: t.name)
def test_an_api_that_answers_something_else_is_never_good(target):
    found, _ = look(target, {path: {"surprise": 1} for path in HEALTHY})

    assert State.GOOD not in {one.state for one in found.values()}
    assert all(one.detail for one in found.values())


@pytest.mark.parametrize(
    ("target", "answers"),
    [
        (RUN, {SERVICE: {**HEALTHY[SERVICE], "template": "odd"}}),
        (
            APP,
            {
                CONTAINER_APP: {
                    "properties": {**HEALTHY[CONTAINER_APP]["properties"], "template": {"containers": "odd"}}
                }
            },
        ),
        (PODS, {DEPLOYMENT: spec([{"value": "a variable without a name"}])}),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_variables_of_an_unknown_shape_are_cant_tell(target, answers):
    found, _ = look(target, answers)

    assert found[f"the provider's address, {target.name}"].state is State.UNREADABLE


def test_a_cluster_that_is_not_reached_is_asked_nothing_more():
    found, asked = look(PODS, {"/version": (502, {"message": "no upstream"})})

    assert asked == ["/version"]
    assert found["the cluster of k8s"].state is State.UNREADABLE
    assert "kubectl proxy" in found["the cluster of k8s"].fix
