"""``kind = "azure-container-apps"``."""

from __future__ import annotations

from typing import ClassVar

from harness.platforms.shared.azure_app import AzureApp
from harness.tables.value import value


@value
class AzureContainerApp(AzureApp):
    """A Container App."""

    kind: ClassVar[str] = "azure-container-apps"
