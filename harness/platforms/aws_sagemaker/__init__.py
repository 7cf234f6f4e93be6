"""SageMaker's serverless inference: billed here, while its instances are nobody's to control."""

from __future__ import annotations

from harness.platforms.aws_sagemaker.bill import BILLINGS
from harness.platforms.aws_sagemaker.scaling import scaling
from harness.platforms.platform import Measure, Platform, Subject, Tier
from harness.platforms.shared.rows import by_name, rows

_model = rows("cloudwatch", "AWS/SageMaker ")
SIGNALS = (
    _model("Invocations Sum", Measure.REQUESTS, "count", "invocations"),
    _model("ModelLatency p95", Measure.DURATION, "us", "the model's answer, p95", tier=Tier.PROVIDER),
    _model("OverheadLatency p95", Measure.PLACE_WAIT, "us", "what the platform adds, p95"),
    _model("ModelLatency Sum", Measure.BILLED, "us", "the model's answers, all together"),
    _model("Invocation4XXErrors Sum", Measure.ERRORS, "count", "refused or rejected", tier=Tier.FRONT),
    _model("Invocation5XXErrors Sum", Measure.ERRORS, "count", "invocations that failed"),
    _model("ModelSetupTime p95", Measure.STARTS, "us", "start of an instance, p95"),
)
PLATFORM = Platform(
    kind="aws-sagemaker",
    title="SageMaker serverless",
    verified="spec only",
    billings=BILLINGS,
    signals=SIGNALS,
    subjects=(Subject("cloudwatch", SIGNALS, by_name(EndpointName="sagemaker_endpoint", VariantName="variant")),),
    scaling=scaling,
)
