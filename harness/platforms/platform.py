"""What stands before a target's code and no code can change: how long it waits, what it lets in, whether it streams.

Sources: providers' documentation as of November 2026; what nobody has re-read is in ``unconfirmed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.domain.target import (
    AwsEcs,
    AwsLambda,
    AzureContainerApp,
    AzureFunctionApp,
    CloudRun,
    LocalContainer,
    LocalFunction,
    Target,
)

MB = 1_000_000
SAGEMAKER = "sagemaker-serverless"


@dataclass(frozen=True)
class Front:
    """``cuts_s`` and ``request_bytes`` are None where it has no limit of its own, or where the team sets it."""

    name: str
    cuts_s: float | None
    request_bytes: int | None
    streams: bool
    no_place: str  # what it does where there is no place for a request
    unconfirmed: tuple[str, ...] = ()  # of the fields above


BY_MODEL: Mapping[str, Front] = {
    "lambda-url": Front("a function URL", 900.0, 6 * MB, streams=True, no_place="429 at once"),
    "lambda-http-api": Front("an HTTP API", 30.0, 6 * MB, streams=False, no_place="429 or 503 at once"),
    "lambda-rest-api": Front(  # in its streaming mode; a REST API that buffers cuts at 29 s
        *("a REST API", 900.0, 6 * MB),
        streams=True,
        no_place="429 at once",
        unconfirmed=("cuts_s",),
    ),
    SAGEMAKER: Front("SageMaker", 60.0, 4 * MB, streams=False, no_place="an error at once", unconfirmed=("no_place",)),
}
BY_RUNTIME: Mapping[type, Front] = {
    AwsEcs: Front("an ALB", None, None, streams=True, no_place="it waits in the service; 503 where no task is healthy"),
    CloudRun: Front(
        *("Cloud Run", 3600.0, 32 * 1024 * 1024),
        streams=True,
        no_place="it waits for 10 s or 3.5 mean starts, then 429",
        unconfirmed=("cuts_s", "request_bytes", "no_place"),
    ),
    AzureContainerApp: Front(
        *("Container Apps' ingress", 240.0, None),
        streams=True,
        no_place="it waits; 503 where no replica becomes ready",
        unconfirmed=("cuts_s", "no_place"),
    ),
    AzureFunctionApp: Front(
        *("the ASGI bridge of Functions", 230.0, None),
        streams=False,
        no_place="429 or 503 while instances are added",
        unconfirmed=("cuts_s", "no_place"),
    ),
    LocalFunction: Front("the embedded function platform", None, 6 * MB, streams=True, no_place="429 at once"),
}


def front_of(target: Target) -> Front | None:
    """None where nothing of it is known: a URL that a team runs, an ingress that a team chose."""
    if isinstance(target.runtime, LocalContainer):
        queue = f"it waits for up to {target.runtime.queue_timeout_s:g} s, {target.runtime.queue} of them, then 503"
        scaled = "it waits for 3.5 mean starts or 10 s, then 429"
        no_place = queue if target.runtime.queue_rule == "bounded" else scaled
        return Front("the embedded container platform", None, None, streams=True, no_place=no_place)
    model = target.prices.model if target.prices else ""
    if isinstance(target.runtime, AwsLambda):
        return BY_MODEL.get(model, BY_MODEL["lambda-url"])
    if model == SAGEMAKER:
        return BY_MODEL[SAGEMAKER]
    return BY_RUNTIME.get(type(target.runtime))
