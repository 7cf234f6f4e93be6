"""One deployment in a namespace: in this order, each step a question first, so that a call after a cut finds what there is and goes on.

cluster → namespace → what was asked for → provider's key → image → model provider → a workload a target → address
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import combinations
from typing import TYPE_CHECKING

from harness.errors import Refused
from harness.platforms.deploying import Asked, Deployed, Destroyed, Heard, Intent
from harness.platforms.kubernetes import images
from harness.platforms.kubernetes.cluster import Cluster, ClusterError, Json, Make, reached
from harness.platforms.kubernetes.intent import intent_of
from harness.platforms.kubernetes.manifests import LABEL, NAMESPACE, Manifest, names_in, setting_of, settings_given
from harness.platforms.kubernetes.part import MORE, OWN, UNKEPT, UNMADE, Chosen, Part
from harness.platforms.kubernetes.placing import Placing, balancer_of, source_of, wait_for_address
from harness.platforms.kubernetes.removal import Removal
from harness.platforms.kubernetes.secret import Key, Settings
from harness.platforms.shared import origins
from harness.platforms.shared.deploy.address import own_range
from harness.platforms.shared.deploy.content import IMAGE, Content, content_of
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.deploy.part import distinct
from harness.platforms.shared.deploy.steps import Steps

if TYPE_CHECKING:
    from harness.platforms.kubernetes.config import Kubernetes

ARCHITECTURE = "kubernetes.io/arch"
OWN_LABEL = f"give each its own {LABEL} label in its manifests, or a namespace of its own"
Reached = Callable[["Kubernetes", Make], AbstractContextManager[Cluster]]


@dataclass(frozen=True)
class Hands:
    """What reaches out of this process, apart so that tests can give their own."""

    make: Make = origins.cluster
    reached: Reached = reached
    pace: Pace = field(default_factory=lambda: Pace(poll_s=2.0))
    builder: images.Find = images.publisher
    own_range: Callable[[], str] = own_range


@dataclass(frozen=True)
class Found:
    """What there is before anything is done: settings of earlier deployments, and each target's workload."""

    kept: Mapping[str, str]
    workloads: Mapping[str, Json | None]
    unfinished: Mapping[str, str] = field(default_factory=dict)  # asked for by a deployment that did not end

    @property
    def running(self) -> images.Image | None:
        return next((images.running_in(one) for one in self.workloads.values() if one is not None), None)


class KubernetesDeployment:
    """Of targets in one namespace of one cluster."""

    def __init__(self, parts: Sequence[Part], asked: Asked, hands: Hands | None = None) -> None:
        self.parts, self._hands = tuple(parts), hands or Hands()
        self.pace, self.config = self._hands.pace, parts[0].config
        self.namespace = self.config.namespace
        self._checked()
        self.asked = asked.of(self.known)
        self.given = settings_given(self.asked.settings, self._variables)

    def _checked(self) -> None:
        """Raises Refused for what is wrong before anything is asked."""
        if problems := [words for part in self.parts for words in part.problems()]:
            raise Refused("\n  - ".join(["manifests and target.toml differ:", *problems]), "make them agree")
        distinct({part.target.name: part.workload.said for part in self.parts})
        for one, other in combinations(self.parts, 2):
            if both := one.labels & other.labels:
                raise Refused(
                    f"{one.target.name} and {other.target.name} have the same label {LABEL}={min(both)} in namespace "
                    f"{self.namespace}: pilot destroy of one would remove the other",
                    OWN_LABEL,
                )

    @cached_property
    def _variables(self) -> set[str]:
        """What may be given, by the manifests' own names."""
        return (names_in(m for part in self.parts for m in part.all) - OWN) | MORE

    @cached_property
    def known(self) -> dict[str, str]:
        """Each in both spellings."""
        return {spelling: setting_of(name) for name in self._variables for spelling in (name, setting_of(name))}

    def reached(self) -> AbstractContextManager[Cluster]:
        return self._hands.reached(self.config, self._hands.make)

    @property
    def namespaces(self) -> list[Manifest]:
        """The one that makes it; none where a team's own is used."""
        return [m for part in self.parts for m in part.main if m.kind == NAMESPACE][:1]

    def asked_for(self) -> dict[str, str | None]:
        """What this call asks for, to be kept; a named image is built by nobody until a registry is named again."""
        said: dict[str, str | None] = {n: v for n, v in self.given.items() if n not in UNKEPT}
        return {**said, **({"REGISTRY": None} if self.asked.image else {})}

    def found(self, cluster: Cluster) -> Found:
        """Raises Refused where somebody else's workload has a label of these targets, or a value that is asked for is none."""
        before = Settings(cluster, self.namespace).kept()
        kept = {n: v for n, v in {**before.values, **self.asked_for()}.items() if v is not None}
        workloads = {
            one.target.name: cluster.found(one.workload.said, cluster.path_of(one.workload)) for one in self.parts
        }
        found = Found(kept, workloads, {n: kept[n] for n in before.unfinished if n in kept})
        if others := Removal(self, cluster).alike():
            raise Refused(
                f"{', '.join(others)} in namespace {self.namespace} has a label of these targets, {LABEL}={min(self.labels)}: "
                "pilot destroy of one would remove the other",
                f"{OWN_LABEL}; kubectl delete what an earlier name left",
            )
        for part in self.parts:
            values = {**self.values(part, found), **UNMADE}
            chosen = part.chosen(values)
            for one in (*chosen.own, *chosen.provider):
                one.filled(values)
        return found

    def values(self, part: Part, found: Found) -> dict[str, str]:
        return part.values(found.kept, found.unfinished, found.workloads[part.target.name], self.given, self.asked)

    def content(self, cluster: Cluster, found: Found) -> Content:
        """What the image is built from, for the nodes' kind of processor; clients of other stores are in it where those are asked."""
        dockerfile = self.asked.root / IMAGE
        said = self.values(self.parts[0], found)
        others = said.get("STORE", "sqlite") != "sqlite" or said.get("EMBEDDING", "hash").startswith("bedrock")
        made = content_of(self.asked.root, dockerfile, "backends" if others else None)
        return replace(made, platform=f"linux/{_architecture(cluster)}")

    def plan(self, cluster: Cluster, found: Found) -> tuple[str, bool]:
        """Of the image, in words, and whether it would be built; raises Refused where nobody says which."""
        content = partial(self.content, cluster, found)
        return images.planned(self.asked, content, found.kept.get("REGISTRY"), found.running)

    def intent(self, *, destroy: bool) -> Intent:
        with self.reached() as cluster:
            return intent_of(self, cluster, destroy=destroy)

    def deploy(self, heard: Heard) -> Deployed:
        """Raises PilotError with the cause first."""
        steps = Steps(self.pace, heard)
        notes: list[str] = []
        with self.reached() as cluster:
            found = self.found(cluster)
            placing = Placing(cluster, self.namespace, self.pace, takeover=self.given.get("TAKEOVER") == "yes")
            if self.asked.only_source:
                return self._renewed(placing, found, steps, notes)
            _, builds = self.plan(cluster, found)
            by = images.builder(self.asked.builder, self._hands.builder) if builds else None
            with steps.timed(f"namespace {self.namespace}") as step:
                step.did = placing.namespace(self.namespaces, self.labels, notes)
            with Settings(cluster, self.namespace).asked(self.asked_for()):
                filled = self._filled(cluster, found, by, steps, heard, notes)
                values = self._placed(placing, found, filled, steps, heard, notes)
        return Deployed(tuple(steps.done), values, {}, tuple(notes))

    def _placed(
        self,
        placing: Placing,
        found: Found,
        filled: Mapping[str, str],
        steps: Steps,
        heard: Heard,
        notes: list[str],
    ) -> dict[str, Mapping[str, str]]:
        """Provider, workloads, and where each is reached."""
        cluster = placing.cluster
        chosen = {part: part.chosen({**self.values(part, found), **filled}) for part in self.parts}
        self._provider(placing, chosen, found, filled, steps, heard)
        values: dict[str, Mapping[str, str]] = {}
        for part in self.parts:
            with steps.timed(part.workload.name, part.target.name) as step:
                own = chosen[part].own
                made = placing.applied([m for m in own if m.kind != NAMESPACE], {**self.values(part, found), **filled})
                step.did = made.did
                placing.dropped(self._unwanted(cluster, part, chosen))
                made.wait(heard)
            front = balancer_of(own) is not None
            address = wait_for_address(cluster, made.workload, self.pace, heard, wanted=front)
            if address is not None:
                values[part.target.name] = {"base_url": address}
            else:
                notes.append(_no_address(part))
        return values

    @property
    def labels(self) -> frozenset[str]:
        """By which everything of these targets is found."""
        return frozenset(label for part in self.parts for label in part.labels)

    def _filled(
        self,
        cluster: Cluster,
        found: Found,
        by: images.Publisher | None,
        steps: Steps,
        heard: Heard,
        notes: list[str],
    ) -> dict[str, str]:
        """Values that nobody has to set: key, image, and where load comes from."""
        with steps.timed("provider key") as step:
            version, step.did = Key(cluster, self.namespace).ensure(self.given.get("PROVIDER_KEY"))
        with steps.timed("image") as step:
            registry, running = found.kept.get("REGISTRY"), found.running
            content = partial(self.content, cluster, found)
            made = images.image_of(self.asked, content, registry, running, by, heard)
            step.did = made.did
        out = {"KEY_VERSION": version, "IMAGE": made.uri, "CONTENT": made.content}
        if found.kept.get("FRONT") == "balancer":
            out["SOURCE"] = self._source(cluster, notes)
        return out

    def _source(self, cluster: Cluster, notes: list[str]) -> str:
        return source_of(cluster, self.balancers, self.asked.source, self._hands.own_range, notes)

    @property
    def balancers(self) -> list[Manifest]:
        """Those that could be asked for."""
        return [m for part in self.parts for made in part.others.values() for m in made if m.kind == "Service"]

    def _provider(
        self,
        placing: Placing,
        chosen: Mapping[Part, Chosen],
        found: Found,
        filled: Mapping[str, str],
        steps: Steps,
        heard: Heard,
    ) -> None:
        """One for all that ask it."""
        for part in self.parts:
            if chosen[part].provider:
                with steps.timed("model provider") as step:
                    made = placing.applied(chosen[part].provider, {**self.values(part, found), **filled})
                    step.did = made.did
                    made.wait(heard)
                return

    def _unwanted(self, cluster: Cluster, part: Part, chosen: Mapping[Part, Chosen]) -> list[Manifest]:
        """What this target could have and no target asks for; a provider that another target may still ask stays."""
        wanted = {(m.api, m.kind, m.name) for one in chosen.values() for m in (*one.own, *one.provider)}
        found = [m for m in chosen[part].dropped if (m.api, m.kind, m.name) not in wanted]
        shared = [m for m in found if m in part.provider]
        return found if not shared or Removal(self, cluster).alone else [m for m in found if m not in shared]

    def _renewed(self, placing: Placing, found: Found, steps: Steps, notes: list[str]) -> Deployed:
        """Where load comes from, and nothing else."""
        if found.kept.get("FRONT") != "balancer":
            raise Refused(
                f"pilot deploy made no load balancer in {self.namespace}: there is no address to renew",
                "--set Front=balancer makes one",
            )
        source = {"SOURCE": self._source(placing.cluster, notes)}
        for part in self.parts:
            made = part.chosen(self.values(part, found)).own
            if (front := balancer_of(made)) is not None:
                with steps.timed(front.name, part.target.name) as step:
                    step.did = placing.applied([front], {**self.values(part, found), **source}).did
        return Deployed(tuple(steps.done), {}, {}, tuple(notes))

    def destroy(self, heard: Heard) -> Destroyed:
        """Raises PilotError where something does not go."""
        with self.reached() as cluster:
            return Removal(self, cluster).run(heard)


def _architecture(cluster: Cluster) -> str:
    """Of the nodes, where they are of one kind and may be seen."""
    try:
        rows = cluster.rows("nodes", "/api/v1/nodes")
    except ClusterError:
        rows = []
    kinds = {str((r["metadata"].get("labels") or {}).get(ARCHITECTURE, "")) for r in rows} - {""}
    return kinds.pop() if len(kinds) == 1 else "amd64"


def _no_address(part: Part) -> str:
    space, name = part.config.namespace, part.workload.name
    if part.config.knative:
        return f"{part.target.name}: Knative gives {name} no URL yet; write it as base_url in target.toml once it does"
    return (
        f"{part.target.name}: nothing leads to it from outside. For pilot check: "
        f"kubectl --namespace {space} port-forward service/{name} 8080:80, with base_url http://127.0.0.1:8080. "
        f"For load: the Ingress that production uses, or --set Front=balancer; then pilot deploy again"
    )


def deployments(parts: Sequence[Part], asked: Asked, hands: Hands | None = None) -> list[KubernetesDeployment]:
    """One a cluster and namespace."""
    groups: dict[tuple[str | None, ...], list[Part]] = {}
    for one in parts:
        config = one.config
        groups.setdefault((config.api, config.token_env, config.ca_file, config.namespace), []).append(one)
    return [KubernetesDeployment(group, asked, hands) for group in groups.values()]
