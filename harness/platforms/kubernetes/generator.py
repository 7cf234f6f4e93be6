"""``generator.kind = "kubernetes"``: a Job for each member, with a Secret that the Job owns; in a cluster that is not measured.

Verified: spec only; what is sent is held to the API's schemas in the tests. A campaign that is killed leaves nothing: its
standbys leave when it is silent, an ended Job is removed by the cluster, and its Secret with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from harness.errors import PilotError
from harness.keys import VARIABLE
from harness.platforms.generator import (
    CALL_VARIABLE,
    MEMBER_VARIABLE,
    SETTLE_S,
    STANDBY,
    Call,
    FleetConfig,
    GeneratorKind,
)
from harness.platforms.shared.call import demand
from harness.platforms.shared.origins import cluster
from harness.platforms.shared.rest import Rest, RestError
from harness.tables.value import value
from harness.tables.values import Line, Variable

CAMPAIGN, MEMBER = "runtime-pilot/campaign", "runtime-pilot/member"
KEPT_S = 300  # an ended Job, for whoever asks why it ended
POLL_S = 1.0
HOPELESS = ("ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CrashLoopBackOff")


@value
class KubernetesGenerator(FleetConfig):
    """``secrets``: a Secret with the targets' credentials; ``days``: after which a Job ends whatever happens."""

    kind: ClassVar[str] = "kubernetes"

    namespace: Line = Field(kw_only=True)
    image: Line = Field(kw_only=True)
    workers: int = Field(kw_only=True, ge=1, le=100)
    secrets: Line | None = None
    cpu: Line = "1"
    memory: Line = "1Gi"
    days: int = Field(default=21, ge=1, le=90)
    api: Annotated[str, Field(pattern="^https?://")] = "http://127.0.0.1:8001"
    token_env: Variable | None = None
    ca_file: Line | None = None


class Jobs:
    """The members as Jobs of one pod; a new one takes the place of what ended."""

    def __init__(
        self,
        config: KubernetesGenerator,
        call: Call,
        api: Rest,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.members: Sequence[str] = tuple(f"worker-{k}" for k in range(1, config.workers + 1))
        self._config, self._call, self._api, self._clock, self._sleep = config, call, api, clock, sleep
        self._jobs = f"/apis/batch/v1/namespaces/{config.namespace}/jobs"
        self._pods = f"/api/v1/namespaces/{config.namespace}/pods"
        self._secrets = f"/api/v1/namespaces/{config.namespace}/secrets"
        self._tries: dict[str, int] = {}

    def start(self, member: str) -> None:
        if member in self._tries:
            self._remove(f"{CAMPAIGN}={self._call.campaign},{MEMBER}={member}")
        self._tries[member] = self._tries.get(member, 0) + 1
        name = self._name(member)
        doing = f"the generator {member} could not be started"
        made = demand(doing, self._api.post, path=self._jobs, body=job_of(self._config, self._call, member, name))
        secret = secret_of(self._call, member, name, str(made["metadata"]["uid"]))
        demand(doing, self._api.post, path=self._secrets, body=secret)

    def ended(self, member: str) -> str | None:
        if member not in self._tries:
            return "not started"
        try:
            said = self._api.get(f"{self._jobs}/{self._name(member)}")
        except RestError as error:
            return "its Job is gone" if "404" in str(error) else None  # what cannot be asked may well run
        finally:
            self._api.take()  # nobody keeps these answers
        status = said.get("status") or {}
        for condition in status.get("conditions") or ():
            if condition.get("type") in ("Failed", "Complete") and condition.get("status") == "True":
                return str(condition.get("message") or condition.get("reason") or "its Job ended")
        return self._hopeless(member)

    def _hopeless(self, member: str) -> str | None:
        for pod in self._listed(self._pods, f"{CAMPAIGN}={self._call.campaign},{MEMBER}={member}"):
            for container in (pod.get("status") or {}).get("containerStatuses") or ():
                waiting = (container.get("state") or {}).get("waiting") or {}
                if waiting.get("reason") in HOPELESS:
                    return f"{waiting['reason']}: {waiting.get('message', '')}"
        return None

    def stop(self) -> None:
        chosen = f"{CAMPAIGN}={self._call.campaign}"
        self._remove(chosen)
        until = self._clock() + SETTLE_S
        while left := [
            str(one["metadata"]["name"]) for path in (self._jobs, self._pods) for one in self._listed(path, chosen)
        ]:
            if self._clock() > until:
                raise PilotError(
                    f"still there after {SETTLE_S:g} s: {', '.join(left)}",
                    f"kubectl -n {self._config.namespace} delete jobs,pods -l {chosen}",
                )
            self._sleep(POLL_S)

    def _remove(self, chosen: str) -> None:
        params = {"labelSelector": chosen, "propagationPolicy": "Background"}
        demand("the generators could not be removed", self._api.delete, path=self._jobs, params=params)

    def _listed(self, path: str, chosen: str) -> list[dict[str, Any]]:
        try:
            return list(self._api.get(path, {"labelSelector": chosen}).get("items") or ())
        except RestError:
            return [{"metadata": {"name": f"{path} (it could not be asked)"}}]
        finally:
            self._api.take()

    def _name(self, member: str) -> str:
        return f"{self._call.campaign}-{member}-{self._tries[member]}"


def job_of(config: KubernetesGenerator, call: Call, member: str, name: str) -> dict[str, Any]:
    """The manifest: nobody in particular, a core of its own, on another node than the rest where there is one."""
    labels = {CAMPAIGN: call.campaign, MEMBER: member}
    whole = {"cpu": config.cpu, "memory": config.memory}
    sources = [{"secretRef": {"name": name}}]
    sources += [{"secretRef": {"name": config.secrets}}] if config.secrets else []
    container = {
        "name": "standby",
        "image": config.image,
        "command": list(STANDBY),
        "env": [{"name": CALL_VARIABLE, "value": call.to}, {"name": MEMBER_VARIABLE, "value": member}],
        "envFrom": sources,
        "resources": {"requests": whole, "limits": whole},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - of the pod
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {CAMPAIGN: call.campaign}},
            }
        ],
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": config.namespace, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": config.days * 86_400,
            "ttlSecondsAfterFinished": KEPT_S,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def secret_of(call: Call, member: str, name: str, uid: str) -> dict[str, Any]:
    """The campaign's secret for one Job, removed with it."""
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid}
    labels = {CAMPAIGN: call.campaign, MEMBER: member}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": labels, "ownerReferences": [owner]},
        "type": "Opaque",
        "stringData": {VARIABLE: call.secret.decode()},
    }


def _fleet(config: KubernetesGenerator, call: Call) -> Jobs:
    return Jobs(config, call, cluster(config.api, config.token_env, config.ca_file))


def _steers(table: Mapping[str, Any]) -> str:
    where = f"{table.get('namespace')} of {table.get('api', 'http://127.0.0.1:8001')}"
    return f"makes and deletes Jobs of {table.get('image')} in {where} with this machine's credentials"


KIND = GeneratorKind(KubernetesGenerator.kind, KubernetesGenerator, _fleet, "spec only", steers=_steers)
