"""[generator]: who sends the load; its other fields are its kind's to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from harness.errors import BadFile, Problem
from harness.platforms import registry
from harness.platforms.generator import GeneratorConfig, LocalConfig
from harness.tables.plain import shown
from harness.tables.problems import nearest, validate


class GeneratorTable(BaseModel):
    """Without one: this machine, in one process."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(default=LocalConfig.kind, max_length=100)

    @property
    def said(self) -> dict[str, Any]:
        """Everything but its kind."""
        return dict(self.model_extra or {})


def read_generator(table: GeneratorTable, path: Path) -> GeneratorConfig:
    """Raises BadFile with what is wrong."""
    if table.kind == LocalConfig.kind:
        return validate(LocalConfig, table.said, path, "generator")
    kinds = registry.generators()
    if table.kind not in kinds:
        known = [LocalConfig.kind, *kinds]
        meant = nearest(table.kind, known) or f"; known: {', '.join(known)}"
        raise BadFile(path, [Problem("generator.kind", f"no kind of generator {shown(table.kind)!r}{meant}")])
    return validate(kinds[table.kind].config, table.said, path, "generator")
