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

USAGES = {"Microsoft.App": "2024-03-01", "Microsoft.Web": "2023-12-01"}
SUBSCRIPTION, PROVIDERS, RIGHTS, GROUPS = "2022-12-01", "2021-04-01", "2022-04-01", "2021-04-01"
ASSIGNS = "Microsoft.Authorization/roleAssignments"
# Resource providers of what all targets of a group share
SHARED = ("Microsoft.App", "Microsoft.OperationalInsights", "Microsoft.ContainerRegistry", "Microsoft.ManagedIdentity")
SHARED_DEPLOY = (  # what all targets of a group share, and that roles may be assigned
    "Microsoft.Resources/deployments/write",
    "Microsoft.ContainerRegistry/registries/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/write",
    f"{ASSIGNS}/write",
)
ASK_FOR_MORE = "Quotas in the portal, or a support request; a number that you looked up goes into target.toml as [[quotas]] with limit"
MOST_SHOWN_QUOTAS = 3
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
    register = f"az provider register --namespace {provider} --wait, or pilot deploy, which does it"

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
    if any(one.startswith(ASSIGNS) for one in wanted):
        fix += "; to deploy also Role Based Access Control Administrator, for the templates assign roles"

    def look() -> Finding:
        group = f"/subscriptions/{config.subscription}/resourceGroups/{config.resource_group}"
        path, version = f"{group}/providers/Microsoft.Authorization/permissions", {"api-version": RIGHTS}
        try:
            rows = answer_of(reach.azure().get, {"path": path, "params": version})["value"]
        except NoAnswer as error:
            if refused_as(error, "ResourceGroupNotFound"):
                create = f"pilot deploy, or az group create --name {config.resource_group} --location LOCATION"
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
            if refused_as(
                error, "ResourceNotFound", "ResourceGroupNotFound", "HTTP 404", "MissingSubscriptionRegistration"
            ):
                return Finding(name, State.LATER, "no such app yet")
            raise
        made = judge(name, said["properties"])
        kept.append(said["properties"])
        return made

    made = guarded(name, look, "the role Reader on the resource group")
    return (kept[0] if kept else None), made


def regional(reach: Reach, target: Target, provider: str, *, before: bool) -> list[Finding]:
    """What is used of a provider's quotas where the target is billed; ``before`` it is deployed, one that is used up stops it."""
    region = target.prices.region if target.prices else None
    if region is None:
        return []
    of = target.runtime
    assert isinstance(of, AzureApp)
    name = f"quotas of {provider} in {region}"

    def look() -> Finding:
        path = f"/subscriptions/{of.subscription}/providers/{provider}/locations/{region}/usages"
        rows = answer_of(reach.azure().get, {"path": path, "params": {"api-version": USAGES[provider]}})["value"]
        if not rows.given:
            raise rows.unlike("a list")
        used = [_used(row) for row in rows.rows()]
        limited = sorted((one for one in used if one[2] > 0), key=lambda one: one[1] / one[2], reverse=True)
        words = ", ".join(f"{what}: {now:g} of {most:g} used" for what, now, most in limited[:MOST_SHOWN_QUOTAS])
        if not limited:
            return Finding(name, State.UNREADABLE, "no quota is listed", ASK_FOR_MORE)
        full = before and limited[0][1] >= limited[0][2]
        return Finding(name, State.WRONG if full else State.GOOD, words, ASK_FOR_MORE if full else "")

    return reach.once(("usages", of.subscription, provider, region, before), lambda: guarded(name, look, ASK_FOR_MORE))


def _used(row: Answer) -> tuple[str, float, float]:
    """A quota's name, what is used of it and its limit."""
    return row["name"]["value"].text(), row["currentValue"].number(), row["limit"].number()
