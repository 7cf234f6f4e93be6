"""Manifests brought into a namespace, taken out of it, and the address that leads to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import PilotError, Refused
from harness.platforms.kubernetes.cluster import CONFLICT, Applied, Cluster, ClusterError, Taken
from harness.platforms.kubernetes.front import address_of
from harness.platforms.kubernetes.manifests import LABEL, Manifest
from harness.platforms.kubernetes.part import HPA
from harness.platforms.kubernetes.rollout import Rollout
from harness.platforms.shared.deploy import address

if TYPE_CHECKING:
    from harness.platforms.deploying import Heard
    from harness.platforms.shared.deploy.pace import Pace

ADDRESS_S, GONE_S = 300.0, 600.0
TAKEN = "--set Takeover=yes takes these fields over; without it, let whoever has them set them, or name their values by --set"


@dataclass(frozen=True)
class Made:
    """What a group of manifests came to."""

    all: Sequence[Applied]
    waits: Sequence[Rollout]

    @property
    def did(self) -> str:
        """Of its workload where that was made; else whether anything changed."""
        if any(one.did == "created" and one.manifest.is_workload for one in self.all):
            return "created"
        return "updated" if any(one.did != "kept" for one in self.all) else "kept"

    @property
    def workload(self) -> Applied:
        return next(one for one in self.all if one.manifest.is_workload)

    def wait(self, heard: Heard) -> None:
        """Raises PilotError with the cause first."""
        for one in self.waits:
            one.wait(heard)


class Placing:
    """Into one namespace; ``takeover``: also of fields that somebody else has set."""

    def __init__(self, cluster: Cluster, namespace: str, pace: Pace, *, takeover: bool) -> None:
        self.cluster, self._namespace, self._pace, self._force = cluster, namespace, pace, takeover
        self.own = False  # whether the namespace was made by a deployment, and is removed with it

    def namespace(self, manifests: Sequence[Manifest], labels: frozenset[str], notes: list[str]) -> str:
        """Made, or kept as it is where it is a team's own; raises PilotError where there is none and nobody makes it."""
        path = f"/api/v1/namespaces/{self._namespace}"

        def ended() -> bool:
            there = self.cluster.found("namespace", path)
            return there is None or (there.get("status") or {}).get("phase") != "Terminating"

        self._pace.until(f"namespace {self._namespace}, which is being removed,", ended, GONE_S)
        there = self.cluster.found("namespace", path)
        self.own = there is None or (there["metadata"].get("labels") or {}).get(LABEL) in labels
        if self.own and manifests:
            return self._apply(manifests[0], manifests[0].filled({})).did
        if there is None:
            raise Refused(
                f"there is no namespace {self._namespace}, and no manifest makes it", "kubectl create namespace"
            )
        self.own = False
        notes.append(
            f"namespace {self._namespace} was there before: pilot destroy will leave it, and what has no {LABEL} label in it"
        )
        return "kept"

    def applied(self, manifests: Iterable[Manifest], values: Mapping[str, str]) -> Made:
        """Raises PilotError for what is somebody else's."""
        texts = {one: one.filled(values) for one in manifests}
        made = [self._apply(one, text) for one, text in texts.items()]
        least = next(
            (n for one, text in texts.items() if one.kind == HPA for n in re.findall(r"minReplicas: (\d+)", text)), "0"
        )
        waits = [Rollout(self.cluster, one, self._pace, int(least)) for one in made if one.manifest.is_workload]
        return Made(made, waits)

    def _apply(self, manifest: Manifest, text: str) -> Applied:
        self._mine(manifest)
        try:
            return self.cluster.apply(manifest, text, force=self._force)
        except ClusterError as error:
            if error.code == CONFLICT:
                raise Taken(str(error), TAKEN) from None
            raise

    def _mine(self, manifest: Manifest) -> None:
        """In a namespace of a team's own, what is there without the label is not this program's to change."""
        if self.own:
            return
        there = self.cluster.found(manifest.said, self.cluster.path_of(manifest))
        if there is not None and (there["metadata"].get("labels") or {}).get(LABEL) != manifest.label:
            raise PilotError(
                f"{manifest.said} is in {self._namespace} already and does not carry the label {LABEL}={manifest.label}",
                f"kubectl label it {LABEL}={manifest.label} if it is the pilot's, else use another namespace",
            )

    def dropped(self, manifests: Iterable[Manifest]) -> None:
        """What an earlier deployment made and this one does not want."""
        for one in manifests:
            try:
                path = self.cluster.path_of(one)
            except Refused:
                continue  # of a kind that this cluster does not know
            there = self.cluster.found(one.said, path)
            if there is not None and (there["metadata"].get("labels") or {}).get(LABEL) == one.label:
                self.cluster.delete(one.said, path)


def balancer_of(manifests: Iterable[Manifest]) -> Manifest | None:
    """The one that a cloud's load balancer comes of."""
    return next((m for m in manifests if m.kind == "Service" and "type: LoadBalancer" in m.text), None)


def source_of(
    cluster: Cluster, manifests: Sequence[Manifest], asked: str | None, own_range: Callable[[], str], notes: list[str]
) -> str:
    """Where load may come from now, by what the balancers let in before."""
    return address.source_of(asked, lambda: source_now(cluster, manifests), own_range, notes)


def source_now(cluster: Cluster, manifests: Sequence[Manifest]) -> str | None:
    """Where load may come from; None where no balancer limits it."""
    fronts = [cluster.found(m.said, cluster.path_of(m)) for m in manifests]
    return next((str(r) for f in fronts if f for r in f["spec"].get("loadBalancerSourceRanges") or ()), None)


def wait_for_address(cluster: Cluster, applied: Applied, pace: Pace, heard: Heard, *, wanted: bool) -> str | None:
    """None where nothing leads to it; raises PilotError where a balancer was asked for and gets no address in time."""
    kept: list[str] = []

    def there() -> bool:
        found = address_of(cluster, applied)
        if found is not None:
            kept.append(found)
        elif wanted:
            heard.work(f"{applied.manifest.said}: waiting for the address of its load balancer")
        return found is not None or not wanted

    pace.until("the load balancer's address", there, ADDRESS_S)
    return kept[0] if kept else None
