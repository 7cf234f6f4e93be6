"""Quotas of an AWS account by their code, as Service Quotas tells them.

Verified: spec only; requests and answers are held to botocore's service model in the tests.
"""

from __future__ import annotations

from harness.domain.identities import without_identities
from harness.domain.quota import Need, Quota, QuotaConfig
from harness.domain.target import Target
from harness.platforms.platform import MakeClient
from harness.platforms.shared.answer import NoAnswer, answer_of


def coded(name: str, needs: Need, service: str, code: str, region: str, make: MakeClient) -> Quota:
    """One that cannot be read says why."""
    api = make("service-quotas", region)
    try:
        said = answer_of(api.get_service_quota, {"ServiceCode": service, "QuotaCode": code})
        return Quota(name, needs, said["Quota"]["Value"].number())
    except NoAnswer as error:
        return Quota(name, needs, None, str(without_identities(str(error))))


def named(config: QuotaConfig, target: Target, make: MakeClient) -> Quota:
    """One that target.toml names: by its number, else by its code."""
    if config.limit is not None:
        return Quota(config.name, config.needs, config.limit)
    region = config.region or getattr(target.runtime, "region", None)
    if region is None:
        return Quota(config.name, config.needs, None, "no region is named")
    return coded(config.name, config.needs, config.service or "", config.code or "", region, make)
