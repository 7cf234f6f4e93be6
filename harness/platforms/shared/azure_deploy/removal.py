"""Taking an Azure deployment away, and looking whether anything of it is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness.errors import PilotError
from harness.platforms.deploying import Destroyed, Heard, Took
from harness.platforms.shared.azure_deploy.account import Group
from harness.platforms.shared.azure_deploy.arm import Arm, ArmError
from harness.platforms.shared.azure_deploy.part import (
    ENVIRONMENT,
    IDENTITY,
    PROVIDER,
    REGISTRY,
    SITE,
    VERSIONS,
    WORKSPACE,
    Resource,
    carries,
)
from harness.platforms.shared.azure_deploy.proof import Names, Proving, soft_deleted
from harness.platforms.shared.deploy.part import Tag
from harness.platforms.shared.deploy.proof import Proof, proved

if TYPE_CHECKING:
    from harness.platforms.shared.azure_deploy.deployment import AzureDeployment

NOT_LOOKED = "other resource groups and subscriptions; what carries neither the tag nor one of the names; what was billed until now"
ROLES = "2022-04-01"  # of role assignments
TRIES = 4
WHOLLY = {WORKSPACE: {"force": "true"}}  # else it would be kept for 14 days, and its name with it


def removed(arm: Arm, path: str, version: str, tag: Tag, params: Mapping[str, str] | None = None) -> bool:
    """False where there is none; raises PilotError where it stays, or is not of this deployment."""
    name = path.rpartition("/providers/")[2]
    for left in reversed(range(TRIES)):
        there = arm.found(name, path, version)
        if there is None:
            return left < TRIES - 1
        _ours(name, there, tag)
        try:
            said = arm.ask(f"removal of {name}", "DELETE", path, version, params=params)
            arm.ended(f"removal of {name}", said, arm.pace.stack_s)
        except ArmError as error:  # busy, or still used by what is just being removed
            if error.denied or not left:
                raise
        if arm.found(name, path, version) is None:
            return True
        arm.pace.sleep(arm.pace.settle_s)
    raise PilotError(f"{name} is still there", "the same command again; what stays is removed by hand")


def _stays(group: Group) -> str:
    others = group.standing()
    why = f"it holds {', '.join(others[:3])}" if others else "somebody else made it"
    return f"resource group {group.name} stays: {why}"


def _ours(name: str, there: Mapping[str, Any], tag: Tag) -> None:
    if not carries(there, tag):
        raise PilotError(
            f"{name} does not carry the tag {tag.key}={tag.value}, so somebody else may own it",
            "delete it by hand if it is yours, or give its runtime another name in target.toml",
        )


class Removal:
    """Targets first; what they share goes with the last of them, then the group where this deployment made it."""

    def __init__(self, made: AzureDeployment) -> None:
        self._made = made
        self._done: list[Took] = []

    def run(self, heard: Heard) -> Destroyed:
        """Raises PilotError where a resource stays."""
        made, group = self._made, self._made.group
        alone, notes = True, list[str]()
        if group.now() is not None:
            for part in made.parts:
                self._gone(part.app, part.target.name, part.keeps, part.tag, heard)
            if alone := not made.others():
                self._gone(made.base, None, self._shared(), made.base_tag, heard)
                began = made.pace.clock()
                if group.remove(heard):
                    took = round(made.pace.clock() - began, 1)
                    self._done.append(Took(f"resource group {group.name}", "removed", took))
                elif group.now() is not None:
                    notes.append(_stays(group))
        proof = self._proved(heard, alone=alone)
        return Destroyed(
            tuple(self._done),
            tuple(proof.looked),
            tuple(proof.left),
            tuple(proof.unseen),
            NOT_LOOKED,
            (*notes, *soft_deleted(made.arm, made.subscription, group.name, self._names(alone=alone))),
        )

    def _shared(self) -> Iterator[Resource]:
        """In the order in which nothing uses them any more; a registry that somebody named stays where it has no tag."""
        made = self._made
        yield PROVIDER
        yield Resource(ENVIRONMENT, made.base)
        yield Resource(WORKSPACE, made.base)
        yield Resource(IDENTITY, made.base)
        there = made.registry.now()
        if there is not None and carries(there, made.base_tag):
            yield Resource(REGISTRY, str(there["name"]))

    def _gone(self, name: str, target: str | None, keeps: Any, tag: Tag, heard: Heard) -> None:  # noqa: ANN401 - any order of resources
        """Its deployment stopped, its resources removed, then the record of it."""
        made = self._made
        began, was = made.pace.clock(), False
        made.templates.stopped(name, tag, heard)
        for one in keeps:
            path, version = made.path(one), VERSIONS[one.kind]
            heard.work(f"removing {one.path}")
            self._roles(one, path, tag)
            was = removed(made.arm, path, version, tag, WHOLLY.get(one.kind)) or was
        if made.templates.forget(name, tag) or was:
            took = Took(name, "removed", round(made.pace.clock() - began, 1), target)
            self._done.append(took)
            heard.say(f"{name}: removed in {took.seconds:.0f} s")

    def _roles(self, one: Resource, path: str, tag: Tag) -> None:
        """The role assignments of its identity, else one made again under the same name could not be given them."""
        if one.kind not in (IDENTITY, SITE):
            return
        arm, group = self._made.arm, self._made.group.path
        if (there := arm.found(one.path, path, VERSIONS[one.kind])) is None:
            return
        _ours(one.path, there, tag)
        said = there.get("properties" if one.kind == IDENTITY else "identity") or {}
        if (principal := said.get("principalId")) is None:
            return
        where = f"{group}/providers/Microsoft.Authorization/roleAssignments"
        rows = arm.every("role assignments", where, ROLES, {"$filter": f"principalId eq '{principal}'"})
        for row in rows:
            if str(row["id"]).lower().startswith(group.lower() + "/"):
                try:
                    arm.ask("role assignment", "DELETE", str(row["id"]), ROLES)
                except ArmError as error:
                    if error.status != 404:
                        raise

    def _names(self, *, alone: bool) -> Names:
        made = self._made
        own = [one for part in made.parts for one in part.keeps]
        shared = [PROVIDER, *(Resource(kind, made.base) for kind in (ENVIRONMENT, WORKSPACE, IDENTITY))]
        if made.registry.named is None:  # one that somebody named may be theirs
            shared.append(Resource(REGISTRY, made.registry.usual))
        tags = [part.tag for part in made.parts]
        records = [part.app for part in made.parts]
        return Names(
            (*own, *(shared if alone else [])),
            tuple(dict.fromkeys([*tags, *([made.base_tag] if alone else [])])),
            (*records, *([made.base] if alone else [])),
        )

    def _proved(self, heard: Heard, *, alone: bool) -> Proof:
        made = self._made
        return proved(Proving(made.arm, made.group, self._names(alone=alone)).proof, made.pace, heard)
