"""What Lambda holds a plan to: its fronts, its concurrency and its rate, how fast it starts environments.

Verified: spec only; requests and answers are held to botocore's service model in the
tests. Codes as AWS documents them: API Gateway's requests a second L-8A5B8E43, concurrent
executions L-B99A9384.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.domain.quota import Need, Quota
from harness.domain.target import RuntimeConfig, Target
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.front import MB, Front
from harness.platforms.platform import Most

URL = Front("a function URL", 900.0, 6 * MB, streams=True, no_place="429 at once")
HTTP_API = Front("an HTTP API", 30.0, 6 * MB, streams=False, no_place="429 or 503 at once")
REST_API = Front(  # in its streaming mode; a REST API that buffers cuts at 29 s
    "a REST API",
    cuts_s=900.0,
    request_bytes=6 * MB,
    streams=True,
    no_place="429 at once",
)
GATEWAYS = ("lambda-http-api", "lambda-rest-api")
CONCURRENCY = ("lambda", "L-B99A9384")
GATEWAY_RATE = ("apigateway", "L-8A5B8E43")
RATE_PER_CONCURRENCY = 10.0  # a function takes at most ten times its concurrency a second
STARTS_PER_10_S = 1000.0  # environments that a function may gain
SOURCE = (
    "Lambda quotas (gettingstarted-limits): 15 min, 10,240 MB, an image of 10 GB or 250 MB unzipped; "
    "Managed Instances allow more"
)
IMAGE = Most(request_s=900.0, job_s=900.0, memory_mb=10_240, artifact_mb=10_240, source=SOURCE)
ZIP = replace(IMAGE, artifact_mb=250)


def most(target: Target, facts: Mapping[str, Any]) -> Most:
    """By the form that the function was deployed in; an image where that is not known, as this repository deploys it."""
    del target
    return ZIP if facts.get("PackageType") == "Zip" else IMAGE


def timeout_s(config: RuntimeConfig, facts: Mapping[str, Any]) -> float | None:
    """The function's own."""
    del config
    said = facts.get("Timeout")
    return None if said is None else float(said)


def memory_mb(config: RuntimeConfig, facts: Mapping[str, Any]) -> float | None:
    """The function's own."""
    del config
    said = facts.get("MemorySize")
    return None if said is None else float(said)


def quotas(target: Target, make: Any) -> list[Quota]:  # noqa: ANN401 - a maker of boto3's clients, which come at run time
    """Of the function or its account, and of the gateway in front of it."""
    from harness.platforms.shared.aws_quotas import coded  # noqa: PLC0415 - asked by a check, not by a report

    config = target.runtime
    assert isinstance(config, AwsLambda)
    out = _concurrency(config, make("lambda", config.region))
    if target.prices and target.prices.model in GATEWAYS:
        out.append(coded("API Gateway requests", Need.REQUESTS_PER_S, *GATEWAY_RATE, config.region, make))
    return out


def _concurrency(config: AwsLambda, api: Any) -> list[Quota]:  # noqa: ANN401
    """The function's reserved concurrency where it has some, else what the account leaves unreserved."""
    from harness.domain.identities import without_identities  # noqa: PLC0415
    from harness.platforms.shared.answer import NoAnswer, answer_of  # noqa: PLC0415

    try:
        reserved = answer_of(api.get_function_concurrency, {"FunctionName": config.function})
        own = reserved["ReservedConcurrentExecutions"]
        if own.given:
            raise_it = f"aws lambda put-function-concurrency --region {config.region} --function-name {config.function}"
            request = f"{raise_it} --reserved-concurrent-executions {{value}}"
            return _both("Lambda reserved concurrency", own.number(), shared=False, request=request, lead="at once")
    except NoAnswer:
        pass  # what the account leaves is the wider limit, and known to those who may not read the function's
    try:
        said = answer_of(api.get_account_settings, {})
        unreserved = said["AccountLimit"]["UnreservedConcurrentExecutions"].number()
        return _both("Lambda concurrency", unreserved, shared=True, **_raised(config))
    except NoAnswer as error:
        reason = str(without_identities(str(error)))
        return [
            Quota("Lambda concurrency", Need.CONCURRENCY, None, reason),
            Quota("Lambda requests", Need.REQUESTS_PER_S, None, reason),
        ]


def _raised(config: AwsLambda) -> dict[str, str]:
    """How the account's concurrency is raised: a new account begins with ten or so, whatever the documentation's default."""
    from harness.platforms.shared.aws_quotas import LEAD, request_of  # noqa: PLC0415 - asked by a check, not by a report

    return {"request": request_of(*CONCURRENCY, config.region), "lead": LEAD}


def _both(name: str, limit: float, *, shared: bool, request: str, lead: str) -> list[Quota]:
    """Concurrency, and the rate that goes with it: raised by raising the first."""
    return [
        Quota(name, Need.CONCURRENCY, limit, shared=shared, request=request, lead=lead),
        Quota("Lambda requests", Need.REQUESTS_PER_S, limit * RATE_PER_CONCURRENCY, shared=shared, lead=lead),
    ]
