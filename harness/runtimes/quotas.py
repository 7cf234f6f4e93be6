"""Quotas of a target's account, as its own APIs tell them.

Verified: spec only; requests and answers are held to botocore's service model in the
tests. Codes: Fargate on-demand vCPU L-3032A538, API Gateway requests a second
L-8A5B8E43, as AWS documents them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.cloud.answer import NoAnswer, answer_of
from harness.cloud.aws import client
from harness.domain.identities import without_identities
from harness.domain.quota import Need, Quota, QuotaConfig
from harness.domain.target import AwsEcs, AwsLambda, Target

FARGATE_VCPU = ("fargate", "L-3032A538")
GATEWAY_RATE = ("apigateway", "L-8A5B8E43")
RATE_PER_CONCURRENCY = 10.0  # a function takes at most ten times its concurrency a second
Client = Callable[[str, str], Any]


def quotas_of(target: Target, make: Client = client) -> list[Quota]:
    """Every quota that the target's runtime, gateway and file name; one that cannot be read says why."""
    out: list[Quota] = []
    match target.runtime:
        case AwsLambda() as config:
            out += _lambda(config, make("lambda", config.region))
            if target.prices and target.prices.model in ("lambda-http-api", "lambda-rest-api"):
                out.append(_coded("API Gateway requests", Need.REQUESTS_PER_S, *GATEWAY_RATE, config.region, make))
        case AwsEcs() as config:
            out.append(_coded("Fargate on-demand vCPU", Need.VCPU, *FARGATE_VCPU, config.region, make))
        case _:
            pass
    return out + [_named(config, target, make) for config in target.quotas]


def _lambda(config: AwsLambda, api: Any) -> list[Quota]:  # noqa: ANN401 - boto3 makes its clients at run time
    """The function's reserved concurrency where it has some, else what the account leaves unreserved."""
    try:
        reserved = answer_of(api.get_function_concurrency, {"FunctionName": config.function}, _no_wait)
        own = reserved["ReservedConcurrentExecutions"]
        if own.given:
            return _both("Lambda reserved concurrency", own.number(), shared=False)
    except NoAnswer:
        pass  # what the account leaves is the wider limit, and known to those who may not read the function's
    try:
        said = answer_of(api.get_account_settings, {}, _no_wait)
        return _both("Lambda concurrency", said["AccountLimit"]["UnreservedConcurrentExecutions"].number(), shared=True)
    except NoAnswer as error:
        reason = str(without_identities(str(error)))
        return [
            Quota("Lambda concurrency", Need.CONCURRENCY, None, reason),
            Quota("Lambda requests", Need.REQUESTS_PER_S, None, reason),
        ]


def _both(name: str, limit: float, *, shared: bool) -> list[Quota]:
    return [
        Quota(name, Need.CONCURRENCY, limit, shared=shared),
        Quota("Lambda requests", Need.REQUESTS_PER_S, limit * RATE_PER_CONCURRENCY, shared=shared),
    ]


def _named(config: QuotaConfig, target: Target, make: Client) -> Quota:
    if config.limit is not None:
        return Quota(config.name, config.needs, config.limit)
    region = config.region or getattr(target.runtime, "region", None)
    if region is None:
        return Quota(config.name, config.needs, None, "no region is named")
    return _coded(config.name, config.needs, config.service or "", config.code or "", region, make)


def _coded(name: str, needs: Need, service: str, code: str, region: str, make: Client) -> Quota:
    api = make("service-quotas", region)
    try:
        said = answer_of(api.get_service_quota, {"ServiceCode": service, "QuotaCode": code}, _no_wait)
        return Quota(name, needs, said["Quota"]["Value"].number())
    except NoAnswer as error:
        return Quota(name, needs, None, str(without_identities(str(error))))


def _no_wait(seconds: float) -> None:
    """A check is made by a person who waits; a throttled question is asked again at once."""
    del seconds
