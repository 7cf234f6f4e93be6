"""Taking a deployment out of a cluster, and looking whether anything of it is left there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError, Refused
from harness.platforms.deploying import Destroyed, Heard, Took
from harness.platforms.kubernetes.cluster import Cluster, ClusterError, Json, conditions, group_path
from harness.platforms.kubernetes.manifests import KNATIVE, LABEL, NAMESPACE
from harness.platforms.kubernetes.secret import SHARED
from harness.platforms.shared.deploy.proof import Look, Proof, proof_of, proved

if TYPE_CHECKING:
    from harness.platforms.kubernetes.deploy import KubernetesDeployment

GONE_S = 900.0
SHARED_KINDS = (("v1", "Secret"), ("v1", "ConfigMap"))
OTHERS = (("apps/v1", "Deployment"), (KNATIVE, "Service"))
UNLABELLED = (
    *(("apps/v1", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet")),
    *(("batch/v1", kind) for kind in ("Job", "CronJob")),
    ("networking.k8s.io/v1", "Ingress"),
    ("v1", "PersistentVolumeClaim"),
)
BALANCED = "service.kubernetes.io/load-balancer-cleanup"  # which holds a Service until the cloud's own is gone
NOT_LOOKED = (
    "the nodes, which are still billed; images in the registry; the cloud's own list of balancers and disks, "
    "whose finalizers hold each Service and volume until they are gone"
)


class Removal:
    """What carries a target's label; what all share, and the namespace where a deployment made it, goes with the last of them."""

    def __init__(self, made: KubernetesDeployment, cluster: Cluster) -> None:
        self._made, self._cluster = made, cluster
        self._space = f"/api/v1/namespaces/{made.namespace}"
        self._manifests = [m for part in made.parts for m in part.all if m.kind != NAMESPACE]

    @property
    def alone(self) -> bool:
        """Whether no other target has a workload in this namespace."""
        return not self._others()

    @property
    def whole(self) -> bool:
        """Whether the namespace goes: a deployment made it, and nobody else is in it."""
        there = self._cluster.found("namespace", self._space)
        return there is not None and self._label(there) in self._made.labels and self.alone

    def run(self, heard: Heard) -> Destroyed:
        """Raises PilotError where something does not go."""
        began, alone = self._made.pace.clock(), self.alone
        gone = self._remove_namespace(heard) if self.whole else self._remove_each(heard)
        seconds = round(self._made.pace.clock() - began, 1)
        owner = self._made.parts[0].target.name if len(self._made.parts) == 1 else None
        done = (Took(", ".join(gone), "removed", seconds, owner),) if gone else ()
        proof = proved(partial(self._proof, alone=alone), self._made.pace, heard)  # a volume goes after its claim
        return Destroyed(done, tuple(proof.looked), tuple(proof.left), tuple(proof.unseen), NOT_LOOKED)

    def notes(self) -> Iterator[str]:
        """Before anything goes: what goes with it, and what stays."""
        if others := self._others():
            yield f"namespace {self._made.namespace} and the model provider stay: used by {', '.join(others)}"
        if alike := self.alike():
            yield f"with the same label, and removed too: {', '.join(alike)}"
        if self.whole:
            foreign, unseen = self._unlabelled()
            if foreign:
                yield f"without the label {LABEL}, and removed with the namespace: {', '.join(foreign)}"
            yield from (f"whether others go with the namespace is not known: {words}" for words in unseen)
        yield "what pods have logged goes too: run pilot collect before"

    def _unlabelled(self) -> tuple[list[str], list[str]]:
        """What goes with the namespace and is none of the pilot's; and what may not be listed, in the cluster's words."""
        mine = {m.name for m in self._manifests}
        found: list[str] = []
        unseen: list[str] = []
        for api, kind in UNLABELLED:
            try:
                names = [str(one["metadata"]["name"]) for one in self._rows(api, kind) if not self._label(one)]
            except ClusterError as error:
                unseen.append(str(error))
                continue
            found += [f"{kind} {name}" for name in names if name not in mine]
        return found, unseen

    def there(self) -> list[str]:
        """What carries a label of these targets, and of what they share where nobody else uses it."""
        return [f"{kind} {one['metadata']['name']}" for _, kind, one in self._labelled()]

    def _labelled(self) -> Iterator[tuple[str, str, Json]]:
        labels = set(self._made.labels)
        shared = {SHARED, *(m.label for part in self._made.parts for m in part.provider if m.label)}
        if self.alone:
            labels |= shared
        selector = f"{LABEL} in ({','.join(sorted(labels))})"
        kinds = dict.fromkeys([*((m.api, m.kind) for m in self._manifests), *SHARED_KINDS])
        for api, kind in kinds:
            for one in self._rows(api, kind, selector):
                yield api, kind, one

    def _rows(self, api: str, kind: str, selector: str | None = None) -> list[Json]:
        """Of this namespace; none of a kind that the cluster does not know."""
        try:
            plural, _ = self._cluster.kind(api, kind)
        except Refused:
            return []
        path = f"{group_path(api)}/namespaces/{self._made.namespace}/{plural}"
        return self._cluster.rows(f"{kind}s", path, selector)

    def alike(self) -> list[str]:
        """Workloads with a label of these targets that none of their manifests makes; none where they may not be listed."""
        mine = {(m.kind, m.name) for m in self._manifests}
        selector = f"{LABEL} in ({','.join(sorted(self._made.labels))})"
        try:
            found = [
                (kind, str(r["metadata"]["name"])) for api, kind in OTHERS for r in self._rows(api, kind, selector)
            ]
        except ClusterError:
            return []
        return [f"{kind} {name}" for kind, name in found if (kind, name) not in mine]

    def _others(self) -> list[str]:
        """Workloads of other targets."""
        mine = {SHARED, *self._made.labels, *(m.label for part in self._made.parts for m in part.provider)}
        found = [one for api, kind in OTHERS for one in self._rows(api, kind, LABEL) if self._label(one) not in mine]
        return [str(one["metadata"]["name"]) for one in found]

    def _remove_namespace(self, heard: Heard) -> list[str]:
        if not self._cluster.delete("namespace", self._space, last=False):
            return []
        self._until_gone(heard, lambda: self._cluster.found("namespace", self._space))
        return [f"namespace {self._made.namespace}"]

    def _until_gone(self, heard: Heard, ask: Callable[[], Json | None]) -> None:
        """Raises PilotError with what holds it, in the cluster's words."""
        pace, began = self._made.pace, self._made.pace.clock()
        while (there := ask()) is not None:
            held = _held(there)
            heard.work(f"namespace {self._made.namespace}, {pace.clock() - began:.0f} s: {held or 'being removed'}")
            if pace.clock() - began > GONE_S:
                raise PilotError(
                    f"namespace {self._made.namespace} was not gone within {GONE_S / 60:g} minutes: {held or 'it does not say why'}",
                    "what a finalizer holds is removed by its controller, which must run; the same command again goes on waiting",
                )
            pace.sleep(pace.poll_s)

    def _remove_each(self, heard: Heard) -> list[str]:
        pace, began, gone = self._made.pace, self._made.pace.clock(), []
        while there := list(self._labelled()):
            for api, kind, one in there:
                name = str(one["metadata"]["name"])
                plural, _ = self._cluster.kind(api, kind)
                if not one["metadata"].get("deletionTimestamp"):
                    path = f"{group_path(api)}/namespaces/{self._made.namespace}/{plural}/{name}"
                    self._cluster.delete(f"{kind} {name}", path)
                    gone.append(f"{kind} {name}")
            names = ", ".join(f"{kind} {one['metadata']['name']}" for _, kind, one in there)
            heard.work(f"{pace.clock() - began:.0f} s: {names}")
            if pace.clock() - began > GONE_S:
                raise PilotError(
                    f"not gone within {GONE_S / 60:g} minutes: {names}",
                    "what a finalizer holds is removed by its controller, which must run; the same command again goes on waiting",
                )
            pace.sleep(pace.poll_s)
        return gone

    def _proof(self, *, alone: bool) -> Proof:
        space, labels = self._made.namespace, self._made.labels

        def namespace() -> Iterator[str]:
            there = self._cluster.found("namespace", self._space)
            if there is not None and alone and self._label(there) in labels:
                yield f"namespace {space}"

        def pods() -> Iterator[str]:
            selector = f"{LABEL} in ({','.join(sorted(labels))})"
            yield from (f"pod {p['metadata']['name']}" for p in self._rows("v1", "Pod", selector))

        def balancers() -> Iterator[str]:
            for r in self._rows("v1", "Service", f"{LABEL} in ({','.join(sorted(labels))})"):
                if r["spec"].get("type") == "LoadBalancer" or BALANCED in (r["metadata"].get("finalizers") or ()):
                    yield f"load balancer of Service {r['metadata']['name']}"

        def volumes() -> Iterator[str]:
            if self._cluster.found("namespace", self._space) is not None:
                return  # of a team's own namespace, whose volumes are its own
            rows = self._cluster.rows("volumes", "/api/v1/persistentvolumes")
            mine = [r for r in rows if ((r["spec"].get("claimRef") or {}).get("namespace")) == space]
            yield from (
                f"volume {r['metadata']['name']} ({r['spec'].get('persistentVolumeReclaimPolicy')})" for r in mine
            )

        looks: dict[str, Look] = {
            "namespace": namespace,
            "everything that carries the label": lambda: iter(self.there()),
            "pods": pods,
            "load balancers": balancers,
            "volumes": volumes,
        }
        return proof_of(looks)

    @staticmethod
    def _label(said: Json) -> str | None:
        return (said["metadata"].get("labels") or {}).get(LABEL)


def _held(namespace: Json) -> str:
    """What its conditions say is still in it, or holds it."""
    wrong = [c for name, c in conditions(namespace).items() if c.get("status") == "True"]
    return visible("; ".join(str(c.get("message")) for c in wrong), MOST_SHOWN)
