"""Whether anything of a Google deployment is left: every API is asked for what it has of the label or the names.

Cloud Asset Inventory, which lists what carries a label whatever it is, goes on listing what is gone for a while: what has a look
of its own is believed there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.platforms.shared.deploy.proof import Look, Proof, proof_of
from harness.platforms.shared.google_deploy.account import Accounts, apis_off
from harness.platforms.shared.google_deploy.api import ASSETS, BUILDS, REGISTRY, RUN, SECRETS, STORAGE, Cloud
from harness.platforms.shared.google_deploy.cloudbuild import GOING
from harness.platforms.shared.google_deploy.part import BASE_LABEL, LABEL

SEEN = (  # kinds of assets that a look of their own finds, or that go with those and cost nothing
    "run.googleapis.com/",
    "artifactregistry.googleapis.com/",
    "secretmanager.googleapis.com/",
    "storage.googleapis.com/Bucket",
    "cloudbuild.googleapis.com/",
)


@dataclass(frozen=True)
class Names:
    """What a deployment may have made, by name; what other services still use has none here."""

    services: tuple[str, ...]
    labels: tuple[str, ...]
    repository: str | None = None
    secrets: tuple[str, ...] = ()
    bucket: str | None = None
    accounts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # services that are not of this deployment, whatever their label


class Proving:
    """In one region of one project."""

    def __init__(self, cloud: Cloud, region: str, names: Names) -> None:
        self._cloud, self._names = cloud, names
        self._at = f"projects/{cloud.project}/locations/{region}"

    def proof(self) -> Proof:
        """Each look by itself: one that is refused hides no other."""
        names = self._names
        looks: dict[str, Look] = {
            "services": lambda: self._run("services", "service"),
            "jobs": lambda: self._run("jobs", "job"),
            "worker pools": lambda: self._run("workerPools", "worker pool"),
        }
        if names.repository:
            looks |= {
                "image repositories": self._repositories,
                "secrets": self._secrets,
                "buckets": self._buckets,
                "builds": self._builds,
                "accounts": self._accounts,
            }
        return proof_of({**looks, "everything that carries the label": self._labelled})

    def _mine(self, row: dict[str, object]) -> bool:
        labels = row.get("labels")
        return isinstance(labels, dict) and labels.get(LABEL) in self._names.labels

    def _run(self, rows: str, what: str) -> Iterator[str]:
        for row in self._cloud.every(rows, RUN, f"/v2/{self._at}/{rows}", rows):
            name = _last(row)
            if name in self._names.services or (self._mine(row) and name not in self._names.others):
                yield f"{what} {name}"

    def _repositories(self) -> Iterator[str]:
        for row in self._cloud.every("repositories", REGISTRY, f"/v1/{self._at}/repositories", "repositories"):
            if self._mine(row) or _last(row) == self._names.repository:
                yield f"image repository {_last(row)}"

    def _secrets(self) -> Iterator[str]:
        path = f"/v1/projects/{self._cloud.project}/secrets"
        for row in self._cloud.every("secrets", SECRETS, path, "secrets"):
            if self._mine(row) or _last(row) in self._names.secrets:
                yield f"secret {_last(row)}"

    def _buckets(self) -> Iterator[str]:
        """Where its API is off, nothing was ever built in the account."""
        if apis_off(self._cloud, ["storage"]):
            return
        params = {"project": self._cloud.project}
        for row in self._cloud.every("buckets", STORAGE, "/storage/v1/b", "items", params):
            if self._mine(row) or row.get("name") == self._names.bucket:
                yield f"bucket {row.get('name')}"

    def _builds(self) -> Iterator[str]:
        """Where its API is off, nothing was ever built with it."""
        if apis_off(self._cloud, ["cloudbuild"]):
            return
        params = {"filter": f'tags="{BASE_LABEL}"'}
        for row in self._cloud.every("builds", BUILDS, f"/v1/{self._at}/builds", "builds", params):
            if row.get("status") in GOING:
                yield f"build {row.get('id')}"

    def _accounts(self) -> Iterator[str]:
        for address in self._names.accounts:
            if Accounts(self._cloud).ours(address):
                yield f"account {address.partition('@')[0]}"

    def _labelled(self) -> Iterator[str]:
        query = " OR ".join(f"labels.{LABEL}:{value}" for value in dict.fromkeys(self._names.labels))
        path = f"/v1/projects/{self._cloud.project}:searchAllResources"
        for row in self._cloud.every("labelled resources", ASSETS, path, "results", {"query": query}):
            kind = str(row.get("assetType", ""))
            if self._mine(row) and not kind.startswith(SEEN):
                yield f"{kind} {_last(row)}"


def _last(row: dict[str, object]) -> str:
    return str(row.get("name", "")).rpartition("/")[2]
