"""What a target brings to a deployment on any cloud: the tag of its resources, its own template, and the figures it is billed by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from harness.domain.target import Target
from harness.errors import Refused


class Tag(NamedTuple):
    """The tag that every resource of a deployment carries: its costs are allocated by it."""

    key: str
    value: str


class Setting(NamedTuple):
    """A template's parameter for a figure of target.toml: multiplied by ``unit``, then put into ``form``."""

    parameter: str
    unit: int = 1
    form: str = "{}"


def own_file(target: Target, name: str) -> Path:
    """Beside its target.toml; raises Refused where there is none."""
    path = target.folder / name
    if not path.is_file():
        raise Refused(
            f"{target.name}: there is no {path}",
            f"pilot init with --baseline {target.name} copies what came with this package",
        )
    return path


def distinct(runtimes: Mapping[str, str]) -> None:
    """Raises Refused for targets that are the same runtime, which ``runtimes`` names for each."""
    names = list(runtimes.values())
    if twice := sorted({name for name in names if names.count(name) > 1}):
        both = ", ".join(target for target, name in runtimes.items() if name in twice)
        raise Refused(f"{both} have the same runtime: {', '.join(twice)}", "name one of them, or give each its own")


def declared(target: Target, settings: Mapping[str, Setting]) -> dict[str, str]:
    """Values by parameter: what is deployed is what [prices] of target.toml bills; ``settings`` by the name it has there."""
    said = target.prices.parameters if target.prices else {}
    known = ((setting, float(said[key]) * setting.unit) for key, setting in settings.items() if key in said)
    return {setting.parameter: setting.form.format(f"{value:g}") for setting, value in known}
