"""A subscription of Azure before money: whether it is enabled, which providers are registered, what the caller may do.

Verified: spec only; the tests hold requests to Resource Manager's documented paths with recorded answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatch

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.examining import Reach, guarded, refused_as
from harness.platforms.shared.answer import Answer, NoAnswer, answer_of
from harness.platforms.shared.azure_app import AzureApp

SUBSCRIPTION, PROVIDERS, RIGHTS, GROUPS = "2022-12-01", "2021-04-01", "2022-04-01", "2021-04-01"
LOGIN = "az login, and subscription of [runtime] as az account show --query id says it"


def subscription(reach: Reach, of: str) -> list[Finding]:
    """Whether the credentials see it, and whether it may spend."""
    name = "subscription"

    def look() -> Finding:
        said = answer_of(reach.azure().get, {"path": f"/subscriptions/{of}", "params": {"api-version": SUBSCRIPTION}})
        state = said["state"].text()
        if state != "Enabled":
            return Finding(name, State.WRONG, f"it is {state}: nothing can be made in it", "the subscription's page")
        return Finding(name, State.GOOD, "enabled")

    return reach.once(("subscription", of), lambda: guarded(name, look, LOGIN))


def registered(reach: Reach, of: str, provider: str) -> list[Finding]:
    """A provider that was never registered refuses every resource of it."""
    name = f"provider {provider}"
    register = f"az provider register --namespace {provider} --wait"

    def look() -> Finding:
        path = f"/subscriptions/{of}/providers/{provider}"
        state = answer_of(reach.azure().get, {"path": path, "params": {"api-version": PROVIDERS}})[
            "registrationState"
        ].text()
        return Finding(
            name, State.GOOD if state == "Registered" else State.WRONG, state, "" if state == "Registered" else register
        )

    return reach.once(("provider", of, provider), lambda: guarded(name, look, register))


def permissions(reach: Reach, target: str, config: AzureApp, wanted: Sequence[str]) -> list[Finding]:
    """What the caller may not do in the resource group, as its own roles have it."""
    name = f"permissions for {target}"
    fix = "the role Contributor on the resource group, and Monitoring Reader"

    def look() -> Finding:
        group = f"/subscriptions/{config.subscription}/resourceGroups/{config.resource_group}"
        path, version = f"{group}/providers/Microsoft.Authorization/permissions", {"api-version": RIGHTS}
        try:
            rows = answer_of(reach.azure().get, {"path": path, "params": version})["value"]
        except NoAnswer as error:
            if refused_as(error, "ResourceGroupNotFound"):
                create = f"az group create --name {config.resource_group} --location LOCATION"
                return Finding(name, State.LATER, f"no resource group {config.resource_group} yet", create)
            raise
        if not rows.given:
            raise rows.unlike("a list")
        if lacking := [one for one in wanted if not any(_allows(row, one) for row in rows.rows())]:
            return Finding(name, State.WRONG, f"may not {', '.join(lacking)}", fix)
        return Finding(name, State.GOOD, f"{len(wanted)} actions")

    return guarded(name, look, fix)


def _allows(row: Answer, action: str) -> bool:
    """Of one role: what it grants less what it takes back; names are told apart without case."""

    def named(field: str) -> bool:
        return any(fnmatch(action.lower(), one.text().lower()) for one in row[field].rows())

    return named("actions") and not named("notActions")


def deployed(
    reach: Reach, target: Target, path: str, version: str, judge: Callable[[str, Answer], Finding]
) -> tuple[Answer | None, list[Finding]]:
    """The app as it stands; None where it is not deployed, or may not be read."""
    name = f"the app of {target.name}"
    kept: list[Answer] = []

    def look() -> Finding:
        try:
            said = answer_of(reach.azure().get, {"path": path, "params": {"api-version": version}})
        except NoAnswer as error:
            if refused_as(error, "ResourceNotFound", "ResourceGroupNotFound", "HTTP 404"):
                return Finding(name, State.LATER, "no such app yet")
            raise
        made = judge(name, said["properties"])
        kept.append(said["properties"])
        return made

    made = guarded(name, look, "the role Reader on the resource group")
    return (kept[0] if kept else None), made
