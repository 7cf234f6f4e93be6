"""``generator.kind = "fargate"``: a task for each member, of the task definition that targets/generator/fargate.yaml makes.

Verified: spec only; requests are held to botocore's service model in the tests. The campaign's secret goes by a parameter of
Systems Manager that only the tasks' execution role reads, so it stands in no answer of ECS. A campaign that is killed leaves
no task: its standbys leave when it is silent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import Field

from harness.domain.identities import without_identity
from harness.errors import PilotError
from harness.platforms.generator import (
    CALL_VARIABLE,
    MEMBER_VARIABLE,
    SETTLE_S,
    Books,
    Call,
    FleetConfig,
    GeneratorKind,
    Upkeep,
    priced,
)
from harness.platforms.shared.aws import client
from harness.platforms.shared.call import call as asked
from harness.platforms.shared.call import demand
from harness.tables.value import value
from harness.tables.values import Line

TAG = "pilot"
POLL_S = 2.0


@value
class FargateGenerator(FleetConfig):
    """``tag``: the value of the tag ``pilot``, by which its cost is found; ``container``: of the task definition.

    ``vcpu`` and ``memory_gb`` are a task's size, whatever the task definition says.
    """

    kind: ClassVar[str] = "fargate"

    region: Line = Field(kw_only=True)
    cluster: Line = Field(kw_only=True)
    task_definition: Line = Field(kw_only=True)
    subnets: tuple[Line, ...] = Field(kw_only=True, min_length=1, max_length=16)
    security_groups: tuple[Line, ...] = Field(kw_only=True, min_length=1, max_length=5)
    workers: int = Field(kw_only=True, ge=1, le=100)
    vcpu: float = Field(default=1.0, gt=0, le=16)
    memory_gb: float = Field(default=2.0, gt=0, le=120)
    public_ip: bool = False
    container: Line = "standby"
    secret_parameter: Line = "/runtime-pilot/generator/secret"  # noqa: S105 - where it lies, not what it is
    tag: Line = "rag-generator"


class Tasks:
    """The members as tasks; a new one takes the place of what stopped."""

    def __init__(
        self,
        config: FargateGenerator,
        call: Call,
        ecs: Any,  # noqa: ANN401 - boto3 makes its clients at run time
        ssm: Any,  # noqa: ANN401
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.members: Sequence[str] = tuple(f"worker-{k}" for k in range(1, config.workers + 1))
        self._config, self._call, self._ecs, self._ssm = config, call, ecs, ssm
        self._clock, self._sleep = clock, sleep
        self._arns: dict[str, str] = {}
        self._tries: dict[str, int] = {}

    def start(self, member: str) -> None:
        if not self._tries:
            demand("the generators' secret could not be kept", self._ssm.put_parameter, **self._parameter())
        self._tries[member] = self._tries.get(member, 0) + 1
        doing = f"the generator {member} could not be started"
        said = demand(doing, self._ecs.run_task, **self._request(member))
        if not said.get("tasks"):
            why = "; ".join(str(f.get("reason")) for f in said.get("failures", ())) or "no task was made"
            raise PilotError(f"{doing}: {without_identity(why)}", "generator.cluster, subnets and task_definition")
        self._arns[member] = str(said["tasks"][0]["taskArn"])

    def ended(self, member: str) -> str | None:
        if member not in self._arns:
            return "not started"
        said = asked(self._ecs.describe_tasks, {"cluster": self._config.cluster, "tasks": [self._arns[member]]})
        if isinstance(said, str):
            return None  # what cannot be asked may well run
        if not said["tasks"]:
            return "its task is gone"
        [task] = said["tasks"]
        if task.get("lastStatus") not in ("STOPPED", "DEPROVISIONING", "STOPPING"):
            return None
        reasons = [task.get("stoppedReason"), *(c.get("reason") for c in task.get("containers", ()))]
        return without_identity("; ".join(str(r) for r in reasons if r) or "its task stopped")

    def stop(self) -> None:
        until = self._clock() + SETTLE_S
        while left := self._running():
            for arn in left:
                asked(
                    self._ecs.stop_task, {"cluster": self._config.cluster, "task": arn, "reason": "the campaign ended"}
                )
            if self._clock() > until:
                names = ", ".join(arn.rpartition("/")[2] for arn in left)
                raise PilotError(
                    f"still running after {SETTLE_S:g} s: {names}",
                    f"aws ecs list-tasks --cluster {self._config.cluster} --started-by {self._call.campaign}",
                )
            self._sleep(POLL_S)
        if self._tries:
            asked(self._ssm.delete_parameter, {"Name": self._config.secret_parameter})

    def _running(self) -> list[str]:
        """Also one that this process did not hear of."""
        where = {"cluster": self._config.cluster, "startedBy": self._call.campaign, "desiredStatus": "RUNNING"}
        found: list[str] = []
        page: dict[str, Any] = {}
        while True:
            said = demand("the generators could not be listed", self._ecs.list_tasks, **where, **page)
            found += said["taskArns"]
            if not said.get("nextToken"):
                return found
            page = {"nextToken": said["nextToken"]}

    def _parameter(self) -> dict[str, Any]:
        return {
            "Name": self._config.secret_parameter,
            "Value": self._call.secret.decode(),
            "Type": "SecureString",
            "Overwrite": True,
        }

    def _request(self, member: str) -> dict[str, Any]:
        config = self._config
        environment = {CALL_VARIABLE: self._call.to, MEMBER_VARIABLE: member}
        return {
            "cluster": config.cluster,
            "taskDefinition": config.task_definition,
            "launchType": "FARGATE",
            "count": 1,
            "startedBy": self._call.campaign,
            "clientToken": f"{self._call.campaign}-{member}-{self._tries[member]}",  # one that is asked twice is started once
            "enableECSManagedTags": True,
            "tags": [{"key": TAG, "value": config.tag}, {"key": f"{TAG}-campaign", "value": self._call.campaign}],
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": list(config.subnets),
                    "securityGroups": list(config.security_groups),
                    "assignPublicIp": "ENABLED" if config.public_ip else "DISABLED",
                }
            },
            "overrides": {
                "cpu": f"{config.vcpu * 1024:g}",
                "memory": f"{config.memory_gb * 1024:g}",
                "containerOverrides": [
                    {
                        "name": config.container,
                        "environment": [{"name": k, "value": v} for k, v in environment.items()],
                    }
                ],
            },
        }


def _fleet(config: FargateGenerator, call: Call) -> Tasks:
    return Tasks(config, call, client("ecs", config.region), client("ssm", config.region))


def _upkeep(config: FargateGenerator, books: Books) -> Upkeep:
    """Of x86: the task definition may say arm64, which costs less."""
    count = Decimal(config.workers)
    amounts = {
        "fargate_vcpu_hour": count * Decimal(str(config.vcpu)),
        "fargate_gb_hour": count * Decimal(str(config.memory_gb)),
        "public_ipv4_hour": count * config.public_ip,
    }
    what = f"{config.workers} tasks of {config.vcpu:g} vCPU and {config.memory_gb:g} GB"
    return priced(what, books, "aws", amounts)


def _steers(table: Mapping[str, Any]) -> str:
    where = f"{table.get('cluster')} in {table.get('region')}"
    return f"runs and stops tasks of {table.get('task_definition')} in {where} with this machine's credentials"


KIND = GeneratorKind(FargateGenerator.kind, FargateGenerator, _fleet, "spec only", steers=_steers, upkeep=_upkeep)
