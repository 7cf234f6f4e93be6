"""What ECS holds a plan to: its load balancer, and how many of Fargate's processors an account may have.

Codes as AWS documents them: Fargate's on-demand vCPU L-3032A538, that of running on-demand standard machines L-1216C47A.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.quota import Need, Quota
from harness.domain.target import RuntimeConfig, Target
from harness.platforms.aws_ecs.config import AwsEcs, on_own_machines
from harness.platforms.front import Front
from harness.platforms.platform import Most

ALB = Front("an ALB", None, None, streams=True, no_place="it waits in the service; 503 where no task is healthy")
MOST = Most(  # of a Fargate task; its storage holds image and files, and is 20 GiB unless a task says more
    memory_mb=122_880,
    artifact_mb=204_800,
    source="Fargate: 120 GB of memory (RegisterTaskDefinition), at most 200 GiB of storage (fargate-task-storage)",
)
FARGATE_VCPU = ("fargate", "L-3032A538")
MACHINES_VCPU = ("ec2", "L-1216C47A")  # of families A, C, D, H, I, M, R, T and Z


def memory_mb(config: RuntimeConfig, facts: Mapping[str, Any]) -> float | None:
    """The task's own."""
    del config
    said = str(facts.get("memory"))
    return float(said) if said.isdecimal() else None


def quotas(target: Target, make: Any) -> list[Quota]:  # noqa: ANN401 - a maker of boto3's clients, which come at run time
    """Fargate's processors, or those of the account's machines."""
    from harness.platforms.shared.aws_quotas import coded  # noqa: PLC0415 - asked by a check, not by a report

    config = target.runtime
    assert isinstance(config, AwsEcs)
    if on_own_machines(target):
        return [coded("EC2 on-demand vCPU, standard families", Need.VCPU, *MACHINES_VCPU, config.region, make)]
    return [coded("Fargate on-demand vCPU", Need.VCPU, *FARGATE_VCPU, config.region, make)]
