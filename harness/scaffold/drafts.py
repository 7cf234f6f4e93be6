"""A target.toml that ``pilot check --draft`` wrote, as one side of a new pilot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.domain.target import External
from harness.errors import Refused
from harness.scaffold.answers import EXTERNAL, Side
from harness.workspace.problems import read_toml
from harness.workspace.target_toml import target_of


def drafted(path: Path, name: str | None = None) -> Side:
    """The side that the file declares; raises BadFile with every problem of it, Refused where it is no URL's."""
    tables: dict[str, Any] = read_toml(path)
    target = target_of(tables, str(path))
    if not isinstance(target.runtime, External) or "title" in tables:
        raise Refused(f"{path} was not drafted by pilot check", "pilot check URL --draft FILE writes one")
    api = target.preset or target.dialect.value
    return Side(EXTERNAL, str(tables["base_url"]), api, target.model, name, path.read_text(encoding="utf-8"))


def titled(side: Side) -> str:
    """The text of its target.toml, with the name of its folder as title."""
    return f"title = {json.dumps(side.folder)}\n{side.written}"
