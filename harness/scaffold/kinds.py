"""Kinds of deployment that a workspace can begin with: folders of targets/ that came with this package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import harness
from harness.errors import PilotError
from harness.scaffold.answers import EXTERNAL


def installed(name: str) -> Path:
    """``targets`` or ``loadprofiles``: inside the package in a wheel, beside it in a checkout."""
    package = Path(harness.__file__).parent
    for folder in (package / "scaffold" / "assets" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise PilotError(f"the package's own {name} are missing", "install the package again")


def service() -> Path:
    """Sources of the reference service, which images are built from: its own package, never imported here."""
    package = Path(harness.__file__).parent
    for folder in (package.parent / "targets" / "ragchat" / "ragchat", package.parent / "ragchat"):
        if (folder / "asgi.py").is_file():
            return folder
    raise PilotError("the reference service is missing", "install the package again")


def kinds() -> dict[str, str]:
    """Name to what it is, embedded ones first; variants are not offered."""
    found = {}
    for path in sorted(installed("targets").glob("*/target.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        if "variant_of" not in data and path.parent.name != EXTERNAL:
            found[path.parent.name] = str(data.get("title") or path.parent.name)
    order = sorted(found, key=lambda name: (not name.startswith("local_"), name))
    return {**{name: found[name] for name in order}, EXTERNAL: "any URL that runs already"}
