"""What a deployment would make or remove in a cluster: asked by a dry run of the cluster's own, which changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import PilotError, Refused
from harness.platforms.deploying import Intent, Step
from harness.platforms.kubernetes.cluster import CONFLICT, Cluster, ClusterError
from harness.platforms.kubernetes.images import NAMED
from harness.platforms.kubernetes.manifests import LABEL, NAMESPACE, Manifest
from harness.platforms.kubernetes.part import UNMADE
from harness.platforms.kubernetes.placing import source_now
from harness.platforms.kubernetes.removal import Removal
from harness.platforms.kubernetes.secret import Key
from harness.platforms.shared.deploy.address import checked_range
from harness.platforms.shared.deploy.standing import standing_of
from harness.words.numbers import counted

if TYPE_CHECKING:
    from harness.platforms.kubernetes.deploy import Found, KubernetesDeployment

BUILD_MINUTES, ROLLOUT_MINUTES, PROVIDER_MINUTES, GONE_MINUTES = 4.0, 1.0, 0.5, 1.0
MOST_NAMED = 4


def intent_of(made: KubernetesDeployment, cluster: Cluster, *, destroy: bool) -> Intent:
    """Raises PilotError where the cluster does not answer, or would refuse."""
    who = cluster.who()
    where = (
        f"{cluster.through}, Kubernetes {cluster.version()}, namespace {made.namespace}{f', as {who}' if who else ''}"
    )
    if destroy:
        return Intent(where, tuple(_removed(made, cluster)), tuple(Removal(made, cluster).notes()))
    if made.asked.only_source:
        files = dict.fromkeys(m.path for part in made.parts for m in part.all)
        return Intent(
            where, (Step("load balancer", "renew where load comes from, and nothing else", 1),), (), tuple(files)
        )
    planning = _Planning(made, cluster, made.found(cluster))
    steps = tuple(planning.steps())
    return Intent(where, steps, (*planning.notes, *_notes()), tuple(_files(made, cluster, planning)))


def _files(made: KubernetesDeployment, cluster: Cluster, planning: _Planning) -> Iterator[Path]:
    yield from dict.fromkeys(m.path for part in made.parts for m in part.all)
    if planning.builds:
        content = made.content(cluster, planning.found)
        yield from (content.root / name for name in content.files)


def _notes() -> Iterator[str]:
    yield "idle dollars: list prices of the nodes as target.toml bills them, whole, whoever else runs on them"
    yield "minutes without a mark were measured here, ~ is a rough figure"


def _removed(made: KubernetesDeployment, cluster: Cluster) -> Iterator[Step]:
    removal = Removal(made, cluster)
    if removal.whole:
        yield Step(f"namespace {made.namespace}", "remove with all that is in it", GONE_MINUTES)
        return
    there = removal.there()
    if there:
        yield Step(", ".join(dict.fromkeys(there)), f"remove, and leave namespace {made.namespace}", GONE_MINUTES)


class _Planning:
    """Of one deployment, against what there is."""

    def __init__(self, made: KubernetesDeployment, cluster: Cluster, found: Found) -> None:
        self._made, self._cluster, self.found = made, cluster, found
        self.notes: list[str] = []
        self.builds = False
        path = f"/api/v1/namespaces/{made.namespace}"
        self._namespace = cluster.found("namespace", path)
        self._version = Key(cluster, made.namespace).version() if self._namespace is not None else None

    def steps(self) -> Iterator[Step]:
        made = self._made
        words, self.builds = made.plan(self._cluster, self.found)
        yield self._of_namespace()
        yield Step("provider key", self._of_key(), 0)
        yield Step(
            "image",
            words,
            made.asked.minutes("image", BUILD_MINUTES) if self.builds else 0,
            "image" in made.asked.took_s,
        )
        filled = {**UNMADE, **self._as_it_is()}
        chosen = {part: part.chosen(made.values(part, self.found)) for part in made.parts}
        for part in made.parts:
            if chosen[part].provider:
                does = self._does(chosen[part].provider, {**made.values(part, self.found), **filled})
                minutes = made.asked.minutes("model provider", PROVIDER_MINUTES)
                yield Step("model provider", does, minutes, "model provider" in made.asked.took_s)
                break
        for part in made.parts:
            own = [m for m in chosen[part].own if m.kind != NAMESPACE]
            does = self._does(own, {**made.values(part, self.found), **filled})
            name = part.workload.name
            minutes = made.asked.minutes(name, ROLLOUT_MINUTES)
            nodes = tuple(standing_of(part.target, "Its nodes"))
            yield Step(name, does, minutes, name in made.asked.took_s, nodes, part.target.name)

    def _of_namespace(self) -> Step:
        made, there = self._made, self._namespace
        name = f"namespace {made.namespace}"
        if there is None and not made.namespaces:
            raise Refused(f"there is no {name}, and no manifest makes it", "kubectl create namespace")
        if there is None:
            self._cluster.apply(made.namespaces[0], made.namespaces[0].filled({}), dry=True)
            return Step(name, "create", 0)
        ours = (there["metadata"].get("labels") or {}).get(LABEL) in made.labels
        if not ours:
            self.notes.append(f"{name} is a team's own: what has no {LABEL} label in it is neither changed nor removed")
        return Step(name, "keep", 0)

    def _of_key(self) -> str:
        if self._version is None:
            return "make"
        return "as it is given" if "PROVIDER_KEY" in self._made.given else "keep"

    def _as_it_is(self) -> dict[str, str]:
        """Key, image and source that stay, so that a dry run finds nothing to change in them."""
        made, running = self._made, self.found.running
        out: dict[str, str] = {}
        if self._version is not None:
            out["KEY_VERSION"] = self._version
        if made.asked.image is not None:
            out |= {"IMAGE": made.asked.image, "CONTENT": NAMED}
        elif running is not None and not self.builds:
            out |= {"IMAGE": running.uri, "CONTENT": running.content}
        if (source := made.asked.source or source_now(self._cluster, made.balancers)) is not None:
            out["SOURCE"] = checked_range(source)
        return out

    def _does(self, manifests: Sequence[Manifest], values: dict[str, str]) -> str:
        """By the cluster's own dry run, where the namespace is there to try it in; raises Refused for what can be told without it."""
        texts = {one: one.filled(values) for one in manifests}
        if self._namespace is None:
            for one in manifests:
                self._cluster.path_of(one)
            return (
                f"create {counted(len(manifests), 'object')}; the cluster can check them once their namespace is there"
            )
        did: dict[str, list[str]] = {"created": [], "updated": [], "kept": []}
        for one, text in texts.items():
            try:
                said = self._cluster.apply(one, text, dry=True)
            except ClusterError as error:
                if error.code != CONFLICT:
                    raise PilotError(f"a dry run is refused: {error}", error.hint) from None
                self.notes.append(f"{one.said}: somebody else has set its fields, pilot deploy will refuse: {error}")
                continue
            did[said.did].append(one.said)
        words = [
            f"{verb} {_named(did[key])}" for verb, key in (("create", "created"), ("update", "updated")) if did[key]
        ]
        return ", ".join([*words, *([f"keep {counted(len(did['kept']), 'object')}"] if did["kept"] else [])])


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= MOST_NAMED else counted(len(names), "object")
