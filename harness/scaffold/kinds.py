"""Kinds of deployment that a workspace can begin with: folders of targets/ that came with this package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import harness
from harness.errors import PilotError
from harness.scaffold.answers import EXTERNAL
from harness.workspace.shipped import shipped


def copied(dockerfile: Path) -> dict[str, Path]:
    """Folders that an image copies from ``targets/``: their place in a workspace, and where they came with this package.

    In a wheel a package of its own lies beside ours, under its own name.
    """
    package = Path(harness.__file__).parent
    out = {}
    for place in re.findall(r"(?m)^COPY (targets/[^/\s]+/[^/\s.]+) ", dockerfile.read_text(encoding="utf-8")):
        found = [f for f in (package.parent / place, package.parent / Path(place).name) if f.is_dir()]
        if not found:
            raise PilotError(f"{place} is missing, and the image is built from it", "install the package again")
        out[place] = found[0]
    return out


def kinds() -> dict[str, str]:
    """Name to what it is, embedded ones first; variants are not offered."""
    found = {}
    for path in sorted(shipped("targets").glob("*/target.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        if "variant_of" not in data and path.parent.name != EXTERNAL:
            found[path.parent.name] = str(data.get("title") or path.parent.name)
    order = sorted(found, key=lambda name: (not name.startswith("local_"), name))
    return {**{name: found[name] for name in order}, EXTERNAL: "any URL that runs already"}
