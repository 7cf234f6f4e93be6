"""What a target of Kubernetes is in a deployment: its manifests, which of them are wanted, and what fills them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harness.domain.target import Target
from harness.errors import Refused
from harness.platforms.kubernetes.config import Kubernetes
from harness.platforms.kubernetes.manifests import KNATIVE, NAMESPACE, WANTED, Manifest, manifests_of, setting_of

if TYPE_CHECKING:
    from harness.platforms.deploying import Asked
    from harness.platforms.kubernetes.cluster import Json

DEPLOYMENT, SERVICE, PROVIDER = "deployment.yaml", "knative.yaml", "provider.yaml"
BALANCER, KEDA = "balancer.yaml", "keda.yaml"
SCALERS = ("hpa", "keda", "none")
FRONTS = ("none", "balancer")
OWN = frozenset({"IMAGE", "KEY_VERSION", "CONTENT", "SOURCE"})  # filled from what was found, never by --set
MORE = frozenset({"REGISTRY", "PROVIDER_KEY", "FRONT", "SCALER", "TAKEOVER"})  # read by no manifest
UNMADE = {"KEY_VERSION": "0", "CONTENT": "planned", "SOURCE": "192.0.2.1/32", "IMAGE": "planned"}  # before it is known
UNKEPT = frozenset({"PROVIDER_KEY", "TAKEOVER"})  # for one call only
HPA = "HorizontalPodAutoscaler"


@dataclass(frozen=True, eq=False)
class Part:
    """One target, with the files beside its target.toml."""

    target: Target
    config: Kubernetes

    @cached_property
    def main(self) -> list[Manifest]:
        """Its namespace first; of the Knative variant that of the Deployment's file."""
        folder = self.target.folder
        if not self.config.knative:
            return manifests_of(folder / DEPLOYMENT)
        shared = [m for m in manifests_of(folder / DEPLOYMENT) if m.kind == NAMESPACE]
        return [*shared, *manifests_of(folder / SERVICE)]

    @cached_property
    def provider(self) -> list[Manifest]:
        """The model beside it; none where the folder has no such file."""
        path = self.target.folder / PROVIDER
        return manifests_of(path) if path.is_file() else []

    @cached_property
    def others(self) -> dict[str, list[Manifest]]:
        """By their file, those that only a setting asks for."""
        paths = [self.target.folder / name for name in (BALANCER, KEDA)]
        return {p.name: manifests_of(p) for p in paths if p.is_file() and not self.config.knative}

    @property
    def all(self) -> list[Manifest]:
        return [*self.main, *self.provider, *(m for made in self.others.values() for m in made)]

    @property
    def labels(self) -> frozenset[str]:
        """By which everything of it is found."""
        return frozenset(m.label for m in self.main if m.label)

    @property
    def workload(self) -> Manifest:
        """The one that target.toml names; raises Refused where no manifest makes it."""
        for one in self.main:
            if one.is_workload and one.name == self.config.name and (one.api == KNATIVE) == self.config.knative:
                return one
        raise Refused(
            f"{self.target.name}: no manifest beside its target.toml makes {self.config.name}",
            "runtime.name must equal metadata.name",
        )

    def problems(self) -> Iterator[str]:
        """What would put it somewhere else than where target.toml looks for it."""
        wanted = self.config.namespace
        for one in self.all:
            where = one.name if one.kind == NAMESPACE else one.namespace
            if where != wanted:
                yield f"{one.path}: {one.said} is in {where}, and runtime.namespace is {wanted}"

    def chosen(self, values: Mapping[str, str]) -> Chosen:
        """Which manifests these values ask for; raises Refused for a choice that does not exist."""
        scaler = _one_of("Scaler", values.get("SCALER", "hpa"), SCALERS)
        front = _one_of("Front", values.get("FRONT", "none"), FRONTS)
        own = [m for m in self.main if m.kind != HPA or scaler == "hpa"]
        for name, wanted in ((KEDA, scaler == "keda"), (BALANCER, front == "balancer")):
            if wanted and name not in self.others:
                raise Refused(f"{self.target.name}: there is no {name} beside its target.toml", "pilot init copies it")
            own += self.others.get(name, []) if wanted else []
        provider = self.provider if self.own_provider(values) else []
        return Chosen(own, provider, [m for m in self.all if m not in own and m not in provider])

    def own_provider(self, values: Mapping[str, str]) -> bool:
        """Whether the model beside it is asked, and no other."""
        usual = dict(WANTED.findall(self.workload.text)).get("PROVIDER_URL", "")
        return bool(values.get("PROVIDER_URL", usual) == usual)

    @property
    def settings(self) -> dict[str, str]:
        """What target.toml says of it, in both spellings."""
        said = self.declared()
        return {spelling: value for name, value in said.items() for spelling in (name, setting_of(name))}

    def declared(self) -> dict[str, str]:
        """The same, by the manifests' own names."""
        said = {"REPLICAS": self.config.replicas, "CPU": self.config.cpu, "MEMORY": self.config.memory}
        return {name: str(value) for name, value in said.items() if value is not None}

    def standing(self, workload: Json | None) -> dict[str, str]:
        """What its containers have now, whoever set it: what nobody names stays so."""
        if workload is None:
            return {}
        container = workload["spec"]["template"]["spec"]["containers"][0]
        variables = {v["name"]: v["value"] for v in container.get("env") or () if "value" in v}
        asks = (container.get("resources") or {}).get("requests") or {}
        wanted = {name for name, _ in WANTED.findall(self.workload.text)}
        found = {n: variables[v] for n, v in self.workload.variables.items() if v in variables}
        found |= {name: asks[key] for name, key in (("CPU", "cpu"), ("MEMORY", "memory")) if key in asks}
        return {name: str(value) for name, value in found.items() if name in wanted and value}

    def values(
        self,
        kept: Mapping[str, str],
        unfinished: Mapping[str, str],
        workload: Json | None,
        given: Mapping[str, str],
        asked: Asked,
    ) -> dict[str, str]:
        """The last of these wins: an earlier deployment, the cluster, one that was cut, pilot.toml's deadline, target.toml, this call."""
        deadline = {"TIMEOUT_S": f"{max(1, int(asked.deadline_s))}"} if asked.deadline_s else {}
        return {**kept, **self.standing(workload), **unfinished, **deadline, **self.declared(), **given}


@dataclass(frozen=True)
class Chosen:
    """Of all manifests of a folder, those that are wanted, and those that are not."""

    own: Sequence[Manifest]
    provider: Sequence[Manifest]
    dropped: Sequence[Manifest]


def _one_of(name: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise Refused(f"--set {name}={value[:40]}: there is no such choice", f"one of: {', '.join(known)}")
    return value


def part(target: Target) -> Part:
    """What a deployment must know of this target."""
    config = target.runtime
    assert isinstance(config, Kubernetes)
    return Part(target, config)
