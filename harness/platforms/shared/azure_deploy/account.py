"""The subscription before a deployment: whether it may spend, its resource providers, and the resource group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.domain.shown import visible
from harness.errors import PilotError, Refused
from harness.platforms.deploying import Heard
from harness.platforms.shared.azure_deploy.arm import GROUPS, Arm
from harness.platforms.shared.azure_deploy.part import KINDS, carries
from harness.platforms.shared.deploy.part import Tag

SUBSCRIPTIONS = "2022-12-01"
REGISTER_S = 1200.0  # a provider is registered in every region


def subscription(arm: Arm, of: str) -> str:
    """Its name; raises PilotError where the credentials do not see it, Refused where nothing can be made in it."""
    said = arm.get("subscription", f"/subscriptions/{of}", SUBSCRIPTIONS)
    if said.get("state") != "Enabled":
        raise Refused(f"the subscription is {said.get('state')}: nothing can be made in it", "the subscription's page")
    return visible(str(said.get("displayName") or "without a name"), 60)


class Providers:
    """Resource providers, without whose registration nothing of theirs can be made."""

    def __init__(self, arm: Arm, subscription: str) -> None:
        self._arm, self._path = arm, f"/subscriptions/{subscription}/providers"

    def missing(self, wanted: Sequence[str]) -> list[str]:
        return [name for name in wanted if self._state(name) != "Registered"]

    def ensure(self, wanted: Sequence[str], heard: Heard) -> list[str]:
        """Those that were missing, once they are there."""
        missing = self.missing(wanted)
        for name in missing:
            self._arm.ask(f"provider {name}", "POST", f"{self._path}/{name}/register", GROUPS)
        if missing:
            heard.say(f"registering what this subscription never used: {', '.join(missing)}")
            self._waited(missing, heard)
        return missing

    def _waited(self, names: Sequence[str], heard: Heard) -> None:
        left = list(names)

        def over() -> tuple[bool, float]:
            nonlocal left
            left = self.missing(left)
            return not left, 0.0

        if self.missing(names):
            tell = lambda took: heard.work(f"registering {', '.join(left)}, {took:.0f} s")  # noqa: E731 - one line
            self._arm.wait("registration of providers", over, REGISTER_S, tell)

    def _state(self, name: str) -> str:
        return str(self._arm.get(f"provider {name}", f"{self._path}/{name}", GROUPS).get("registrationState", ""))


class Group:
    """The resource group of a deployment; one that somebody else made is used, and never tagged or removed."""

    def __init__(self, arm: Arm, subscription: str, name: str, tag: Tag) -> None:
        self._arm, self.name, self._tag = arm, name, tag
        self.path = f"/subscriptions/{subscription}/resourceGroups/{name}"

    def now(self) -> Mapping[str, Any] | None:
        """None where there is none."""
        return self._arm.found(f"resource group {self.name}", self.path, GROUPS)

    def ours(self, there: Mapping[str, Any]) -> bool:
        return carries(there, self._tag)

    def ensure(self, location: str | None, heard: Heard) -> tuple[str, bool]:
        """Its location, and whether it was made; one that is being removed is waited for."""
        there = self._settled(heard)
        if there is not None:
            return str(there["location"]), False
        if location is None:
            raise Refused(
                f"there is no resource group {self.name} yet, and nothing says where it should be",
                "--set location=NAME, or region under [prices] in target.toml",
            )
        body = {"location": location, "tags": {self._tag.key: self._tag.value}}
        said = self._arm.ask(f"resource group {self.name}", "PUT", self.path, GROUPS, body=body).body
        return str(said.get("location", location)), True

    def _settled(self, heard: Heard) -> Mapping[str, Any] | None:
        there = self.now()

        def over() -> tuple[bool, float]:
            nonlocal there
            there = self.now()
            return there is None or not _leaving(there), 0.0

        if there is not None and _leaving(there):
            heard.say(f"resource group {self.name} is being removed: waiting for it")
            self._arm.wait(f"removal of resource group {self.name}", over, self._arm.pace.stack_s)
        return there

    def standing(self, params: Mapping[str, str] | None = None) -> list[str]:
        """Resources in it, of a filter where one is given; none where there is no group.

        The list shows what is gone for minutes, so each of a kind that is known here is asked for where it lives.
        """
        rows = self._arm.every(f"resources of {self.name}", f"{self.path}/resources", GROUPS, params)
        return [f"{row.get('type')}/{row.get('name')}" for row in rows if self._stands(row)]

    def _stands(self, row: Mapping[str, Any]) -> bool:
        version = KINDS.get(str(row.get("type", "")).lower())
        return version is None or self._arm.found(str(row.get("name")), str(row["id"]), version) is not None

    def remove(self, heard: Heard) -> bool:
        """Where this deployment made it and nothing is in it any more; raises PilotError where it stays all the same."""
        there = self._settled(heard)
        if there is None or not self.ours(there) or self.standing():
            return False
        doing = f"removal of resource group {self.name}"
        said = self._arm.ask(doing, "DELETE", self.path, GROUPS)
        self._arm.ended(doing, said, self._arm.pace.stack_s)
        if self._settled(heard) is not None:
            raise PilotError(f"resource group {self.name} is still there", "the same command again")
        return True


def _leaving(there: Mapping[str, Any]) -> bool:
    return bool((there.get("properties") or {}).get("provisioningState") == "Deleting")
