"""Amazon ECS, on Fargate or on EC2, and machines of EC2 that a team runs itself."""

from __future__ import annotations

from pathlib import Path

from harness.domain.target import Runtime, Target
from harness.platforms.aws_ecs import limits
from harness.platforms.aws_ecs.bill import BILLINGS
from harness.platforms.aws_ecs.config import AwsEcs
from harness.platforms.aws_ecs.readings import SIGNALS
from harness.platforms.aws_ecs.scaling import scaling
from harness.platforms.platform import Limits, Platform


def _control(target: Target, root: Path, base_url: str) -> Runtime:
    from harness.platforms.aws_ecs.control import EcsRuntime  # noqa: PLC0415 - only where it is controlled
    from harness.platforms.shared.aws import client  # noqa: PLC0415

    del root
    config = target.runtime
    assert isinstance(config, AwsEcs)
    return EcsRuntime(target, config, base_url, client("ecs", config.region))


PLATFORM = Platform(
    kind=AwsEcs.kind,
    title="Amazon ECS",
    verified="spec only",
    config=AwsEcs,
    control=_control,
    billings=BILLINGS,
    signals=SIGNALS,
    limits=Limits(limits.front, limits.quotas),
    cloud="aws",
    scaling=scaling,
)
