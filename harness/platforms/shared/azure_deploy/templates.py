"""Templates deployed by Resource Manager, each brought to what its file says; one that is running is waited for first.

Resource Manager keeps each deployment with its parameters, its outputs and what it made, so any machine can go on. A tag
on it says which template and which values it was: where these are the same, and all that it made is still there, nothing
is sent. That also keeps what a sweep changed in an app.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import PilotError
from harness.platforms.deploying import Heard
from harness.platforms.shared.azure_deploy.arm import ENDED, GROUPS, Arm, ArmError
from harness.platforms.shared.azure_deploy.failure import creating, failure, is_late, progress, seconds_of
from harness.platforms.shared.azure_deploy.parameters import filled
from harness.platforms.shared.azure_deploy.part import KINDS, carries, template_of
from harness.platforms.shared.deploy.part import Tag

SAID_EVERY_S = 60.0
TRIES, LATE_TRIES = 3, 5
CONTENT = "pilot-content"  # the tag of a deployment that says what was deployed
DIGITS = 32


@dataclass(frozen=True)
class Wanted:
    """One template as it should be; parameters that it does not have are left out."""

    name: str
    template: Path
    parameters: Mapping[str, str]
    tag: Tag
    minutes: float


@dataclass(frozen=True)
class Done:
    """How it was brought there: ``created``, ``updated`` or ``kept``, by Resource Manager's own clock where it tells."""

    did: str
    seconds: float
    outputs: Mapping[str, str]


class Templates:
    """Deployments of one resource group, which ``path`` names."""

    def __init__(self, arm: Arm, path: str) -> None:
        self._arm, self._group = arm, path

    def _path(self, name: str) -> str:
        return f"{self._group}/providers/Microsoft.Resources/deployments/{name}"

    def now(self, name: str) -> Mapping[str, Any] | None:
        """As Resource Manager has it; None where there is none."""
        return self._arm.found(f"deployment {name}", self._path(name), GROUPS)

    def parameters(self, name: str) -> Mapping[str, Any]:
        """Values that it was last deployed with; secret ones are not returned."""
        return dict((self.now(name) or {}).get("properties", {}).get("parameters") or {})

    def put(self, want: Wanted, heard: Heard) -> Done:
        """Deploy it where anything differs, again where a role was not visible yet; raises PilotError with the cause first."""
        for left in reversed(range(LATE_TRIES)):
            try:
                return self._put(want, heard)
            except PilotError as error:
                if not left or not is_late(str(error)):
                    raise
            heard.say(
                f"{want.name}: a role that was just assigned is not seen yet; again in {self._arm.pace.settle_s:.0f} s"
            )
            self._arm.pace.sleep(self._arm.pace.settle_s)
        raise AssertionError

    def _put(self, want: Wanted, heard: Heard) -> Done:
        for _ in range(TRIES):
            there, began = self.settled(want.name, heard, want), self._arm.pace.clock()
            before = (there or {}).get("properties", {}).get("parameters")
            known = filled(want.name, want.template, want.parameters, before)
            template = template_of(want.template)
            content = _content(template, known)
            if there is not None and self._same(there, content):
                return Done("kept", _took(there) or 0.0, _outputs(there))
            if self._begun(want, template, known, content):
                return self._ended(want, "created" if there is None else "updated", began, heard)
        raise PilotError(
            f"deployment {want.name}: somebody else changes it at the same time",
            "wait until they are done, then try again",
        )

    def _begun(self, want: Wanted, template: Mapping[str, Any], parameters: Mapping[str, Any], content: str) -> bool:
        """False where another one is running by now, which is waited for."""
        body = {
            "properties": {"mode": "Incremental", "template": template, "parameters": parameters},
            "tags": {want.tag.key: want.tag.value, CONTENT: content},
        }
        try:
            self._arm.ask(f"deployment {want.name}", "PUT", self._path(want.name), GROUPS, body=body)
        except ArmError as error:
            if error.code == "DeploymentActive":
                return False
            raise
        return True

    def _ended(self, want: Wanted, did: str, began: float, heard: Heard) -> Done:
        there = self.settled(want.name, heard, want)
        if there is None or _state(there) != "Succeeded":
            raise failure(want.name, there, self._operations(want.name))
        took = _took(there)
        return Done(did, self._arm.pace.clock() - began if took is None else took, _outputs(there))

    def _same(self, there: Mapping[str, Any], content: str) -> bool:
        if _state(there) != "Succeeded" or (there.get("tags") or {}).get(CONTENT) != content:
            return False
        made = (str(one.get("id", "")) for one in there["properties"].get("outputResources") or ())
        return all(self._stands(identity) for identity in made)

    def _stands(self, identity: str) -> bool:
        """Asked where it lives, for the list of a group shows what is gone; what lies inside of another is that one's."""
        below = identity.rpartition("/providers/")[2].split("/")
        version = KINDS.get("/".join(below[:2]).lower()) if len(below) == 3 else None
        return version is None or self._arm.found("/".join(below), identity, version) is not None

    def settled(self, name: str, heard: Heard, want: Wanted | None = None) -> Mapping[str, Any] | None:
        """Once it is not running; raises PilotError where that takes too long."""
        there = self.now(name)
        if there is None or _state(there) in ENDED:
            return there
        of = len(template_of(want.template)["resources"]) if want else 0
        minutes, said_at = want.minutes if want else 0.0, 0.0

        def over() -> tuple[bool, float]:
            nonlocal there
            there = self.now(name)
            return there is None or _state(there) in ENDED, 0.0

        def tell(took_s: float) -> None:
            nonlocal said_at
            line = progress(name, self._operations(name), of, took_s, minutes)
            heard.work(line)
            if took_s - said_at >= SAID_EVERY_S:
                said_at = took_s
                heard.say(line)

        self._arm.wait(f"deployment {name}", over, self._arm.pace.stack_s, tell)
        return there

    def _operations(self, name: str) -> list[Mapping[str, Any]]:
        """Nothing where they cannot be read: they only explain."""
        try:
            return creating(self._arm.every(f"operations of {name}", f"{self._path(name)}/operations", GROUPS))
        except ArmError:
            return []

    def stopped(self, name: str, tag: Tag, heard: Heard) -> None:
        """Canceled where it runs: what it makes would come back while it is removed. One of somebody else runs on."""
        there = self.now(name)
        if there is None or not carries(there, tag) or _state(there) in ENDED:
            return
        try:
            self._arm.ask(f"deployment {name}", "POST", f"{self._path(name)}/cancel", GROUPS)
        except ArmError as error:
            if error.status not in (404, 409):  # it is over by now
                raise
        self.settled(name, heard)

    def forget(self, name: str, tag: Tag) -> bool:
        """The record of it, which costs nothing; False where there is none with the tag."""
        there = self.now(name)
        if there is None or not carries(there, tag):
            return False
        doing = f"deployment {name}"
        said = self._arm.ask(doing, "DELETE", self._path(name), GROUPS)
        self._arm.ended(doing, said, self._arm.pace.stack_s)
        return True


def _content(template: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Of a template with these values; of a secret too, which is too long to be guessed from the digest."""
    text = json.dumps([template, parameters], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _state(there: Mapping[str, Any]) -> str:
    return str(there.get("properties", {}).get("provisioningState", ""))


def _took(there: Mapping[str, Any]) -> float | None:
    """Of what is there too: a call that goes on after a cut finds a deployment that nobody has noted."""
    return seconds_of(there["properties"].get("duration"))


def _outputs(there: Mapping[str, Any]) -> dict[str, str]:
    rows = there["properties"].get("outputs") or {}
    return {name: str(one["value"]) for name, one in rows.items() if isinstance(one, Mapping) and "value" in one}
