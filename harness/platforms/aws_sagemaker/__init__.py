"""SageMaker's serverless inference: billed here, while its instances are nobody's to control."""

from __future__ import annotations

from harness.platforms.aws_sagemaker.bill import BILLINGS
from harness.platforms.aws_sagemaker.scaling import scaling
from harness.platforms.platform import Measure, Per, Platform, Signal, Tier

CW, NAME = "cloudwatch", "AWS/SageMaker"
SIGNALS = (
    Signal(f"{NAME} Invocations Sum", CW, Measure.REQUESTS, "count", "invocations", per=Per.SUM),
    Signal(f"{NAME} ModelLatency p95", CW, Measure.DURATION, "us", "the model's answer, p95", Tier.PROVIDER, Per.MOST),
    Signal(f"{NAME} OverheadLatency p95", CW, Measure.PLACE_WAIT, "us", "what the platform adds, p95", per=Per.MOST),
    Signal(f"{NAME} ModelLatency Sum", CW, Measure.BILLED, "us", "the model's answers, all together", per=Per.SUM),
    Signal(f"{NAME} Invocation4XXErrors Sum", CW, Measure.ERRORS, "count", "refused or rejected", Tier.FRONT, Per.SUM),
    Signal(f"{NAME} Invocation5XXErrors Sum", CW, Measure.ERRORS, "count", "invocations that failed", per=Per.SUM),
    Signal(f"{NAME} ModelSetupTime p95", CW, Measure.STARTS, "us", "start of an instance, p95", per=Per.MOST),
)
PLATFORM = Platform(
    kind="aws-sagemaker",
    title="SageMaker serverless",
    verified="spec only",
    billings=BILLINGS,
    signals=SIGNALS,
    scaling=scaling,
)
