"""``targets/NAME/deployed.toml``: values that a deployment wrote down for the ``${VARIABLE}``s of target.toml; the environment wins."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.domain.address import NOWHERE
from harness.domain.shown import visible
from harness.errors import BadFile, Problem
from harness.evidence.files import write_text
from harness.tables.problems import read_toml
from harness.workspace.api_toml import VARIABLE

FILE = "deployed.toml"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
HEAD = """# Written by pilot deploy and pilot destroy: what target.toml reads as ${VARIABLE}. A variable of the environment wins.
"""


def values(folder: Path) -> dict[str, str]:
    """By variable; empty where nothing was deployed. Raises BadFile."""
    path = folder / FILE
    if not path.is_file():
        return {}
    said = read_toml(path).get("variables", {})
    if not isinstance(said, dict):
        raise BadFile(path, [Problem("variables", "want a table of texts")])
    wrong = [n for n, v in said.items() if not isinstance(v, str) or not NAME.fullmatch(n)]
    if wrong:
        raise BadFile(
            path, [Problem(f"variables.{visible(n)}", "want the name of a variable, and a text") for n in wrong]
        )
    return dict(said)


def variables_of(tables: Mapping[str, Any]) -> dict[str, str]:
    """Field to the variable that its whole value is: of the file itself, and of its sources by their field's name."""
    found: dict[str, str] = {}
    sources = tables.get("sources")
    for table in (tables, *(s for s in (sources if isinstance(sources, list) else ()) if isinstance(s, dict))):
        for name, value in table.items():
            if isinstance(value, str) and (said := VARIABLE.fullmatch(value.strip())):
                found.setdefault(name, said.group(1))
    return found


def write(folder: Path, said: Mapping[str, str]) -> Path:
    """The file anew; the same values leave it as it is."""
    path = folder / FILE
    if path.is_file() and values(folder) == dict(said):
        return path
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lines = [f"{name} = {json.dumps(value)}" for name, value in sorted(said.items())]
    write_text(path, HEAD + f"# {now}\n\n[variables]\n" + "\n".join(lines) + "\n")
    return path


def lead_nowhere(folder: Path, tables: Mapping[str, Any]) -> None:
    """The address that was written down is somebody else's by now; the names stay by which readings and bills are asked for."""
    variable, said = variables_of(tables).get("base_url"), values(folder)
    if variable in said:
        write(folder, {**said, variable: NOWHERE})
