"""The control plane of an Azure Function App, by Azure Resource Manager.

Verified: spec only. A site is "Running" while its instances restart, so what is waited for
is the restart that was asked for as synchronous.
"""

from __future__ import annotations

from typing import Any

from harness.domain.target import Cold
from harness.platforms.azure_functions.config import AzureFunctionApp
from harness.platforms.shared.call import demand
from harness.platforms.shared.origins import azure
from harness.platforms.shared.settling import Settling, controlling

VERSION = "2023-12-01"
SETTLE_S, POLL_S = 300.0, 3.0


class FunctionAppRuntime(Settling[AzureFunctionApp]):
    """Its app is what is asked and restarted."""

    @property
    def _path(self) -> str:
        return f"{self._config.group}/Microsoft.Web/sites/{self._config.app}"

    def facts(self) -> dict[str, Any]:
        """Plan and scale, without subscription or a value of any setting; raises PilotError."""
        said = self._site()["properties"]
        flex = said.get("functionAppConfig") or {}
        scale = flex.get("scaleAndConcurrency") or {}
        return {
            "kind": "azure-functions",
            "app": self._config.app,
            "sku": said.get("sku"),
            "runtime": flex.get("runtime"),
            "instanceMemoryMB": scale.get("instanceMemoryMB"),
            "maximumInstanceCount": scale.get("maximumInstanceCount"),
            "alwaysReady": [{k: r.get(k) for k in ("name", "instanceCount")} for r in scale.get("alwaysReady") or ()],
            "httpConcurrency": ((scale.get("triggers") or {}).get("http") or {}).get("perInstanceConcurrency"),
        }

    def make_cold(self) -> Cold:
        """Restart every instance, without waiting for the first that serves; raises PilotError."""
        demand(
            f"{self._target.name} could not be restarted",
            self._api.post,
            path=f"{self._path}/restart",
            params={"api-version": VERSION, "synchronous": "true"},
        )
        self._until("the restarted app", self._running, SETTLE_S, POLL_S)
        return Cold("restarted", "every instance restarted")

    def _running(self) -> bool:
        return bool(self._site()["properties"].get("state") == "Running")

    def _site(self) -> dict[str, Any]:
        doing = f"{self._target.name}: its function app cannot be read"
        return demand(doing, self._api.get, path=self._path, params={"api-version": VERSION})


control = controlling(FunctionAppRuntime, AzureFunctionApp, lambda _: azure())
