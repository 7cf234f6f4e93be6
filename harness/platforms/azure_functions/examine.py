"""A Function App before money: its subscription, its providers, what the caller may do, and what is deployed.

Verified: spec only; the tests hold requests to Resource Manager's documented paths with recorded answers.
"""

from __future__ import annotations

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.azure_functions.config import AzureFunctionApp
from harness.platforms.azure_functions.control import VERSION
from harness.platforms.examining import Reach
from harness.platforms.shared.answer import Answer
from harness.platforms.shared.azure_subscription import (
    SHARED,
    SHARED_DEPLOY,
    deployed,
    permissions,
    regional,
    registered,
    subscription,
)

PROVIDERS = ("Microsoft.Web", "Microsoft.Storage")
RUN = ("Microsoft.Web/sites/read", "Microsoft.Insights/metrics/read")
COLD = ("Microsoft.Web/sites/restart/action",)
DEPLOY = ("Microsoft.Web/sites/write", "Microsoft.Web/serverfarms/write", "Microsoft.Storage/storageAccounts/write")


def examine(target: Target, reach: Reach) -> list[Finding]:
    """The subscription first, then the app where there is one."""
    config = target.runtime
    assert isinstance(config, AzureFunctionApp)
    app, found = deployed(reach, target, f"{config.group}/Microsoft.Web/sites/{config.app}", VERSION, _judged)
    out = subscription(reach, config.subscription)
    before = app is None
    for provider in (*PROVIDERS, *(SHARED if before else ())):
        out = out + registered(reach, config.subscription, provider)
    wanted = (*RUN, *COLD, *((*DEPLOY, *SHARED_DEPLOY) if before else ()))
    out = out + permissions(reach, target.name, config, wanted)
    return out + regional(reach, target, "Microsoft.Web", before=before) + found


def _judged(name: str, said: Answer) -> Finding:
    state = said["state"].text()
    if state != "Running":
        return Finding(name, State.WRONG, f"it is {state}", "az functionapp start")
    return Finding(name, State.GOOD, state)
