"""Cloud Run services, each brought to what is wanted or taken away; whatever was in progress is waited for first.

Written over the API that ``gcloud run services replace`` uses, so that a manifest goes as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import PilotError
from harness.platforms.deploying import Heard
from harness.platforms.shared.google_deploy.access import INVOKES, Resource, bind
from harness.platforms.shared.google_deploy.api import NOT_THERE, RUN, THERE, Cloud
from harness.platforms.shared.google_deploy.body import Wanted, again, same, without_place
from harness.platforms.shared.google_deploy.failure import failure_of

READY, EVERYBODY = "Ready", "allUsers"
TRIES = 5


@dataclass(frozen=True)
class Done:
    """How a service was brought there: ``created``, ``updated`` or ``kept``, and where it answers."""

    did: str
    seconds: float
    url: str


class Services:
    """Of one region."""

    def __init__(self, cloud: Cloud, region: str) -> None:
        self._cloud = cloud
        self.host = f"https://{region}-run.googleapis.com"
        self._all = f"/apis/serving.knative.dev/v1/namespaces/{cloud.project}/services"
        self._v2 = f"/v2/projects/{cloud.project}/locations/{region}/services"

    def now(self, name: str) -> dict[str, Any] | None:
        """None where there is none."""
        return self._cloud.found(f"service {name}", "get", self.host, f"{self._all}/{name}")

    def listed(self) -> list[dict[str, Any]]:
        """All of the region, as the Admin API has them."""
        return self._cloud.every("services", RUN, self._v2, "services")

    def resource(self, name: str) -> Resource:
        return Resource(f"service {name}", RUN, f"{self._v2}/{name}")

    def put(self, want: Wanted, heard: Heard) -> Done:
        """Create it, or replace it where anything differs; raises PilotError with the cause first."""
        began = self._cloud.pace.clock()
        late: PilotError | None = None
        for _ in range(TRIES):
            there = self._settled(want.name, heard)
            if there is not None:
                ours(there, want.label)
            body = want.body(there)
            if there is not None and same(without_place(body), there):
                if _state(there) == "True":
                    return Done("kept", self._cloud.pace.clock() - began, _url(there))
                body = again(body, there)
            if not self._begun(body, there):
                continue
            made = self._settled(want.name, heard)
            if made is None or _state(made) != "True":
                error = failure_of(self._cloud, self.host, want.name, made or {})
                if not error.late or not self._cloud.spreads:
                    raise error
                late = error
                heard.say(f"{want.name}: a right that was just given is not known yet; tried again in a moment")
                self._cloud.pace.sleep(self._cloud.pace.settle_s)
                continue
            return Done("updated" if there else "created", self._cloud.pace.clock() - began, _url(made))
        raise late or PilotError(
            f"service {want.name}: somebody else changes it at the same time",
            "wait until they are done, then try again",
        )

    def _begun(self, body: dict[str, Any], there: Mapping[str, Any] | None) -> bool:
        """False where it was changed since it was looked at."""
        name = body["metadata"]["name"]
        if there is not None:
            body["metadata"]["resourceVersion"] = there["metadata"].get("resourceVersion")
        method, path = ("post", self._all) if there is None else ("put", f"{self._all}/{name}")

        def ask() -> dict[str, Any] | None:
            none = (THERE,) if there is None else (THERE, NOT_THERE)
            return self._cloud.found(f"service {name}", method, self.host, path, none=none, body=body)

        return self._cloud.patient(ask, lambda error: error.spreading, self._cloud.pace.settle_s) is not None

    def opened(self, name: str) -> bool:
        """Whether everybody had to be let in: its manifest says that no identity is asked for, where its project allows that."""
        said = self._cloud.asked(f"service {name}", "get", RUN, f"{self._v2}/{name}")
        if said.get("invokerIamDisabled"):
            return False
        return bind(self._cloud, self.resource(name), INVOKES, [EVERYBODY])

    def remove(self, name: str, label: tuple[str, str], heard: Heard) -> bool:
        """False where there is none; raises PilotError where it is not of this deployment."""
        there = self.now(name)
        if there is None:
            return False
        ours(there, label)
        doing = f"service {name}"
        gone = self._cloud.found(doing, "delete", RUN, f"{self._v2}/{name}", none=(NOT_THERE, THERE))
        if gone is not None:
            self._cloud.ended(doing, RUN, gone, self._cloud.pace.stack_s, "v2")
        heard.work(f"{name}: being removed")
        self._cloud.pace.until(doing, lambda: self.now(name) is None, self._cloud.pace.stack_s)
        return True

    def _settled(self, name: str, heard: Heard) -> dict[str, Any] | None:
        """Once nothing is in progress."""
        began, there = self._cloud.pace.clock(), self.now(name)

        def ended() -> bool:
            nonlocal there
            there = self.now(name)
            if there is None or not _in_progress(there):
                return True
            heard.work(f"{name}: {_words(there)}, {self._cloud.pace.clock() - began:.0f} s")
            return False

        if there is not None and _in_progress(there):
            self._cloud.pace.until(f"service {name}", ended, self._cloud.pace.stack_s)
        return there


def ours(there: Mapping[str, Any], label: tuple[str, str]) -> None:
    """Raises PilotError for a service that somebody else may own."""
    key, value = label
    if (there["metadata"].get("labels") or {}).get(key) != value:
        raise PilotError(
            f"service {there['metadata']['name']} does not carry the label {key}={value}, so somebody else may own it",
            "delete it by hand if it is yours, or give its runtime another name in target.toml",
        )


def _condition(there: Mapping[str, Any]) -> Mapping[str, Any]:
    rows = there.get("status", {}).get("conditions", ())
    return next((row for row in rows if row.get("type") == READY), {})


def _state(there: Mapping[str, Any]) -> str:
    return str(_condition(there).get("status", "Unknown"))


def _in_progress(there: Mapping[str, Any]) -> bool:
    metadata, status = there.get("metadata", {}), there.get("status", {})
    if metadata.get("deletionTimestamp"):
        return True
    return status.get("observedGeneration") != metadata.get("generation") or _state(there) == "Unknown"


def _words(there: Mapping[str, Any]) -> str:
    if there.get("metadata", {}).get("deletionTimestamp"):
        return "being removed"
    return str(_condition(there).get("reason") or "starts")


def _url(there: Mapping[str, Any]) -> str:
    return str(there.get("status", {}).get("url", "")).rstrip("/")
