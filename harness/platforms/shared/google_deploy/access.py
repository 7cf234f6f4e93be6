"""Who may do what with one resource: its policy is read, added to and written with its etag, so that nobody's change is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from harness.errors import PilotError
from harness.platforms.shared.google_deploy.api import CHANGED, NOT_THERE, THERE, Cloud, GoogleError
from harness.platforms.shared.google_project import MANAGER

VERSION = 3  # with conditions: they are kept as they are
TRIES = 5
OPTION = "options.requestedPolicyVersion"
ASKS_MODEL, INVOKES = "roles/aiplatform.user", "roles/run.invoker"


@dataclass(frozen=True)
class Resource:
    """What has a policy; ``reads``: APIs differ in how it is asked for."""

    what: str
    host: str
    path: str
    reads: Literal["get", "post", "body", "storage"] = "get"


def bind(cloud: Cloud, on: Resource, role: str, members: Sequence[str]) -> bool:
    """Whether any of them lacked it; raises PilotError. What it is given on is there: one that was just made is only not seen yet."""

    def added(policy: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        lacking = [member for member in members if member not in _held(policy, role)]
        if not lacking:
            return None
        rows = [dict(row) for row in policy.get("bindings", ())]
        mine = next((row for row in rows if _is(row, role)), None)
        if mine is None:
            rows.append(mine := {"role": role, "members": []})
        mine["members"] = [*mine.get("members", ()), *lacking]
        return rows

    return _changed(cloud, on, added, lambda error: error.spreading or error.code == NOT_THERE)


def unbind(cloud: Cloud, on: Resource, role: str, member: str) -> bool:
    """Whether it was there; raises PilotError."""

    def without(policy: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        if member not in _held(policy, role):
            return None
        rows = [dict(row) for row in policy.get("bindings", ())]
        for row in rows:
            if _is(row, role):
                row["members"] = [one for one in row.get("members", ()) if one != member]
        return [row for row in rows if row.get("members")]

    return _changed(cloud, on, without, lambda error: error.spreading)


def _changed(cloud: Cloud, on: Resource, change: Any, late: Callable[[GoogleError], bool]) -> bool:  # noqa: ANN401 - a policy to its bindings, or None
    for _ in range(TRIES):
        policy = cloud.patient(partial(_policy, cloud, on), late)
        rows = change(policy)
        if rows is None:
            return False
        written = partial(_written, cloud, on, {**policy, "bindings": rows})
        if cloud.patient(written, late) is not None:
            cloud.given_s = cloud.pace.clock()
            return True
    raise PilotError(
        f"{on.what}: somebody else changes it at the same time", "wait until they are done, then try again"
    )


def _policy(cloud: Cloud, on: Resource) -> dict[str, Any]:
    what, asking = f"policy of {on.what}", f"{on.path}:getIamPolicy"
    if on.reads == "storage":
        return cloud.asked(what, "get", on.host, f"{on.path}/iam", params={"optionsRequestedPolicyVersion": VERSION})
    if on.reads == "body":
        return cloud.asked(what, "post", on.host, asking, body={"options": {"requestedPolicyVersion": VERSION}})
    return cloud.asked(what, on.reads, on.host, asking, params={OPTION: VERSION})


def _written(cloud: Cloud, on: Resource, policy: Mapping[str, Any]) -> dict[str, Any] | None:
    """None where it was changed since it was read."""
    what, changed = f"policy of {on.what}", (THERE, CHANGED)
    if on.reads == "storage":
        return cloud.found(what, "put", on.host, f"{on.path}/iam", none=changed, body=policy)
    return cloud.found(what, "post", on.host, f"{on.path}:setIamPolicy", none=changed, body={"policy": policy})


def _held(policy: Mapping[str, Any], role: str) -> set[str]:
    return {member for row in policy.get("bindings", ()) if _is(row, role) for member in row.get("members", ())}


def _is(row: Mapping[str, Any], role: str) -> bool:
    """With a condition it is another one."""
    return row.get("role") == role and "condition" not in row


def project_policy(project: str) -> Resource:
    """Of the project itself: what lies there outlives the account that it names."""
    return Resource(f"project {project}", MANAGER, f"/v1/projects/{project}", "body")
