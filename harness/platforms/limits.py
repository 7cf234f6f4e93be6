"""What a target's platforms hold a plan to: the front before it, the quotas of its account."""

from __future__ import annotations

from harness.domain.quota import Quota
from harness.domain.target import Target
from harness.platforms import registry
from harness.platforms.front import Front
from harness.platforms.platform import Limits, MakeClient
from harness.platforms.shared.aws import client
from harness.platforms.shared.aws_quotas import named


def limits_of(target: Target) -> Limits:
    """Of its runtime's platform."""
    return registry.platform_of(target).limits


def front_of(target: Target) -> Front | None:
    """What it is billed as may say what it stands behind, else its runtime does; None where nothing of it is known."""
    billed = known.front if (known := registry.billing_of(target)) else None
    own = limits_of(target).front
    return billed or (own(target.runtime) if callable(own) else own)


def quotas_of(target: Target, make: MakeClient = client) -> list[Quota]:
    """Every quota that the target's platform and file name; one that cannot be read says why."""
    return limits_of(target).quotas(target, make) + [named(config, target, make) for config in target.quotas]
