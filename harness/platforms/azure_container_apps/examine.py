"""A Container App before money: its subscription, its providers, what the caller may do, and what is deployed.

Verified: spec only; the tests hold requests to Resource Manager's documented paths with recorded answers.
"""

from __future__ import annotations

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.azure_container_apps.config import AzureContainerApp
from harness.platforms.azure_container_apps.control import VERSION
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
from harness.platforms.shared.provider_url import provider_url_in, variables_of

PROVIDERS = ("Microsoft.App", "Microsoft.OperationalInsights")
RUN = ("Microsoft.App/containerApps/read", "Microsoft.Insights/metrics/read")
COLD = ("Microsoft.App/containerApps/revisions/restart/action",)
DEPLOY = ("Microsoft.App/containerApps/write", "Microsoft.App/managedEnvironments/write")


def examine(target: Target, reach: Reach) -> list[Finding]:
    """The subscription first, then the app where there is one."""
    config = target.runtime
    assert isinstance(config, AzureContainerApp)
    path = f"{config.group}/Microsoft.App/containerApps/{config.app}"
    app, found = deployed(reach, target, path, VERSION, _judged)
    out = subscription(reach, config.subscription)
    before = app is None
    for provider in dict.fromkeys((*PROVIDERS, *(SHARED if before else ()))):
        out = out + registered(reach, config.subscription, provider)
    wanted = (*RUN, *COLD, *((*DEPLOY, *SHARED_DEPLOY) if before else ()))
    out = out + permissions(reach, target.name, config, wanted)
    out = out + regional(reach, target, "Microsoft.App", before=before)
    if app is not None:
        found += provider_url_in(target, lambda: variables_of(app["template"]["containers"]))
    return out + found


def _judged(name: str, said: Answer) -> Finding:
    state = said["provisioningState"].text()
    if state == "Failed":
        return Finding(name, State.WRONG, "its provisioning failed", "the app's revisions and their logs say why")
    if not said["latestReadyRevisionName"].value:
        return Finding(
            name, State.WRONG, "no revision of it is ready", "its logs: an image that is not pulled is one cause"
        )
    return Finding(name, State.GOOD, state)
