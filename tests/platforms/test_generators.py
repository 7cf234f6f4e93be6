"""What every kind of fleet must do: start, say what has ended and why, put a new one in its place, leave nothing."""

import json
import sys

import boto3
import httpx
import kubernetes_validate
import pytest
from botocore.validate import ParamValidator

from harness.errors import PilotError
from harness.keys import VARIABLE
from harness.platforms import registry
from harness.platforms.aws_ecs.generator import FargateGenerator, Tasks
from harness.platforms.generator import Call
from harness.platforms.kubernetes.generator import Jobs, KubernetesGenerator
from harness.platforms.shared.generators.hosts import Hosts, HostsConfig
from harness.platforms.shared.rest import Rest
from tests.platforms.rigs import KEYS, Clock

SECRET = "known to every member of it"


def call(root):
    return Call("10.0.0.5:5560", SECRET.encode(), "pilot-1f2e", root, root)


class HostsRig:
    """Commands that read their first line, keep it, and stay until their input ends."""

    STAYS = "import sys; open(sys.argv[1], 'a').write(sys.stdin.readline()); sys.stdin.read()"
    what_it_said = "its command ended with 3: no workspace here"

    def __init__(self, root):
        self._told = root / "told.jsonl"
        command = (sys.executable, "-c", self.STAYS, str(self._told))
        self.fleet = Hosts(HostsConfig(address="10.0.0.5", hosts={"one": command, "two": command}), call(root))

    def dies(self, member):
        self.fleet._commands[member] = (sys.executable, "-c", "print('no workspace here'); raise SystemExit(3)")
        self.fleet.start(member)
        self.fleet._processes[member].wait(10)

    def told(self):
        return [json.loads(line) for line in self._told.read_text().splitlines()]

    def stays_whatever_it_is_told(self):
        pytest.skip("what does not end is killed here, and its input ends there")


class Cluster:
    """An API server that keeps Jobs, their pods and Secrets; every manifest is held to the API's schemas."""

    what_it_said = "BackoffLimitExceeded"

    def __init__(self, root):
        self.jobs, self.secrets, self.stuck, self.broken = {}, {}, False, {}
        config = KubernetesGenerator(address="10.0.0.5", namespace="pilot", image="pilot-generator:1", workers=2)
        api = Rest("http://cluster", transport=httpx.MockTransport(self._answer))
        clock = Clock()
        self.fleet = Jobs(config, call(root), api, clock, clock.sleep)

    def dies(self, member):
        [name] = [n for n, j in self.jobs.items() if j["metadata"]["labels"]["runtime-pilot/member"] == member]
        failed = {"type": "Failed", "status": "True", "reason": self.what_it_said}
        self.jobs[name]["status"] = {"conditions": [failed]}

    def told(self):
        containers = [j["spec"]["template"]["spec"]["containers"][0] for j in self.jobs.values()]
        environments = [{e["name"]: e["value"] for e in c["env"]} for c in containers]
        secrets = [s["stringData"][VARIABLE] for s in self.secrets.values()]
        return [
            {"to": e["PILOT_STANDBY"], "member": e["PILOT_STANDBY_MEMBER"], "secret": s}
            for e, s in zip(environments, secrets, strict=True)
        ]

    def stays_whatever_it_is_told(self):
        self.stuck = True

    def _answer(self, request):
        path, params = request.url.path, dict(request.url.params)
        if request.method == "POST":
            made = json.loads(request.content)
            kubernetes_validate.validate(made, "1.31", strict=True)
            kept = self.jobs if made["kind"] == "Job" else self.secrets
            kept[made["metadata"]["name"]] = made
            made["metadata"]["uid"] = f"uid-{made['metadata']['name']}"
            return httpx.Response(201, json=made)
        if request.method == "DELETE":
            assert params["propagationPolicy"] == "Background", "or its pods would stay"
            for name in [] if self.stuck else self._chosen(params["labelSelector"]):
                del self.jobs[name]
                self.secrets.pop(name, None)  # its owner is gone
            return httpx.Response(200, json={})
        if path.endswith("/jobs"):
            return httpx.Response(200, json={"items": [self.jobs[n] for n in self._chosen(params["labelSelector"])]})
        if path.endswith("/pods"):
            waiting = [self.broken[m] for m in self.broken if m in params["labelSelector"]]
            states = [{"state": {"waiting": one}} for one in waiting]
            pods = [{"metadata": {"name": "p"}, "status": {"containerStatuses": states}}] if states else []
            return httpx.Response(200, json={"items": pods})
        name = path.rpartition("/")[2]
        return httpx.Response(200, json=self.jobs[name]) if name in self.jobs else httpx.Response(404, json={})

    def _chosen(self, selector):
        wanted = dict(part.split("=") for part in selector.split(","))
        return [n for n, j in self.jobs.items() if wanted.items() <= j["metadata"]["labels"].items()]


class Account:
    """ECS and Systems Manager of one account; every request is held to the SDK's service model."""

    what_it_said = "Essential container in task exited; OutOfMemoryError"

    def __init__(self, root):
        self.tasks, self.parameters, self.stuck, self.failures = {}, {}, False, []
        self._models = {name: boto3.client(name, **KEYS).meta.service_model for name in ("ecs", "ssm")}
        config = FargateGenerator(
            address="10.0.0.5",
            region="us-east-1",
            cluster="load",
            task_definition="standby:3",
            subnets=("subnet-1",),
            security_groups=("sg-1",),
            workers=2,
        )
        clock = Clock()
        self.fleet = Tasks(config, call(root), Held(self, "ecs"), Held(self, "ssm"), clock, clock.sleep)

    def held(self, service, operation, request):
        model = self._models[service].operation_model(operation)
        problems = ParamValidator().validate(request, model.input_shape)
        assert not problems.has_errors(), problems.generate_report()

    def dies(self, member):
        [task] = [t for t in self.tasks.values() if t["member"] == member and t["lastStatus"] == "RUNNING"]
        exited, reason = self.what_it_said.split("; ")
        task |= {"lastStatus": "STOPPED", "stoppedReason": exited, "containers": [{"reason": reason}]}

    def told(self):
        return [
            {"to": t["to"], "member": t["member"], "secret": self.parameters["/runtime-pilot/generator/secret"]}
            for t in self.tasks.values()
        ]

    def stays_whatever_it_is_told(self):
        self.stuck = True

    def run_task(self, **request):
        if self.failures:
            return {"tasks": [], "failures": self.failures}
        assert {"key": "pilot", "value": "rag-generator"} in request["tags"]
        said = {e["name"]: e["value"] for e in request["overrides"]["containerOverrides"][0]["environment"]}
        assert VARIABLE not in said, "it would stand in every answer of DescribeTasks"
        arn = f"arn:aws:ecs:us-east-1:123456789012:task/load/{len(self.tasks)}"
        self.tasks[arn] = {
            "taskArn": arn,
            "lastStatus": "RUNNING",
            "to": said["PILOT_STANDBY"],
            "member": said["PILOT_STANDBY_MEMBER"],
            "by": request["startedBy"],
        }
        return {"tasks": [self.tasks[arn]]}

    def describe_tasks(self, cluster, tasks):
        return {"tasks": [self.tasks[arn] for arn in tasks if arn in self.tasks]}

    def list_tasks(self, startedBy, **_):  # noqa: N803 - the API's own name
        return {"taskArns": [a for a, t in self.tasks.items() if t["by"] == startedBy and t["lastStatus"] == "RUNNING"]}

    def stop_task(self, task, **_):
        if not self.stuck:
            self.tasks[task]["lastStatus"] = "STOPPED"
        return {}

    def put_parameter(self, **request):
        assert request["Type"] == "SecureString"
        self.parameters[request["Name"]] = request["Value"]
        return {}

    def delete_parameter(self, **request):
        del self.parameters[request["Name"]]
        return {}


class Held:
    """A client whose every request the service model knows."""

    def __init__(self, account, service):
        self._account, self._service = account, service

    def __getattr__(self, name):
        def ask(**request):
            self._account.held(self._service, "".join(part.title() for part in name.split("_")), request)
            return getattr(self._account, name)(**request)

        return ask


RIGS = {"hosts": HostsRig, "kubernetes": Cluster, "fargate": Account}


@pytest.fixture(params=RIGS)
def rig(request, tmp_path):
    made = RIGS[request.param](tmp_path)
    yield made
    if not getattr(made, "stuck", False):
        made.fleet.stop()


def test_there_is_a_rig_for_every_kind():
    assert set(RIGS) == set(registry.generators())
    assert {kind.verified for kind in registry.generators().values()} <= {
        "spec only",
        "live 2026-11-27, network namespaces",
    }


def test_members_are_told_whom_to_call_and_the_secret(rig):
    for member in rig.fleet.members:
        assert rig.fleet.ended(member) == "not started"
        rig.fleet.start(member)
    assert [rig.fleet.ended(member) for member in rig.fleet.members] == [None, None]
    rig.fleet.stop() if isinstance(rig, HostsRig) else None  # by then each has read its line

    expected = [{"to": "10.0.0.5:5560", "secret": SECRET, "member": member} for member in rig.fleet.members]
    assert sorted(rig.told(), key=lambda one: one["member"]) == sorted(expected, key=lambda one: one["member"])


def test_one_that_ended_says_why_and_another_takes_its_place(rig):
    first, second = rig.fleet.members
    for member in (first, second):
        rig.fleet.start(member)
    rig.dies(second)

    assert rig.fleet.ended(first) is None
    assert rig.fleet.ended(second) == rig.what_it_said
    if isinstance(rig, HostsRig):
        rig.fleet._commands[second] = rig.fleet._commands[first]
    rig.fleet.start(second)
    assert rig.fleet.ended(second) is None


def test_nothing_is_left_after_it_was_stopped(rig):
    for member in rig.fleet.members:
        rig.fleet.start(member)
    rig.fleet.stop()

    assert all(rig.fleet.ended(member) is not None for member in rig.fleet.members)
    assert not getattr(rig, "jobs", {})
    assert not getattr(rig, "secrets", {})
    assert not getattr(rig, "parameters", {})


def test_what_cannot_be_stopped_is_named_with_the_command_that_finds_it(rig):
    rig.stays_whatever_it_is_told()
    rig.fleet.start(rig.fleet.members[0])

    with pytest.raises(PilotError, match=r"still .* after 120 s") as raised:
        rig.fleet.stop()
    assert "pilot-1f2e" in raised.value.hint


def test_an_image_that_cannot_be_pulled_is_said_and_not_waited_for(tmp_path):
    rig = Cluster(tmp_path)
    rig.fleet.start("worker-1")
    rig.broken["worker-1"] = {"reason": "ImagePullBackOff", "message": "no such image"}

    assert rig.fleet.ended("worker-1") == "ImagePullBackOff: no such image"


def test_a_task_that_ecs_does_not_place_is_an_error_with_its_reason(tmp_path):
    rig = Account(tmp_path)
    rig.failures = [{"reason": "RESOURCE:CPU on arn:aws:ecs:us-east-1:123456789012:cluster/load"}]

    with pytest.raises(PilotError, match="worker-1 could not be started: RESOURCE:CPU") as raised:
        rig.fleet.start("worker-1")
    assert "123456789012" not in str(raised.value)
