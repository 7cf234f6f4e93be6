"""The provider's bearer key in the cluster: made once, kept, and never sent twice; and what earlier deployments were asked for."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import PilotError
from harness.platforms.kubernetes.cluster import Taken
from harness.platforms.kubernetes.manifests import LABEL
from harness.platforms.shared.deploy.key import new_key
from harness.secrecy import KNOWN

if TYPE_CHECKING:
    from harness.platforms.kubernetes.cluster import Cluster, Json

SECRET, FIELD = "rag-provider-key", "key"
SETTINGS, UNFINISHED = "pilot-deploy", "pilot-unfinished"
SHARED = "rag-provider"  # the label of what all targets of a namespace use


class Key:
    """A Secret of the namespace that the manifests read."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace
        self._all = f"/api/v1/namespaces/{namespace}/secrets"

    def ensure(self, given: str | None) -> tuple[str, str]:
        """Its version, by which pods know that it changed, and whether it was created, updated or kept."""
        KNOWN.learn("provider key", given)
        there, did = self._there(), "kept"
        if there is None:
            value = given or new_key()
            KNOWN.learn("provider key", value)
            body = _named("Secret", SECRET, self._namespace)
            made = self._cluster.create(
                "provider key", self._all, {**body, "type": "Opaque", "stringData": {FIELD: value}}
            )
            there, did = self._there(), "created" if made is not None else "kept"
        if there is not None and given is not None and _value(there) != given:
            self._cluster.merge("provider key", f"{self._all}/{SECRET}", {"stringData": {FIELD: given}})
            there, did = self._there(), "updated"
        if there is None:
            raise PilotError(f"Secret {SECRET} was made and is not there", "the same command again")
        if not _value(there):
            raise PilotError(f"Secret {SECRET} has no {FIELD}", "--set ProviderKey=VALUE gives it one")
        return str(there["metadata"]["resourceVersion"]), did

    def version(self) -> str | None:
        """Of the one that is there; None where there is none."""
        there = self._there()
        return None if there is None else str(there["metadata"]["resourceVersion"])

    def _there(self) -> Json | None:
        said = self._cluster.found("provider key", f"{self._all}/{SECRET}")
        if said is not None:
            KNOWN.learn("provider key", _value(said))
        return said


def _value(said: Json) -> str:
    return base64.b64decode(str((said.get("data") or {}).get(FIELD, ""))).decode("utf-8", "replace")


@dataclass(frozen=True)
class Kept:
    """``unfinished``: names of those that a deployment which did not end was asked for; the workloads may lack them."""

    values: Mapping[str, str]
    unfinished: frozenset[str]


class Settings:
    """What deployments of this namespace were asked for, by the manifests' names: what nobody names again stays so."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace
        self._all = f"/api/v1/namespaces/{namespace}/configmaps"

    def kept(self) -> Kept:
        said = self._cluster.found("settings", f"{self._all}/{SETTINGS}") or {}
        names = str((said.get("metadata", {}).get("annotations") or {}).get(UNFINISHED, ""))
        return Kept({str(k): str(v) for k, v in (said.get("data") or {}).items()}, frozenset(names.split()))

    @contextmanager
    def asked(self, values: Mapping[str, str | None]) -> Iterator[None]:
        """These too, unfinished until the cluster has them; None takes one away. What somebody else holds is not asked for again."""
        self._keep(values)
        try:
            yield
        except Taken:
            self._done()
            raise
        self._done()

    def _keep(self, values: Mapping[str, str | None]) -> None:
        now = self.kept()
        names = frozenset(name for name, value in values.items() if value is not None) | now.unfinished
        if all(now.values.get(name) == value for name, value in values.items()) and names == now.unfinished:
            return
        body = _named("ConfigMap", SETTINGS, self._namespace)
        body["metadata"]["annotations"] = _unfinished(names)
        body["data"] = {n: v for n, v in values.items() if v is not None}
        if self._cluster.create("settings", self._all, body) is None:
            self._changed({"metadata": {"annotations": _unfinished(names)}, "data": dict(values)})

    def _done(self) -> None:
        """From now on it is the cluster that says what they are."""
        if self.kept().unfinished:
            self._changed({"metadata": {"annotations": _unfinished(())}})

    def _changed(self, body: Json) -> None:
        self._cluster.merge("settings", f"{self._all}/{SETTINGS}", body)


def _unfinished(names: Collection[str]) -> dict[str, str | None]:
    return {UNFINISHED: " ".join(sorted(names)) or None}


def _named(kind: str, name: str, namespace: str) -> Json:
    labels = {LABEL: SHARED}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace, "labels": labels}}
