"""What every control side must do, whichever platform it is."""

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import boto3
import httpx
import pytest
from botocore.stub import Stubber

from harness.domain.target import Cold, Dialect, Target
from harness.errors import PilotError
from harness.platforms.aws_ecs.config import AwsEcs
from harness.platforms.aws_ecs.control import EcsRuntime
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.aws_lambda.control import LambdaRuntime
from harness.platforms.azure_container_apps.config import AzureContainerApp
from harness.platforms.azure_container_apps.control import ContainerAppRuntime
from harness.platforms.azure_functions.config import AzureFunctionApp
from harness.platforms.azure_functions.control import FunctionAppRuntime
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.cloud_run.control import CloudRunRuntime
from harness.platforms.kubernetes.config import Kubernetes
from harness.platforms.kubernetes.control import KubernetesRuntime
from harness.platforms.shared.rest import Rest
from tests.fakes import ScriptedServer

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "planted-secret", "region_name": "us-east-1"}
ACCOUNT = "123456789012"
KINDS = ("new-version", "killed", "scaled-to-zero", "restarted")


SAID = {
    "FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:chat",
    "MemorySize": 1769,
    "RevisionId": "r",
    "LastUpdateStatus": "Successful",
    "Environment": {"Variables": {"KEY": "planted-secret"}},
}


class Clock:
    """Time that passes only by sleeping."""

    now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class LambdaRig:
    """A function without an alias."""

    platform, region = "aws-lambda", "us-east-1"

    def __init__(self, url):
        self.clock, api = Clock(), boto3.client("lambda", **KEYS)
        config = AwsLambda("chat", "us-east-1")
        target = Target("fn", Path("fn"), Dialect.RAG_CHAT, config, base_url=url)
        self.stub = Stubber(api)
        self.runtime = LambdaRuntime(target, config, url, api, clock=self.clock, sleep=self.clock.sleep)

    def refuse(self):
        self.stub.add_client_error("get_function_configuration", "AccessDeniedException", "words of the service")

    def facts(self):
        self.stub.add_response("get_function_configuration", SAID)
        self.stub.add_response("get_function_concurrency", {})
        self.stub.add_client_error("get_function_url_config", "ResourceNotFoundException", "none")

    def cold(self):
        for method in ("get_function_configuration", "update_function_configuration", "get_function_configuration"):
            self.stub.add_response(method, SAID)

    def never_settles(self):
        self.stub.add_response("get_function_configuration", SAID)
        self.stub.add_response("update_function_configuration", SAID)
        for _ in range(400):
            self.stub.add_response("get_function_configuration", {**SAID, "LastUpdateStatus": "InProgress"})


class EcsRig:
    """A service of one task."""

    platform, region = "aws-ecs", "us-east-1"

    def __init__(self, url):
        self.clock, api = Clock(), boto3.client("ecs", **KEYS)
        config = AwsEcs("cluster", "service", "us-east-1")
        target = Target("ecs", Path("ecs"), Dialect.RAG_CHAT, config, base_url=url)
        self.stub = Stubber(api)
        self.runtime = EcsRuntime(target, config, url, api, clock=self.clock, sleep=self.clock.sleep)

    def service(self, state="COMPLETED"):
        deployment = {"rolloutState": state, "createdAt": datetime(2026, 11, 20, tzinfo=UTC)}
        arn = f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/chat:3"
        said = {"taskDefinition": arn, "desiredCount": 1, "runningCount": 1, "deployments": [deployment]}
        self.stub.add_response("describe_services", {"services": [said]})

    def refuse(self):
        self.stub.add_client_error("update_service", "AccessDeniedException", "words of the service")

    def facts(self):
        self.service()
        image = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/chat"
        secret = [{"name": "KEY", "value": "planted-secret"}]
        containers = [{"name": "chat", "image": image, "environment": secret}]
        self.stub.add_response("describe_task_definition", {"taskDefinition": {"containerDefinitions": containers}})

    def cold(self):
        self.stub.add_response("update_service", {})
        self.service("IN_PROGRESS")
        self.service()

    def never_settles(self):
        self.stub.add_response("update_service", {})
        for _ in range(400):
            self.service("IN_PROGRESS")


class RestRig:
    """A control plane over REST: answers in order, the last one for ever."""

    def __init__(self, url):
        self.clock, self._script, self.asked = Clock(), [], []
        api = Rest("http://cloud", transport=httpx.MockTransport(self._answer))
        target = Target("there", Path("there"), Dialect.RAG_CHAT, self.config, base_url=url)
        self.runtime = self.kind(target, self.config, url, api, clock=self.clock, sleep=self.clock.sleep)
        self.stub = nullcontext()

    def _answer(self, request):
        self.asked.append((request.method, request.url.path, request.content))
        said = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        return said if isinstance(said, httpx.Response) else httpx.Response(200, json=said)

    def facts(self):
        self._script = [self.said()]

    def refuse(self):
        said = {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "words of the service"}}
        self._script = [httpx.Response(403, json=said)]

    def never_settles(self):
        self._script = [self.said(), {}, self.said(settled=False)]

    def cold(self):
        self._script = [self.said(), {}, self.said(settled=False), self.said()]


SECRETS = [{"name": "KEY", "value": "planted-secret"}, {"name": "PILOT_COLD", "value": "4"}]


class CloudRunRig(RestRig):
    """A service of Cloud Run."""

    kind, config = CloudRunRuntime, CloudRun(ACCOUNT, "europe-west1", "chat")
    platform, region = "cloud-run", "europe-west1"

    def said(self, settled=True):
        name = f"projects/{ACCOUNT}/locations/europe-west1/services/chat/revisions/chat-0000"
        container = {"image": "chat", "env": [dict(v) for v in SECRETS], "resources": {"limits": {"cpu": "1"}}}
        return {
            "template": {"containers": [container], "timeout": "60s", "maxInstanceRequestConcurrency": 80},
            "latestReadyRevision": f"{name}4",
            "latestCreatedRevision": f"{name}{4 if settled else 5}",
            "reconciling": not settled,
            "terminalCondition": {"state": "CONDITION_SUCCEEDED" if settled else "CONDITION_RECONCILING"},
        }


class ContainerAppRig(RestRig):
    """A container app of Azure."""

    kind, config = ContainerAppRuntime, AzureContainerApp(ACCOUNT, "rag", "chat")
    platform, region = "azure-container-apps", None

    def said(self):
        container = {"name": "chat", "image": "chat", "env": SECRETS, "resources": {"cpu": 1.0, "memory": "2Gi"}}
        template = {"containers": [container], "scale": {"minReplicas": 0, "maxReplicas": 5}}
        said = {"latestReadyRevisionName": "chat--1", "runningStatus": "Running"}
        return {"id": f"/subscriptions/{ACCOUNT}", "properties": {"template": template, **said}}

    def revision(self, settled=True):
        return {"name": "chat--1", "properties": {"runningState": "Running" if settled else "Processing"}}

    def cold(self):
        self._script = [self.said(), {}, self.revision(settled=False), self.revision()]

    def never_settles(self):
        self._script = [self.said(), {}, self.revision(settled=False)]


class FunctionAppRig(RestRig):
    """A function app of Azure; its first answer to a cold call is the restart's."""

    kind, config = FunctionAppRuntime, AzureFunctionApp(ACCOUNT, "rag", "chat")
    platform, region = "azure-functions", None

    def said(self, settled=True):
        app = {"scaleAndConcurrency": {"instanceMemoryMB": 2048}, "runtime": {"name": "custom"}}
        return {
            "properties": {
                "state": "Running" if settled else "Stopped",
                "functionAppConfig": app,
                "sku": "FlexConsumption",
            }
        }

    def cold(self):
        self._script = [{}, self.said(settled=False), self.said()]

    def never_settles(self):
        self._script = [{}, self.said(settled=False)]


class KubernetesRig(RestRig):
    """A deployment of two pods."""

    kind, config, name = KubernetesRuntime, Kubernetes("rag", "chat"), "kubernetes"
    platform, region = "kubernetes", None

    def said(self, settled=True):
        counts = {
            "replicas": 2,
            "updatedReplicas": 2 if settled else 1,
            "availableReplicas": 2,
            "observedGeneration": 3,
        }
        labels = {"app": "chat"}
        pod = {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "chat", "image": "chat", "env": SECRETS}]},
        }
        condition = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "chat", "namespace": "rag", "generation": 3},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod},
            "status": {**counts, "conditions": [condition]},
        }

    def cold(self):
        self._script = [{}, self.said(settled=False), self.said()]

    def never_settles(self):
        self._script = [{}, self.said(settled=False)]


class KnativeRig(KubernetesRig):
    """A service of Knative."""

    config = Kubernetes("rag", "chat", knative=True)
    platform = "knative"

    def said(self, settled=True):
        said = super().said()
        said["status"] = {
            "observedGeneration": 3,
            "conditions": [{"type": "Ready", "status": "True" if settled else "Unknown"}],
        }
        return said


@pytest.fixture
def server():
    running = ScriptedServer()
    yield running
    running.close()


RIGS = (LambdaRig, EcsRig, CloudRunRig, ContainerAppRig, FunctionAppRig, KubernetesRig, KnativeRig)


@pytest.fixture(params=RIGS, ids=lambda rig: rig.__name__.removesuffix("Rig"))
def rig(request, server):
    return request.param(server.url)


def test_facts_name_the_runtime_and_hold_no_secret_and_no_account(rig):
    rig.facts()
    with rig.stub:
        facts = rig.runtime.facts()

    assert facts["kind"] == rig.platform
    assert facts.get("region") == rig.region
    assert ACCOUNT not in repr(facts)
    assert "planted-secret" not in repr(facts)


def test_cold_says_how_and_touches_the_target_not_once(rig, server):
    rig.cold()
    with rig.stub:
        cold = rig.runtime.make_cold()

    assert isinstance(cold, Cold)
    assert cold.kind in KINDS
    assert cold.method
    assert server.connections == 0


def test_a_control_plane_that_refuses_ends_in_its_own_words(rig):
    rig.refuse()
    with rig.stub, pytest.raises(PilotError, match="words of the service"):
        rig.runtime.make_cold()


def test_a_change_that_never_settles_is_given_up_and_said(rig):
    rig.never_settles()
    with rig.stub, pytest.raises(PilotError, match="did not settle within"):
        rig.runtime.make_cold()
    assert rig.clock.now < 1000


def test_readiness_is_the_targets_own_health_check(rig, server):
    rig.runtime.wait_ready()

    assert server.paths == ["/health"]
