"""targets/NAME/sweep.toml: the settings that ``pilot sweep`` tries, each a few fields laid over target.toml's."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from harness.domain.sweep import Setting, Sweep
from harness.errors import BadFile, Problem
from harness.tables.problems import read_valid
from harness.tables.table import Table
from harness.workspace.api_toml import VARIABLE
from harness.workspace.layers import laid_over
from harness.workspace.platform_tables import is_embedded
from harness.workspace.target_toml import tables_of

FILE = "sweep.toml"
_PLACE = re.compile(r"(?<!\$)\{(\w+)\}")
COUNTS = (
    "base_url",
    "dialect",
    "model",
    "mapping",
    "runtime",
    "prices",
)  # of target.toml: what else it says measures nothing
ASKED = ("api", "openai", "region")  # where it says them
WEIGHTS = "RAG_WEIGHTS_MB"  # how large a model the reference service reads at start
REGION = "region"
OURS = ("python", "folder", REGION)  # placeholders that need no fill


class SettingTable(Table):
    """One setting: what differs from target.toml, and what its commands and its control plane are told and asked."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    fill: dict[str, str | int | float] = Field(default_factory=dict)
    expect: dict[str, Any] = Field(default_factory=dict)
    runtime: dict[str, Any] = Field(default_factory=dict)
    prices: dict[str, Any] = Field(default_factory=dict)
    weights_mb: int | None = Field(None, ge=0, le=8192)

    @property
    def tables(self) -> dict[str, Any]:
        return {name: table for name in ("runtime", "prices") if (table := getattr(self, name))}

    @property
    def embedded(self) -> dict[str, Any]:
        """The same of a target that runs here: its environment is ours to set, that of a deployed one is ``apply``'s."""
        if self.weights_mb is None:
            return self.tables
        return laid_over(self.tables, {"runtime": {"environment": {WEIGHTS: str(self.weights_mb)}}})

    @property
    def filled(self) -> dict[str, str | int | float]:
        """What ``apply`` may place, the size of the weights too."""
        return self.fill if self.weights_mb is None else {"weights_mb": self.weights_mb, **self.fill}


class SweepToml(Table):
    """The whole file."""

    apply: tuple[tuple[str, ...], ...] = ()
    settings: tuple[SettingTable, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _comparable(self) -> SweepToml:
        problems = list(_alike(self.settings))
        wanted = {name for command in self.apply for part in command for name in _PLACE.findall(part)} - set(OURS)
        for setting in self.settings:
            lacking = sorted(wanted - set(setting.filled))
            if lacking:
                problems.append(f"{setting.name}: apply wants {', '.join(lacking)} in fill")
        if any(not command for command in self.apply):
            problems.append("apply holds an empty command")
        if problems:
            raise ValueError("; ".join(problems))
        return self


def read_sweep(folder: Path) -> Sweep | None:
    """The sweep of one target, None where it declares none; raises BadFile with every problem of its file."""
    path = folder / FILE
    if not path.exists() and not path.is_symlink():
        return None
    made = read_valid(SweepToml, path)
    base, _ = tables_of(folder / "target.toml")
    here = is_embedded(base.get("runtime"))
    if not here and not made.apply:
        message = "is required: without a command that applies them the settings of a deployed target do not differ"
        raise BadFile(path, [Problem("apply", message)])
    region = base.get(REGION)
    if not region and any(REGION in _PLACE.findall(part) for command in made.apply for part in command):
        raise BadFile(path, [Problem("apply", "wants {region}: target.toml says no region of the whole file")])
    unset = sorted({v for c in made.apply for part in c for v in VARIABLE.findall(part) if not os.environ.get(v)})
    if unset:
        raise BadFile(path, [Problem("apply", f"environment variable {name} is not set") for name in unset])
    settings = tuple(
        Setting(
            table.name,
            table.embedded if here else table.tables,
            tuple(_filled(c, {**table.filled, "folder": str(folder), REGION: str(region)}) for c in made.apply),
            table.expect,
        )
        for table in made.settings
    )
    whole = {setting.name: laid_over(base, setting.laid_over) for setting in settings}
    measured = {
        name: {key: tables.get(key) for key in COUNTS} | {key: tables[key] for key in ASKED if key in tables}
        for name, tables in whole.items()
    }
    plain = {"apply": made.apply, "settings": {t.name: [measured[t.name], t.filled] for t in made.settings}}
    text = json.dumps(plain, sort_keys=True, default=str)
    now = tuple(name for name, tables in whole.items() if tables == base)
    return Sweep(folder.name, settings, hashlib.sha256(text.encode()).hexdigest(), now)


def fields_of(tables: Mapping[str, Any], at: str = "") -> dict[str, Any]:
    """Dotted path to value, tables opened."""
    out: dict[str, Any] = {}
    for name, value in tables.items():
        place = f"{at}.{name}" if at else name
        out |= fields_of(value, place) if isinstance(value, dict) else {place: value}
    return out


def _alike(settings: Sequence[SettingTable]) -> Iterator[str]:
    """Names apart, and the same fields in each: one that only some set would leave the others to chance."""
    names = [setting.name for setting in settings]
    yield from (f"two settings are called {name}" for name in sorted({n for n in names if names.count(n) > 1}))
    every = {path for setting in settings for path in fields_of(setting.tables)}
    alike = [
        a.name
        for k, a in enumerate(settings)
        if any((a.tables, a.filled) == (b.tables, b.filled) for b in settings[:k])
    ]
    yield from (f"{name} is the same as another" for name in alike)
    for setting in settings:
        lacking = sorted(every - set(fields_of(setting.tables)))
        if lacking:
            yield f"{setting.name} does not set {', '.join(lacking)}, which others do"


def _filled(command: Sequence[str], fill: Mapping[str, str | int | float]) -> tuple[str, ...]:
    known = {"python": sys.executable, **{name: str(value) for name, value in fill.items()}}
    placed = [_PLACE.sub(lambda found: known[found.group(1)], part) for part in command]
    return tuple(VARIABLE.sub(lambda found: os.environ[found.group(1)], part) for part in placed)
