"""Waiting until the pods of a workload are there, and why they are not: the cause first, as the cluster itself says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.domain.identities import without_identity
from harness.domain.lines import lines_of
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError
from harness.platforms.kubernetes.cluster import ClusterError, Json, conditions
from harness.platforms.kubernetes.manifests import KNATIVE

if TYPE_CHECKING:
    from harness.platforms.deploying import Heard
    from harness.platforms.kubernetes.cluster import Applied, Cluster
    from harness.platforms.shared.deploy.pace import Pace

ROLLOUT_S = 900.0
GRACE_S = 60.0  # for which trouble may last before it is the end: a node may be on its way, a registry slow
MOST_FURTHER, LOG_LINES = 4, 6
REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"
STARTS = frozenset({"ContainerCreating", "PodInitializing"})
HINTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("ImagePullBackOff", "ErrImagePull", "InvalidImageName"),
        "the nodes must be able to pull it: by its digest, from a registry that they may read, for their kind of processor",
    ),
    (("CreateContainerConfigError",), "a Secret or ConfigMap that the pod names is missing"),
    (("CrashLoopBackOff", "Error", "OOMKilled"), "its own last lines say why; OOMKilled wants --set Memory=…"),
    (
        ("Unschedulable",),
        "no node has room: add one, or ask for less with --set Cpu=… --set Memory=… --set Replicas=…",
    ),
    (("FailedCreate",), "the namespace does not allow these pods: its ResourceQuota, LimitRange or pod security"),
)


@dataclass(frozen=True)
class Trouble:
    """What keeps a pod from being ready; ``lasting`` of what does not pass by more room."""

    reason: str
    words: str
    lasting: bool = True


class Rollout:
    """Of one workload that was applied; ``least``: pods that its HorizontalPodAutoscaler is to keep. KEDA may keep none."""

    def __init__(self, cluster: Cluster, applied: Applied, pace: Pace, least: int) -> None:
        self._cluster, self._pace, self._least = cluster, pace, least
        self._path, self._manifest = applied.path, applied.manifest
        self._since: float | None = None
        self._pods_path = f"/api/v1/namespaces/{self._manifest.namespace}/pods"

    def wait(self, heard: Heard) -> None:
        """Raises PilotError once trouble lasts, or when it does not end in time; the rollout itself goes on."""
        began = self._pace.clock()
        while True:
            said = self._cluster.get(self._manifest.said, self._path)
            done, words = self._knative(said) if self._manifest.api == KNATIVE else self._deployment(said)
            if done:
                return
            now = self._pace.clock()
            troubles = self._troubles(said)
            lasting = [one for one in troubles if one.lasting]
            self._since = (self._since if self._since is not None else now) if lasting else None
            heard.work(f"{self._manifest.said}, {now - began:.0f} s: {words}{_first(troubles)}")
            if self._since is not None and now - self._since >= GRACE_S:
                raise self._failure(f"{self._manifest.said} does not become ready", lasting + troubles)
            if now - began > ROLLOUT_S:
                raise self._failure(f"{self._manifest.said} was not ready within {ROLLOUT_S / 60:g} minutes", troubles)
            self._pace.sleep(self._pace.poll_s)

    def _deployment(self, said: Json) -> tuple[bool, str]:
        status, wanted = said.get("status") or {}, max(int(said["spec"].get("replicas", 1)), self._least)
        if int(status.get("observedGeneration", 0)) < int(said["metadata"]["generation"]):
            return False, "not seen by its controller yet"
        counts = [int(status.get(name, 0)) for name in ("updatedReplicas", "replicas", "availableReplicas")]
        return counts == [wanted] * 3, f"{counts[2]} of {wanted} replicas are available, {counts[0]} of the new ones"

    def _knative(self, said: Json) -> tuple[bool, str]:
        status, ready = said.get("status") or {}, conditions(said).get("Ready", {})
        if int(status.get("observedGeneration", 0)) < int(said["metadata"]["generation"]):
            return False, "not seen by its controller yet"
        words = f"revision {status.get('latestCreatedRevisionName', '')} is {ready.get('reason') or 'starting'}"
        return ready.get("status") == "True", words

    def _troubles(self, said: Json) -> list[Trouble]:
        return [*self._of_workload(said), *(t for pod in self._pods(said) for t in self._of_pod(pod))]

    def _of_workload(self, said: Json) -> Iterator[Trouble]:
        known = conditions(said)
        wrong = (("ReplicaFailure", "True"), ("Progressing", "False"), ("Ready", "False"))
        for kind, status in wrong:
            if (one := known.get(kind, {})).get("status") == status:
                yield Trouble(str(one.get("reason")), _shown(f"{one.get('reason')}: {one.get('message')}"))

    def _pods(self, said: Json) -> list[Json]:
        """Of the newest version alone: what is wrong with an older one is why there is a newer one."""
        if self._manifest.api == KNATIVE:
            latest = (said.get("status") or {}).get("latestCreatedRevisionName")
            selector = f"serving.knative.dev/revision={latest}"
        else:
            labels = said["spec"]["selector"].get("matchLabels") or {}
            selector = ",".join(f"{k}={v}" for k, v in labels.items())
        try:
            if self._manifest.api != KNATIVE:
                selector = f"{selector},{HASH}={self._newest(said, selector)}"
            return self._cluster.rows("pods", self._pods_path, selector)
        except ClusterError:
            return []  # who may not look still waits until the end

    def _newest(self, said: Json, selector: str) -> str:
        path = f"/apis/apps/v1/namespaces/{self._manifest.namespace}/replicasets"
        number = (said["metadata"].get("annotations") or {}).get(REVISION)
        rows = self._cluster.rows("its replica sets", path, selector)
        mine = [r for r in rows if (r["metadata"].get("annotations") or {}).get(REVISION) == number]
        return str(mine[0]["metadata"].get("labels", {}).get(HASH)) if mine else "none"

    def _of_pod(self, pod: Json) -> Iterator[Trouble]:
        status, name = pod.get("status") or {}, pod["metadata"]["name"]
        if (placed := conditions(pod).get("PodScheduled", {})).get("reason") == "Unschedulable":
            yield Trouble("Unschedulable", _shown(f"pod {name}: {placed.get('message')}"), lasting=False)
        for one in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
            waiting = (one.get("state") or {}).get("waiting") or {}
            reason = str(waiting.get("reason") or "")
            if reason and reason not in STARTS:
                ended = (one.get("lastState") or {}).get("terminated") or {}
                why = f"; it ended with {ended.get('exitCode')}, {ended.get('reason')}" if ended else ""
                words = f"pod {name}, container {one['name']}: {reason}: {waiting.get('message', '')}{why}"
                reason = "OOMKilled" if ended.get("reason") == "OOMKilled" else reason
                yield Trouble(reason, _shown(words) + (self._log(name, str(one["name"])) if ended else ""))

    def _log(self, pod: str, container: str) -> str:
        """The last lines of what ended."""
        params = {"container": container, "previous": "true", "tailLines": str(LOG_LINES)}
        said = self._cluster.text(f"{self._pods_path}/{pod}/log", params)
        return "".join(f"\n    | {_shown(line)}" for line in lines_of(said)[-LOG_LINES:])

    def _failure(self, words: str, troubles: Sequence[Trouble]) -> PilotError:
        found = list(dict.fromkeys(troubles))
        first, further = found[:1], found[1 : 1 + MOST_FURTHER]
        lines = [words, f"  cause: {first[0].words if first else 'the cluster names none'}"]
        lines += [f"  then:  {one.words}" for one in further]
        lines += [f"  event: {event}" for event in self._events()]
        reasons = {one.reason for one in found}
        hint = next((hint for known, hint in HINTS if reasons & set(known)), None)
        where = f"kubectl --namespace {self._manifest.namespace} describe pods"
        return PilotError("\n".join(lines), hint or f"{where} has more; the same command again goes on waiting")

    def _events(self) -> list[str]:
        path = f"/api/v1/namespaces/{self._manifest.namespace}/events"
        try:
            rows = self._cluster.rows("events", path)
        except ClusterError:
            return []
        name = self._manifest.name
        mine = [
            r
            for r in rows
            if r.get("type") == "Warning" and str((r.get("involvedObject") or {}).get("name", "")).startswith(name)
        ]
        mine.sort(key=lambda r: str(r.get("lastTimestamp") or r.get("eventTime") or ""))
        said = [_shown(f"{r.get('reason')}: {r.get('message')}") for r in mine]
        return list(dict.fromkeys(reversed(said)))[:MOST_FURTHER]


def _first(troubles: Sequence[Trouble]) -> str:
    return f"; {lines_of(troubles[0].words)[0]}" if troubles else ""


def _shown(text: str) -> str:
    return visible(without_identity(text), MOST_SHOWN)
