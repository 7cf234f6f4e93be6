"""Whether anything of a deployment is left: asked by name, then by tag; a refusal is reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.platforms.shared.azure_deploy.account import Group
from harness.platforms.shared.azure_deploy.arm import GROUPS, Arm, ArmError
from harness.platforms.shared.azure_deploy.part import SITE, VERSIONS, WORKSPACE, Resource, carries
from harness.platforms.shared.deploy.part import Tag
from harness.platforms.shared.deploy.proof import Proof, proof_of


@dataclass(frozen=True)
class Names:
    """What a deployment may have made: resources, the tags that they carry, and records of deployments."""

    resources: tuple[Resource, ...]
    tags: tuple[Tag, ...]
    records: tuple[str, ...]


class Proving:
    """Over one resource group."""

    def __init__(self, arm: Arm, group: Group, names: Names) -> None:
        self._arm, self._group, self._names = arm, group, names

    def proof(self) -> Proof:
        return proof_of(self._looks())

    def _looks(self) -> dict[str, Callable[[], Iterator[str]]]:
        kinds: dict[str, list[Resource]] = {}
        for one in self._names.resources:
            kinds.setdefault(one.kind, []).append(one)
        looks = {kind: self._named(mine) for kind, mine in kinds.items()}
        return {**looks, "everything that carries the tag": self._tagged, "deployments": self._records}

    def _named(self, resources: list[Resource]) -> Callable[[], Iterator[str]]:
        def look() -> Iterator[str]:
            for one in resources:
                path = f"{self._group.path}/providers/{one.path}"
                if self._arm.found(one.path, path, VERSIONS[one.kind]) is not None:
                    yield one.path

        return look

    def _tagged(self) -> Iterator[str]:
        for tag in self._names.tags:
            asked = {"$filter": f"tagName eq '{tag.key}' and tagValue eq '{tag.value}'"}
            yield from self._group.standing(asked)

    def _records(self) -> Iterator[str]:
        for name in self._names.records:
            path = f"{self._group.path}/providers/Microsoft.Resources/deployments/{name}"
            there = self._arm.found(f"deployment {name}", path, GROUPS)
            if there is not None and any(carries(there, tag) for tag in self._names.tags):
                yield f"deployment {name}"


def soft_deleted(arm: Arm, subscription: str, group: str, names: Names) -> Iterator[str]:
    """What Azure keeps for a while after its removal, at no cost; a list that may not be read is named."""
    kinds = {one.kind for one in names.resources}
    known = {one.name for one in names.resources}
    for kind, path, days in (
        (WORKSPACE, "Microsoft.OperationalInsights/deletedWorkspaces", 14),
        (SITE, "Microsoft.Web/deletedSites", 30),
    ):
        if kind not in kinds:
            continue
        try:
            rows = arm.every("what is kept", f"/subscriptions/{subscription}/providers/{path}", VERSIONS[kind])
        except ArmError as error:
            yield f"{path} could not be seen: {error}"
            continue
        ours = (_name(row) for row in rows if _name(row) in known and _is_of(row, group))
        yield from (
            f"{kind}/{name} can be restored for up to {days} days, and costs nothing" for name in dict.fromkeys(ours)
        )


def _name(row: Mapping[str, Any]) -> str:
    return str((row.get("properties") or {}).get("deletedSiteName") or row.get("name", ""))


def _is_of(row: Mapping[str, Any], group: str) -> bool:
    of = str((row.get("properties") or {}).get("resourceGroup") or row.get("id", "")).lower()
    return of == group.lower() or f"/{group}/".lower() in of
