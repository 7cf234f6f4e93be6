"""Quotas of an AWS account by their code, as Service Quotas tells them.

Verified: spec only; requests and answers are held to botocore's service model in the tests.
"""

from __future__ import annotations

from harness.domain.identities import without_identities
from harness.domain.quota import Need, Quota, QuotaConfig
from harness.domain.target import Target
from harness.platforms.platform import MakeClient
from harness.platforms.shared.answer import NoAnswer, answer_of

NONE_OF_ITS_OWN = "NoSuchResource"  # what an account answers of a quota that it never changed


LEAD = "minutes to a few days: AWS grants small increases by itself and looks at others"


def request_of(service: str, code: str, region: str) -> str:
    """The command that raises a quota; ``{value}`` is filled in by whoever knows how much is needed."""
    return (
        f"aws service-quotas request-service-quota-increase --region {region} --service-code {service} "
        f"--quota-code {code} --desired-value {{value}}"
    )


def coded(name: str, needs: Need, service: str, code: str, region: str, make: MakeClient) -> Quota:
    """The account's own value, else AWS's default, which holds where nobody ever changed it; one that cannot be read says why."""
    request = request_of(service, code, region)
    asked = {"ServiceCode": service, "QuotaCode": code}
    try:
        api = make("service-quotas", region)
        try:
            said = answer_of(api.get_service_quota, asked)
        except NoAnswer as error:
            if NONE_OF_ITS_OWN not in str(error):
                raise
            said = answer_of(api.get_aws_default_service_quota, asked)
        return Quota(name, needs, said["Quota"]["Value"].number(), request=request, lead=LEAD)
    except NoAnswer as error:
        return Quota(name, needs, None, str(without_identities(str(error))), request=request, lead=LEAD)


def named(config: QuotaConfig, target: Target, make: MakeClient) -> Quota:
    """One that target.toml names: by its number, else by its code."""
    if config.limit is not None:
        return Quota(config.name, config.needs, config.limit)
    region = config.region or getattr(target.runtime, "region", None)
    if region is None:
        return Quota(config.name, config.needs, None, "no region is named")
    return coded(config.name, config.needs, config.service or "", config.code or "", region, make)
