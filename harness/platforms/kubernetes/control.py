"""The control plane of a Deployment, or of a Knative Service, by the cluster's own API.

Verified: spec only; manifests and patches are held to the API's schemas in the tests.
Where the API is reached: ``kubectl proxy`` needs no credentials here, a cluster's own
address wants a token from the environment and the cluster's authority.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from harness.domain.target import Cold
from harness.errors import PilotError
from harness.platforms.kubernetes.config import Kubernetes
from harness.platforms.shared.call import demand
from harness.platforms.shared.origins import cluster
from harness.platforms.shared.settling import Settling, controlling

SETTLE_S, POLL_S = 300.0, 1.0
MERGE = "application/merge-patch+json"
RESTARTED = "kubectl.kubernetes.io/restartedAt"  # what `kubectl rollout restart` writes


class KubernetesRuntime(Settling[Kubernetes]):
    """Its Deployment or Knative Service is what is asked and restarted."""

    wall = staticmethod(time.time)  # dates the restart

    @property
    def _path(self) -> str:
        where, knative = self._config, self._config.knative
        group = "/apis/serving.knative.dev/v1" if knative else "/apis/apps/v1"
        return f"{group}/namespaces/{where.namespace}/{'services' if knative else 'deployments'}/{where.name}"

    def facts(self) -> dict[str, Any]:
        """Image, resources and replicas, without a value of any variable; raises PilotError."""
        said = self._read()
        spec = said["spec"]["template"]["spec"]
        container = spec["containers"][0]
        return {
            "kind": "knative" if self._config.knative else "kubernetes",
            "namespace": self._config.namespace,
            "name": self._config.name,
            "generation": said["metadata"].get("generation"),
            "replicas": said["spec"].get("replicas"),
            "readyReplicas": (said.get("status") or {}).get("readyReplicas"),
            "image": container.get("image"),
            "resources": container.get("resources"),
            "annotations": {
                k: v
                for k, v in (said["spec"]["template"].get("metadata") or {}).get("annotations", {}).items()
                if k.startswith("autoscaling.knative.dev/")
            },
            "Timeout": spec.get("timeoutSeconds"),
        }

    def make_cold(self) -> Cold:
        """Replace every pod as ``kubectl rollout restart`` does; raises PilotError when that does not settle."""
        at = datetime.fromtimestamp(self.wall(), UTC).isoformat(timespec="seconds")
        body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: at}}}}}
        doing = f"{self._target.name} could not be restarted"
        demand(doing, self._api.patch, path=self._path, body=body, kind=MERGE)
        self._until("the new pods", self._settled, SETTLE_S, POLL_S)
        if self._config.knative:
            return Cold("new-version", "a new revision serves all traffic; no pod of the old one is asked")
        return Cold("restarted", "every pod replaced; requests meet only ready ones")

    def _read(self) -> dict[str, Any]:
        return demand(f"{self._target.name}: it cannot be read", self._api.get, path=self._path)

    def _settled(self) -> bool:
        said = self._read()
        status = said.get("status") or {}
        if status.get("observedGeneration") != said["metadata"].get("generation"):
            return False
        conditions = {c["type"]: c for c in status.get("conditions") or ()}
        if self._config.knative:
            ready = conditions.get("Ready", {})
            if ready.get("status") == "False":
                raise PilotError(
                    f"{self._target.name}: the new revision failed: {ready.get('message')}",
                    "kubectl describe says why; then try again",
                )
            return bool(ready.get("status") == "True")
        if conditions.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded":
            raise PilotError(
                f"{self._target.name}: the new pods did not become ready in the deployment's own time",
                "kubectl describe says why; then try again",
            )
        wanted = said["spec"].get("replicas", 1)
        return bool(
            status.get("updatedReplicas", 0)
            == status.get("replicas", 0)
            == status.get("availableReplicas", 0)
            >= min(1, wanted)
        )


control = controlling(
    KubernetesRuntime, Kubernetes, lambda config: cluster(config.api, config.token_env, config.ca_file)
)
