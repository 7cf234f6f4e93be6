"""AWS Lambda, behind a function URL, an API Gateway, or on managed instances."""

from __future__ import annotations

from harness.platforms.aws_lambda import limits
from harness.platforms.aws_lambda.bill import BILLINGS
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.aws_lambda.readings import SIGNALS, SOURCE, SUBJECTS
from harness.platforms.aws_lambda.scaling import scaling
from harness.platforms.platform import Deploying, Limits, Platform, controlled_by, examined_by

PLATFORM = Platform(
    kind=AwsLambda.kind,
    title="AWS Lambda",
    verified="spec only",
    config=AwsLambda,
    control=controlled_by(f"{__name__}.control"),
    billings=BILLINGS,
    sources=(SOURCE,),
    signals=SIGNALS,
    subjects=SUBJECTS,
    limits=Limits(
        limits.URL,
        limits.quotas,
        limits.timeout_s,
        limits.STARTS_PER_10_S,
        memory_mb=limits.memory_mb,
        most=limits.most,
    ),
    cloud="aws",
    examine=examined_by(f"{__name__}.examine"),
    scaling=scaling,
    deploying=Deploying(f"{__name__}.deploy", "harness.platforms.shared.aws_deploy.deployment"),
)
