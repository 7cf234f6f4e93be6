"""The control plane of an Azure Container App, by Azure Resource Manager.

Verified: spec only. A restarted revision has no warm instance left.
"""

from __future__ import annotations

from typing import Any

from harness.domain.target import Cold
from harness.errors import PilotError
from harness.platforms.azure_container_apps.config import AzureContainerApp
from harness.platforms.shared.call import demand
from harness.platforms.shared.origins import azure
from harness.platforms.shared.settling import Settling, controlling

VERSION = "2024-03-01"
SETTLE_S, POLL_S = 300.0, 3.0


class ContainerAppRuntime(Settling[AzureContainerApp]):
    """Its app is what is asked, its revision restarted."""

    @property
    def _path(self) -> str:
        return f"{self._config.group}/Microsoft.App/containerApps/{self._config.app}"

    def facts(self) -> dict[str, Any]:
        """Shape and scale rules, without subscription, secrets or a value of any variable; raises PilotError."""
        said = self._app()["properties"]
        template = said.get("template") or {}
        container = (template.get("containers") or [{}])[0]
        scale = template.get("scale") or {}
        return {
            "kind": "azure-container-apps",
            "app": self._config.app,
            "revision": said.get("latestReadyRevisionName"),
            "cpu": (container.get("resources") or {}).get("cpu"),
            "memory": (container.get("resources") or {}).get("memory"),
            "minReplicas": scale.get("minReplicas"),
            "maxReplicas": scale.get("maxReplicas"),
            "rules": [rule.get("name") for rule in scale.get("rules") or ()],
            "workloadProfile": said.get("workloadProfileName"),
        }

    def make_cold(self) -> Cold:
        """Restart the serving revision and wait until it runs again; raises PilotError."""
        revision = self._app()["properties"].get("latestReadyRevisionName")
        doing = f"{self._target.name} could not be restarted"
        path = f"{self._path}/revisions/{revision}"
        demand(doing, self._api.post, path=f"{path}/restart", params={"api-version": VERSION})
        self._until("the restarted revision", lambda: self._running(path), SETTLE_S, POLL_S)
        return Cold("restarted", f"revision {revision} restarted")

    def _running(self, path: str) -> bool:
        doing = f"{self._target.name}: its revision cannot be read"
        said = demand(doing, self._api.get, path=path, params={"api-version": VERSION})["properties"]
        if said.get("runningState") in ("Failed", "Degraded"):
            raise PilotError(
                f"{self._target.name}: the restarted revision is {said['runningState']}",
                "the revision's logs say why; then try again",
            )
        return said.get("runningState") in ("Running", "RunningAtMaxScale", "ScaledToZero")

    def _app(self) -> dict[str, Any]:
        doing = f"{self._target.name}: its container app cannot be read"
        return demand(doing, self._api.get, path=self._path, params={"api-version": VERSION})


control = controlling(ContainerAppRuntime, AzureContainerApp, lambda _: azure())
