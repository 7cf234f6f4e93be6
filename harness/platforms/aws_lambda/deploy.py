"""Its function's stack, which has the function's name."""

from __future__ import annotations

from harness.domain.target import Target
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.shared.aws_deploy.part import Part
from harness.platforms.shared.deploy.part import Setting, declared

SETTINGS = {"memory_mb": Setting("MemoryMb"), "provisioned": Setting("Provisioned")}


def part(target: Target) -> Part:
    """What a deployment must know of this target."""
    config = target.runtime
    assert isinstance(config, AwsLambda)
    return Part(
        target,
        stack=config.function,
        region=config.region,
        settings=declared(target, SETTINGS),
        gives={"base_url": ("FunctionUrl",)},
        logs=(f"/aws/lambda/{config.function}",),
        minutes=2,
    )
