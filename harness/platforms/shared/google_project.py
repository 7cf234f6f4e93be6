"""A project of Google Cloud before money: who may do what in it, and which of its APIs are on.

Verified: spec only; the tests hold requests to the APIs' documented paths with recorded answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from harness.domain.finding import Finding, State
from harness.platforms.examining import Reach, guarded, refused_as
from harness.platforms.shared.answer import NoAnswer, answer_of

MANAGER, USAGE = "https://cloudresourcemanager.googleapis.com", "https://serviceusage.googleapis.com"
BILLING = "https://cloudbilling.googleapis.com"
OFF = ("SERVICE_DISABLED", "has not been used in project", "it is disabled")
LOGIN = "gcloud auth application-default login, and gcloud config set project PROJECT"
MOST_ASKED = 100  # permissions in one question


def project(reach: Reach, name: str) -> list[Finding]:
    """Whether the credentials see the project, and whether it lives."""
    title = "project"

    def look() -> Finding:
        said = answer_of(reach.google(MANAGER).get, {"path": f"/v1/projects/{name}"})
        state = said["lifecycleState"].text()
        if state != "ACTIVE":
            return Finding(title, State.WRONG, f"it is {state}", "project of [runtime] in target.toml")
        return Finding(title, State.GOOD, "active")

    return reach.once(("google project", name), lambda: guarded(title, look, LOGIN))


def apis(reach: Reach, name: str, wanted: Sequence[str], *, later: bool = False) -> list[Finding]:
    """Each API that its commands need: one that is off answers every call with 403. ``later``: a deployment turns it on."""
    each = [reach.once(("google api", name, api), partial(_api, reach, name, api, later=later)) for api in wanted]
    return [found for one in each for found in one]


def _api(reach: Reach, name: str, api: str, *, later: bool) -> list[Finding]:
    title = f"API {api}"
    enable = f"gcloud services enable {api} --project PROJECT"

    def look() -> Finding:
        said = answer_of(reach.google(USAGE).get, {"path": f"/v1/projects/{name}/services/{api}"})
        state = said["state"].text()
        if state == "ENABLED":
            return Finding(title, State.GOOD)
        if later and state == "DISABLED":
            return Finding(title, State.LATER, "it is off: pilot deploy turns it on", enable)
        return Finding(title, State.WRONG, "it is off", enable)

    return guarded(title, look, f"allow serviceusage.services.get, or: {enable}")


def billing(reach: Reach, name: str) -> list[Finding]:
    """Whether somebody pays for the project: without that no API that costs anything can be turned on."""
    title = "billing account"
    fix = "gcloud billing projects link PROJECT --billing-account ACCOUNT"

    def look() -> Finding:
        try:
            said = answer_of(reach.google(BILLING).get, {"path": f"/v1/projects/{name}/billingInfo"})
        except NoAnswer as error:
            if refused_as(error, *OFF):
                return Finding(title, State.LATER, "the Cloud Billing API is off, so nobody here can tell", fix)
            raise
        if said["billingEnabled"].value is not True:
            if said["billingEnabled"].value is False or (not said["billingEnabled"].given and said["projectId"].given):
                return Finding(title, State.WRONG, "none is linked to the project", fix)
            raise said["billingEnabled"].unlike("true or false")
        return Finding(title, State.GOOD, "linked")

    return reach.once(("google billing", name), lambda: guarded(title, look, fix))


def permissions(reach: Reach, title: str, host: str, path: str, wanted: Sequence[str], fix: str) -> list[Finding]:
    """What the caller lacks of these, as the resource itself says."""

    def look() -> Finding:
        request = {"path": f"{path}:testIamPermissions", "body": {"permissions": list(wanted[:MOST_ASKED])}}
        said = answer_of(reach.google(host).post, request)
        held = {one.text() for one in said["permissions"].rows()}
        if lacking := [one for one in wanted if one not in held]:
            return Finding(title, State.WRONG, f"may not {', '.join(lacking)}", fix)
        return Finding(title, State.GOOD, f"{len(wanted)} permissions")

    return guarded(title, look, fix)


def not_there(error: NoAnswer) -> bool:
    """Whether an API answered that there is nothing of that name."""
    return refused_as(error, "HTTP 404", "NOT_FOUND")
