"""What the operations of a deployment say: how far it is, and where it failed what failed first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError
from harness.platforms.shared.azure_deploy.arm import cause_of
from harness.platforms.shared.azure_deploy.hints import hint_of

MOST_FURTHER = 4
LATE = re.compile(
    r"PrincipalNotFound|unable to pull image using managed identity|UNAUTHORIZED: authentication", re.IGNORECASE
)
BY_ITS_PARTS = ("DeploymentFailed", "DeploymentOperationFailed", "ResourceDeploymentFailure")  # that something failed
DURATION = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")


def is_late(words: str) -> bool:
    """Whether it failed because a role, or whom it is assigned to, was not seen everywhere yet: minutes, says Azure."""
    return LATE.search(words) is not None


def seconds_of(duration: object) -> float | None:
    """Of an ISO 8601 duration, as PT1M12.5S; None where it is not one."""
    said = DURATION.fullmatch(str(duration or ""))
    if said is None or not any(said.groups()):
        return None
    return sum(float(part or 0) * unit for part, unit in zip(said.groups(), (86_400, 3_600, 60, 1), strict=True))


def failed_in(operations: Sequence[Mapping[str, Any]]) -> list[str]:
    """In words, what failed first comes first; what only failed because its parts did is left out where they are known."""
    rows = [row for row in operations if _state(row) == "Failed"]
    rows.sort(key=lambda row: str(row["properties"].get("timestamp", "")))
    causes = [(_named(row), *cause_of(_error(row))) for row in rows]
    own = [one for one in causes if one[1] not in BY_ITS_PARTS]
    return [
        f"{name}: {code + ': ' if code else ''}{visible(without_identity(message), MOST_SHOWN) or 'no reason given'}"
        for name, code, message in (own or causes)
    ]


def failure(name: str, there: Mapping[str, Any] | None, operations: Sequence[Mapping[str, Any]]) -> PilotError:
    """The error of a deployment that did not succeed: the cause first, then the rest and what fixes it."""
    said = (there or {}).get("properties", {})
    state = said.get("provisioningState", "gone")
    code, message = cause_of(said.get("error"))
    whole = f"{code + ': ' if code else ''}{visible(without_identity(message), MOST_SHOWN)}"
    first, *further = failed_in(operations) or [whole or "no operation says why"]
    lines = [f"deployment {name} ended as {state}", f"  cause: {first}"]
    lines += [f"  then:  {words}" for words in further[:MOST_FURTHER]]
    return PilotError("\n".join(lines), hint_of(first))


def progress(name: str, operations: Sequence[Mapping[str, Any]], of: int, took_s: float, minutes: float) -> str:
    """How far it is; how long it still takes by a rough figure, until that is over."""
    done = sum(_state(row) == "Succeeded" for row in operations)
    busy = [_named(row) for row in operations if _state(row) not in ("Succeeded", "Failed", "Canceled")]
    left = minutes - took_s / 60
    eta = f", about {left:.0f} min left" if left >= 1 else ""
    return f"{name}: {done} of {of} resources, {took_s / 60:.0f} min{eta}{': ' + ', '.join(busy[:3]) if busy else ''}"


def creating(operations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of resources: a deployment also lists that it evaluated its outputs, and what it read on the way."""
    return [
        row
        for row in operations
        if isinstance(row.get("properties"), Mapping)
        and row["properties"].get("targetResource")
        and str(row["properties"].get("provisioningOperation", "Create")) in ("Create", "Update")
    ]


def _state(row: Mapping[str, Any]) -> str:
    return str(row["properties"].get("provisioningState", ""))


def _named(row: Mapping[str, Any]) -> str:
    target = row["properties"].get("targetResource") or {}
    return visible(f"{target.get('resourceType', 'resource')} {target.get('resourceName', '')}".strip(), 120)


def _error(row: Mapping[str, Any]) -> object:
    message = row["properties"].get("statusMessage")
    if isinstance(message, Mapping):
        return message.get("error", message)
    return {"message": str(message)} if message else None
