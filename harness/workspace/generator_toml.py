"""[generator]: who sends the load; its other fields are its kind's to read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from harness.errors import BadFile, Problem, Refused
from harness.platforms import registry
from harness.platforms.elsewhere import Elsewhere
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


def read_elsewhere(tables: Mapping[str, Mapping[str, Any]], name: str, path: Path) -> Elsewhere:
    """The machine that ``[on.NAME]`` describes; raises Refused for a name that nobody knows, BadFile for what is wrong in its table."""
    kinds = registry.elsewheres()
    if name not in kinds:
        raise Refused(f"--on {shown(name)}: no such place{nearest(name, kinds)}", f"known: {', '.join(kinds)}")
    if name not in tables:
        raise BadFile(path, [Problem(f"on.{name}", "is required for --on; docs/generator.md has one to copy")])
    return kinds[name].make(validate(kinds[name].config, tables[name], path, f"on.{name}"))
