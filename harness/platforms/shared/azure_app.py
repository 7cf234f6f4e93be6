"""What Azure's apps have in common: where one of them is."""

from __future__ import annotations

from harness.domain.target import RuntimeConfig
from harness.tables.value import value
from harness.tables.values import Line


def providers(subscription: str, resource_group: str) -> str:
    """Path of the providers in a resource group; names the subscription, so it is kept nowhere."""
    return f"/subscriptions/{subscription}/resourceGroups/{resource_group}/providers"


@value
class AzureApp(RuntimeConfig):
    """One of Azure's apps."""

    subscription: Line
    resource_group: Line
    app: Line

    @property
    def group(self) -> str:
        """As ``providers``."""
        return providers(self.subscription, self.resource_group)
