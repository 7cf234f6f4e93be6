"""A Cloud Run service as it should be: its manifest, what is billed and asked for, and as it was what nobody names."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.platforms.shared.deploy.manifest import WANTED, Manifest
from harness.platforms.shared.google_deploy.part import CONCURRENCY, spec_of, variables_of

TRY = "pilot-try"  # of the template: a new value makes a new revision of what failed
KEY = "pilot-key"  # of the template: which version of the key its instances read when they start
SENT = "pilot-sent"  # which manifest: what a person took out of it is seen by nothing else
UPSTREAM = "RAG_UPSTREAM_TIMEOUT_S"  # of the service: how long its model may take
DIGITS = 16
GIB = 1024
OF_SERVER = ("cloud.googleapis.com/location",)
OF_MANIFEST = (
    "run.googleapis.com/",
    "autoscaling.knative.dev/",
)  # annotations that say how a service is: the manifest's alone


@dataclass(frozen=True)
class Wanted:
    """One service; ``given`` fills its manifest, ``declared`` are the sizes that its bill has, ``kept`` variables that stay."""

    name: str
    project: str
    manifest: Manifest
    label: tuple[str, str]
    given: Mapping[str, str]
    declared: Mapping[str, float] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    timeout_s: float | None = None
    key_version: str = ""

    def body(self, there: Mapping[str, Any] | None) -> dict[str, Any]:
        """As it is written to Cloud Run; raises Refused for a variable without a value."""
        made = self.manifest.filled({**values_in(self.manifest, there or {}), **self.given})
        metadata, was = made.setdefault("metadata", {}), (there or {}).get("metadata", {})
        key, value = self.label
        mine = {**(metadata.get("labels") or {}), key: value, SENT: digest_of(self.manifest)}
        labels = {**(was.get("labels") or {}), **mine}
        metadata |= {
            "name": self.name,
            "namespace": self.project,
            "labels": {name: said for name, said in labels.items() if name not in OF_SERVER},
            "annotations": {**_of_others(was.get("annotations") or {}), **(metadata.get("annotations") or {})},
        }
        template = made["spec"]["template"]
        if self.key_version:
            inner = template.setdefault("metadata", {})
            inner["labels"] = {**(inner.get("labels") or {}), KEY: self.key_version}
        self._sized(template["spec"], spec_of(there or {}))
        return made

    def _sized(self, spec: dict[str, Any], was: Mapping[str, Any]) -> None:
        """What is billed is what is deployed; what no bill declares stays as a sweep left it."""
        [container, *_] = spec["containers"]
        limits = container.setdefault("resources", {}).setdefault("limits", {})
        old = ((was.get("containers") or [{}])[0].get("resources") or {}).get("limits") or {}
        sizes = {"cpu": self._declared("vcpu"), "memory": self._memory()}
        for name, size in sizes.items():
            if size or old.get(name):
                limits[name] = size or old[name]
        at_once = self.given.get(CONCURRENCY) or self._declared("concurrency") or was.get("containerConcurrency")
        if at_once:
            spec["containerConcurrency"] = int(float(at_once))
        if self.timeout_s is not None:
            self._timed(spec, container, max(1, int(self.timeout_s)))
        held = {one.get("name"): one.get("value") for one in variables_of({"spec": {"template": {"spec": was}}})}
        for one in container.get("env") or ():
            if one.get("name") in self.kept and held.get(one["name"]) is not None:
                one["value"] = held[one["name"]]

    @staticmethod
    def _timed(spec: dict[str, Any], container: dict[str, Any], seconds: int) -> None:
        """The service waits for its model no shorter and no longer than Cloud Run waits for the service."""
        spec["timeoutSeconds"] = seconds
        for one in container.get("env") or ():
            if one.get("name") == UPSTREAM:
                one["value"] = str(seconds)

    def _declared(self, name: str) -> str:
        return f"{self.declared[name]:g}" if name in self.declared else ""

    def _memory(self) -> str:
        if "memory_gib" not in self.declared:
            return ""
        gib = self.declared["memory_gib"]
        return f"{gib:g}Gi" if float(gib).is_integer() else f"{round(gib * GIB)}Mi"


def _of_others(annotations: Mapping[str, str]) -> dict[str, str]:
    """Who made it, which may not change, and what a person added."""
    return {name: said for name, said in annotations.items() if not name.startswith(OF_MANIFEST)}


def digest_of(manifest: Manifest) -> str:
    """Of what is written there, before anything is filled in; comments do not count."""
    return hashlib.sha256(json.dumps(manifest.data, sort_keys=True, default=str).encode()).hexdigest()[:DIGITS]


def values_in(manifest: Manifest, there: Mapping[str, Any]) -> dict[str, str]:
    """Variables of the manifest as the service has them now, where one of its own variables holds nothing else."""
    held = {one.get("name"): one.get("value") for one in variables_of(there)}
    out: dict[str, str] = {}
    for one in variables_of(manifest.data):
        said = WANTED.fullmatch(str(one.get("value") or ""))
        value = held.get(one.get("name"))
        if said and isinstance(value, str) and value:
            out[said.group(1)] = value
    return out


def again(body: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    """The same, in a revision of its own: what failed is not tried again otherwise."""
    made = copy.deepcopy(dict(body))
    was = there.get("spec", {}).get("template", {}).get("metadata", {}).get("labels", {}).get(TRY, "0")
    metadata = made["spec"]["template"].setdefault("metadata", {})
    metadata["labels"] = {**(metadata.get("labels") or {}), TRY: str(int(was) + 1 if str(was).isdigit() else 1)}
    return made


def without_place(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without the project, which is told by its number where it was sent by its name."""
    metadata = {name: said for name, said in body["metadata"].items() if name != "namespace"}
    return {**body, "metadata": metadata}


def same(wanted: Any, there: Any) -> bool:  # noqa: ANN401 - any of JSON
    """Whether everything that is wanted is there; what else is there is the server's."""
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(same(inner, there.get(name)) for name, inner in wanted.items())
    if isinstance(wanted, list):
        alike = isinstance(there, list) and len(wanted) == len(there)
        return alike and all(same(a, b) for a, b in zip(wanted, there, strict=True))
    return _plain(wanted) == _plain(there)


def _plain(value: Any) -> str:  # noqa: ANN401
    """1, "1" and "1000m" are the same amount of processors."""
    text = str(value)
    whole = text[:-1]
    if text.endswith("m") and whole.isdigit() and int(whole) % 1000 == 0:
        return str(int(whole) // 1000)
    return text
