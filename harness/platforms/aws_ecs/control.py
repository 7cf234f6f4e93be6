"""The control plane of an ECS service, on Fargate or not.

Verified: spec only; requests and answers are held to botocore's service model in the
tests. A service has no cold of its own: every task is replaced, and a request meets
only tasks that passed their health check.
"""

from __future__ import annotations

from typing import Any

from harness.domain.identities import without_identities
from harness.domain.target import Cold
from harness.errors import PilotError
from harness.platforms.aws_ecs.config import AwsEcs
from harness.platforms.shared.aws import client
from harness.platforms.shared.call import demand
from harness.platforms.shared.settling import Settling, controlling

SETTLE_S, POLL_S = 900.0, 5.0


class EcsRuntime(Settling[AwsEcs]):
    """Its service is what is asked and restarted."""

    def facts(self) -> dict[str, Any]:
        """Service and task definition without account ids; raises PilotError when the service cannot be read."""
        service = self._service()
        doing = f"{self._target.name}: its task definition cannot be read"
        named = {"taskDefinition": service["taskDefinition"]}
        task = demand(doing, self._api.describe_task_definition, **named)["taskDefinition"]
        containers = [
            {"name": c.get("name"), "image": c.get("image"), "cpu": c.get("cpu"), "memory": c.get("memory")}
            for c in task.get("containerDefinitions", ())
        ]
        said: dict[str, Any] = without_identities(
            {
                "kind": "aws-ecs",
                "cluster": self._config.cluster,
                "service": self._config.service,
                "region": self._config.region,
                **{k: service.get(k) for k in ("desiredCount", "runningCount", "launchType", "platformVersion")},
                "capacityProviders": service.get("capacityProviderStrategy"),
                "taskDefinition": service["taskDefinition"],
                "cpu": task.get("cpu"),
                "memory": task.get("memory"),
                "architecture": (task.get("runtimePlatform") or {}).get("cpuArchitecture"),
                "containers": containers,
            }
        )
        return said

    def make_cold(self) -> Cold:
        """Replace every task; raises PilotError when the deployment fails or does not settle."""
        where = {"cluster": self._config.cluster, "service": self._config.service}
        demand(
            f"{self._target.name} could not be restarted", self._api.update_service, **where, forceNewDeployment=True
        )
        self._until("the new deployment", self._settled, SETTLE_S, POLL_S)
        return Cold("restarted", "every task replaced by a new deployment; requests meet only healthy tasks")

    def _service(self) -> dict[str, Any]:
        doing = f"{self._target.name}: its service cannot be read"
        names = [self._config.service]
        said = demand(doing, self._api.describe_services, cluster=self._config.cluster, services=names)
        if not said["services"]:
            why = "; ".join(str(f.get("reason")) for f in said.get("failures", ())) or "not found"
            raise PilotError(
                f"{self._target.name}: no service {self._config.service} in {self._config.cluster}: {why}",
                "runtime.cluster and runtime.service in target.toml, and its region",
            )
        service: dict[str, Any] = said["services"][0]
        return service

    def _settled(self) -> bool:
        service = self._service()
        states = [d.get("rolloutState") for d in service.get("deployments", ())]
        if "FAILED" in states:
            raise PilotError(
                f"{self._target.name}: the new deployment failed", "the service's events say why; then try again"
            )
        return states == ["COMPLETED"] and bool(service["runningCount"] == service["desiredCount"])


control = controlling(EcsRuntime, AwsEcs, lambda config: client("ecs", config.region))
