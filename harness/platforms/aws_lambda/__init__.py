"""AWS Lambda, behind a function URL, an API Gateway, or on managed instances."""

from __future__ import annotations

from pathlib import Path

from harness.domain.target import Runtime, Target
from harness.platforms.aws_lambda import limits
from harness.platforms.aws_lambda.bill import BILLINGS
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.aws_lambda.readings import SIGNALS, SOURCE
from harness.platforms.aws_lambda.scaling import scaling
from harness.platforms.platform import Limits, Platform


def _control(target: Target, root: Path, base_url: str) -> Runtime:
    from harness.platforms.aws_lambda.control import LambdaRuntime  # noqa: PLC0415 - only where it is controlled
    from harness.platforms.shared.aws import client  # noqa: PLC0415

    del root
    config = target.runtime
    assert isinstance(config, AwsLambda)
    return LambdaRuntime(target, config, base_url, client("lambda", config.region))


PLATFORM = Platform(
    kind=AwsLambda.kind,
    title="AWS Lambda",
    verified="spec only",
    config=AwsLambda,
    control=_control,
    billings=BILLINGS,
    sources=(SOURCE,),
    signals=SIGNALS,
    limits=Limits(limits.front, limits.quotas, limits.timeout_s, limits.STARTS_PER_10_S),
    cloud="aws",
    scaling=scaling,
)
