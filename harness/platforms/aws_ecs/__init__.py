"""Amazon ECS, on Fargate or on EC2, and machines of EC2 that a team runs itself."""

from __future__ import annotations

from harness.platforms.aws_ecs import limits
from harness.platforms.aws_ecs.bill import BILLINGS
from harness.platforms.aws_ecs.config import AwsEcs
from harness.platforms.aws_ecs.generator import KIND
from harness.platforms.aws_ecs.readings import SIGNALS, SUBJECTS
from harness.platforms.aws_ecs.scaling import scaling
from harness.platforms.platform import Deploying, Limits, Platform, controlled_by, examined_by

PLATFORM = Platform(
    kind=AwsEcs.kind,
    title="Amazon ECS",
    verified="spec only",
    config=AwsEcs,
    control=controlled_by(f"{__name__}.control"),
    billings=BILLINGS,
    signals=SIGNALS,
    subjects=SUBJECTS,
    limits=Limits(limits.ALB, limits.quotas, memory_mb=limits.memory_mb, most=limits.MOST),
    cloud="aws",
    examine=examined_by(f"{__name__}.examine"),
    scaling=scaling,
    generators=(KIND,),
    deploying=Deploying(f"{__name__}.deploy", "harness.platforms.shared.aws_deploy.deployment"),
)
