"""``kind = "kubernetes"``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field

from harness.domain.target import RuntimeConfig
from harness.tables.value import value
from harness.tables.values import Line, Variable


@value
class Kubernetes(RuntimeConfig):
    """A Deployment, or a Knative Service; ``api`` is the cluster's, or that of ``kubectl proxy``.

    ``replicas``, ``cpu`` and ``memory`` are what ``pilot deploy`` asks of the cluster; None: as it is, else as the manifest has it.
    """

    kind: ClassVar[str] = "kubernetes"

    namespace: Line
    name: Line
    knative: bool = False
    api: Annotated[str, Field(pattern="^(https?://|\\$\\{)")] = "http://127.0.0.1:8001"
    token_env: Variable | None = None
    ca_file: Line | None = None
    replicas: Annotated[int, Field(ge=0, le=10_000)] | None = None
    cpu: Annotated[str, Field(pattern=r"^\d+(\.\d+)?m?$")] | None = None
    memory: Annotated[str, Field(pattern=r"^\d+(\.\d+)?([kMGT]i?)?$")] | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        return (self.token_env,) if self.token_env else ()

    def filled(self, fill: Mapping[str, str]) -> RuntimeConfig:
        """``ca_file`` is a path beside target.toml."""
        return self if self.ca_file is None else replace(self, ca_file=f"{fill.get('folder', '.')}/{self.ca_file}")
