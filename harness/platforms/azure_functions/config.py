"""``kind = "azure-functions"``."""

from __future__ import annotations

from typing import ClassVar

from harness.platforms.shared.azure_app import AzureApp
from harness.tables.value import value


@value
class AzureFunctionApp(AzureApp):
    """A Function App."""

    kind: ClassVar[str] = "azure-functions"
