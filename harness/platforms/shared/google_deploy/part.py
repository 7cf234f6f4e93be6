"""What a Cloud Run target is in a deployment, and what those of one project share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.domain.target import Target
from harness.errors import Refused
from harness.platforms.shared.deploy.manifest import Manifest, read_manifest

MANIFEST, PROVIDER = "service.yaml", "provider.yaml"
LABEL, BASE_LABEL = "pilot", "rag-base"
REPOSITORY, IMAGE = "rag", "chat"
SENDER, BUILD_ACCOUNT = "rag-sender", "rag-build"
CONCURRENCY = "CONCURRENCY"  # a setting that no manifest has
KEY_VARIABLE = "RAG_PROVIDER_KEY"  # whose secret is the provider's key
MAIL = "iam.gserviceaccount.com"


@dataclass(frozen=True)
class Part:
    """One target's own service; ``declared``: vcpu, memory_gib and concurrency as target.toml bills them, where it does."""

    target: Target
    project: str
    region: str
    service: str
    declared: Mapping[str, float]
    counter: str  # a variable that the control side changes: it stays as it is
    minutes: float = 2.0

    @property
    def settings(self) -> dict[str, str]:
        """Processors and memory have no setting: target.toml alone says them."""
        return {CONCURRENCY: f"{self.declared['concurrency']:g}"} if "concurrency" in self.declared else {}

    @cached_property
    def manifest(self) -> Manifest:
        """Raises Refused where there is none."""
        return read_manifest(self.target.folder / MANIFEST)

    @cached_property
    def provider(self) -> Manifest | None:
        """Of the model provider beside it; None where it has none."""
        path = self.target.folder / PROVIDER
        return read_manifest(path) if path.is_file() else None

    @property
    def sender(self) -> str:
        """The account that asks it: the one that target.toml impersonates, else one that is made for that."""
        named = self.target.auth.options.get("impersonate") if self.target.auth else None
        return named or mail(SENDER, self.project)

    @property
    def by_identity(self) -> bool:
        return self.target.auth is not None and self.target.auth.kind == "google-id-token"

    @property
    def impersonates(self) -> bool:
        return self.target.auth is not None and "impersonate" in self.target.auth.options


def mail(account: str, project: str) -> str:
    """The address of a service account."""
    return f"{account}@{project}.{MAIL}"


def name_of(manifest: Manifest) -> str:
    """Of the service that it makes."""
    return str(manifest.data.get("metadata", {}).get("name", ""))


def label_of(manifest: Manifest) -> str:
    """By which its costs are told from others'; raises Refused where it carries none."""
    said = (manifest.data.get("metadata", {}).get("labels") or {}).get(LABEL)
    if not isinstance(said, str) or not said:
        raise Refused(
            f"{manifest.path}: metadata.labels has no {LABEL}",
            f"add {LABEL}: NAME there: by it the bill is read, and pilot destroy knows what is its own",
        )
    return said


def secret_of(manifest: Manifest) -> str | None:
    """The name of the secret that the provider's key is in; None where it asks for none."""
    for one in variables_of(manifest.data):
        reference = (one.get("valueFrom") or {}).get("secretKeyRef") or {}
        if one.get("name") == KEY_VARIABLE and reference.get("name"):
            return str(reference["name"])
    return None


def variables_of(service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of the first container of a Knative service, as its ``env`` has them."""
    return [one for one in container_of(service).get("env") or () if isinstance(one, Mapping)]


def container_of(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first, which serves; empty where there is none."""
    containers = spec_of(service).get("containers") or [{}]
    return containers[0] if isinstance(containers[0], Mapping) else {}


def spec_of(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of its template; empty where there is none."""
    spec: Any = service
    for name in ("spec", "template", "spec"):
        spec = spec.get(name) if isinstance(spec, Mapping) else None
    return spec if isinstance(spec, Mapping) else {}
