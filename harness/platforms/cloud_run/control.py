"""The control plane of a Cloud Run service, Admin API v2.

Verified: spec only; requests and answers are held to the API's discovery names in the
tests. A new value of an environment variable makes a new revision, and no instance
of it is warm.
"""

from __future__ import annotations

from typing import Any

from harness.domain.target import Cold
from harness.errors import PilotError
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.shared.call import demand
from harness.platforms.shared.origins import google
from harness.platforms.shared.settling import Settling, controlling

HOST = "https://run.googleapis.com"
SETTLE_S, POLL_S = 300.0, 2.0
COUNTER = "PILOT_COLD"


class CloudRunRuntime(Settling[CloudRun]):
    """Its service is what is asked and changed."""

    @property
    def _path(self) -> str:
        where = self._config
        return f"/v2/projects/{where.project}/locations/{where.region}/services/{where.service}"

    def facts(self) -> dict[str, Any]:
        """Shape and scaling, without the project's name or a value of any variable; raises PilotError."""
        service = self._service()
        template = service.get("template", {})
        container = (template.get("containers") or [{}])[0]
        scaling = {**(service.get("scaling") or {}), **(template.get("scaling") or {})}
        return {
            "kind": "cloud-run",
            "service": self._config.service,
            "region": self._config.region,
            "revision": _last(service.get("latestReadyRevision")),
            "concurrency": template.get("maxInstanceRequestConcurrency"),
            "minInstances": scaling.get("minInstanceCount", 0),
            "maxInstances": scaling.get("maxInstanceCount"),
            "Timeout": _seconds(template.get("timeout")),
            "limits": (container.get("resources") or {}).get("limits"),
            "cpuIdle": (container.get("resources") or {}).get("cpuIdle"),
            "startupCpuBoost": (container.get("resources") or {}).get("startupCpuBoost"),
            "executionEnvironment": template.get("executionEnvironment"),
        }

    def make_cold(self) -> Cold:
        """A new revision by a new value of a variable; raises PilotError when it fails or does not settle."""
        service = self._service()
        template = service["template"]
        template.pop("revision", None)  # a name is used once
        [container, *_] = template["containers"]
        variables = container.setdefault("env", [])
        found = next((v for v in variables if v.get("name") == COUNTER), None)
        if found is None:
            variables.append(found := {"name": COUNTER, "value": "0"})
        found["value"] = str(int(found.get("value") or 0) + 1)
        doing = f"{self._target.name} could not be made cold"
        demand(doing, self._api.patch, path=self._path, params={"updateMask": "template"}, body={"template": template})
        self._until("the new revision", self._settled, SETTLE_S, POLL_S)
        return Cold("new-version", f"{COUNTER} set to {found['value']}: a new revision serves all traffic")

    def _service(self) -> dict[str, Any]:
        return demand(f"{self._target.name}: its service cannot be read", self._api.get, path=self._path)

    def _settled(self) -> bool:
        service = self._service()
        state = (service.get("terminalCondition") or {}).get("state")
        if state == "CONDITION_FAILED" and not service.get("reconciling"):
            raise PilotError(
                f"{self._target.name}: the new revision failed: {service['terminalCondition'].get('message')}",
                "the revision's logs say why; then try again",
            )
        ready = service.get("latestReadyRevision") == service.get("latestCreatedRevision")
        return ready and state == "CONDITION_SUCCEEDED" and not service.get("reconciling")


control = controlling(CloudRunRuntime, CloudRun, lambda _: google(HOST))


def _last(name: str | None) -> str | None:
    """The last part of a resource's name; what stands before it names the project."""
    return name.rsplit("/", 1)[-1] if name else None


def _seconds(text: str | None) -> float | None:
    return float(text.removesuffix("s")) if text else None
