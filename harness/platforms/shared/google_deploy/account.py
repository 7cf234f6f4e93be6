"""The project before a deployment: who asks, which APIs are on, and the accounts that its services and its sender are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.errors import PilotError, Refused
from harness.platforms.shared.google_deploy.api import (
    ACCOUNTS,
    CREDENTIALS,
    NOT_THERE,
    PEOPLE,
    THERE,
    Cloud,
    GoogleError,
)
from harness.platforms.shared.google_deploy.part import MAIL
from harness.platforms.shared.google_project import MANAGER, USAGE
from harness.secrecy import KNOWN

APIS = (
    "run",
    "artifactregistry",
    "secretmanager",
    "iam",
    "iamcredentials",
    "monitoring",
    "logging",
    "cloudasset",
    "cloudresourcemanager",
)
MARK = "Made by pilot deploy"  # accounts carry no labels
ON = "ENABLED"
MOST_AT_ONCE = 20


def project_of(cloud: Cloud) -> None:
    """Raises PilotError where it cannot be used; one whose own API is off is asked for nothing more."""
    said = cloud.found(f"project {cloud.project}", "get", MANAGER, f"/v1/projects/{cloud.project}", none=())
    state = (said or {}).get("lifecycleState", "ACTIVE")
    if state != "ACTIVE":
        raise Refused(f"project {cloud.project} is {state}", "project of [runtime] in target.toml")


def caller(cloud: Cloud) -> str | None:
    """As a policy names who asks; None where the credentials do not say."""
    try:
        said = cloud.asked("who you are", "get", PEOPLE, "/oauth2/v2/userinfo")
    except PilotError:
        return None
    address = str(said.get("email") or "")
    return member(address) if address else None


def member(address: str) -> str:
    """Of a policy: a service account or a person."""
    return f"{'serviceAccount' if address.endswith('gserviceaccount.com') else 'user'}:{address}"


def apis_off(cloud: Cloud, wanted: Iterable[str]) -> list[str]:
    """By their short names; the others are noted as on. Raises GoogleError."""
    wanted = tuple(wanted)
    names = [f"projects/{cloud.project}/services/{name}.googleapis.com" for name in wanted]
    said = cloud.asked("APIs", "get", USAGE, f"/v1/projects/{cloud.project}/services:batchGet", params={"names": names})
    rows = (row for row in said.get("services", ()) if row.get("state") == ON)
    cloud.on |= {str(row.get("name", "")).rpartition("/")[2].partition(".")[0] for row in rows}
    return [name for name in wanted if name not in cloud.on]


def turn_on(cloud: Cloud, names: Sequence[str], within_s: float) -> None:
    """Return once they are on; raises PilotError."""
    for k in range(0, len(names), MOST_AT_ONCE):
        body = {"serviceIds": [f"{name}.googleapis.com" for name in names[k : k + MOST_AT_ONCE]]}
        path = f"/v1/projects/{cloud.project}/services:batchEnable"
        cloud.ended("APIs", USAGE, cloud.asked("APIs", "post", USAGE, path, body=body), within_s)
    cloud.on |= set(names)


class Accounts:
    """Service accounts of one project."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._path = f"/v1/projects/{cloud.project}/serviceAccounts"

    def mine(self, address: str) -> bool:
        """Whether it would be one of this project."""
        return address.endswith(f"@{self._cloud.project}.{MAIL}")

    def path(self, address: str) -> str:
        return f"{self._path}/{address}"

    def there(self, address: str) -> dict[str, object] | None:
        return self._cloud.found(f"account {_short(address)}", "get", ACCOUNTS, self.path(address))

    def ensure(self, address: str) -> bool:
        """Whether it was made now."""
        if self.there(address) is not None:
            return False
        name = _short(address)
        body = {"accountId": name, "serviceAccount": {"displayName": name, "description": MARK}}
        made = self._cloud.found(f"account {name}", "post", ACCOUNTS, self._path, none=(THERE,), body=body)
        return made is not None

    def ours(self, address: str) -> bool | None:
        """Whether pilot deploy made it; None where there is none."""
        there = self.there(address)
        return None if there is None else there.get("description") == MARK

    def remove(self, address: str) -> bool | None:
        """None where there is none, False where somebody else made it: that one stays."""
        ours = self.ours(address)
        if not ours:
            return ours
        self._cloud.found(f"account {_short(address)}", "delete", ACCOUNTS, self.path(address), none=(NOT_THERE,))
        return True


def acts_as(cloud: Cloud, address: str, audience: str) -> None:
    """Return once the caller gets an ID token of this account, which takes a moment after the right was given; raises GoogleError."""

    def ask() -> None:
        path = f"/v1/projects/-/serviceAccounts/{address}:generateIdToken"
        said = cloud.asked(
            f"ID token of {_short(address)}",
            "post",
            CREDENTIALS,
            path,
            body={"audience": audience, "includeEmail": True},
        )
        KNOWN.learn("of the sender", str(said.get("token") or ""))

    cloud.patient(ask, _not_yet)


def _not_yet(error: GoogleError) -> bool:
    return error.code in ("HTTP 403", NOT_THERE)


def _short(address: str) -> str:
    return address.partition("@")[0]
