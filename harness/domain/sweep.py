"""A Sweep: the settings of one target that are tried before one of them is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MARK = "@"  # between a target's name and a setting's


@dataclass(frozen=True)
class Setting:
    """A few fields laid over a target's, and the commands that make its deployment so."""

    name: str
    laid_over: Mapping[str, Any]
    apply: tuple[tuple[str, ...], ...] = ()
    expect: Mapping[str, Any] = field(default_factory=dict)  # what the control plane must then say, by dotted path


@dataclass(frozen=True)
class Sweep:
    """In the order of the file, the smallest first."""

    target: str
    settings: tuple[Setting, ...]
    digest: str  # of what each setting makes of the target: it stays when target.toml takes one of them
    now: tuple[str, ...]  # settings that target.toml has; several where it says nothing of what differs

    @property
    def names(self) -> tuple[str, ...]:
        """Of the targets that the settings make: ``NAME@SETTING``."""
        return tuple(f"{self.target}{MARK}{setting.name}" for setting in self.settings)

    def setting(self, name: str) -> Setting:
        """By the name of the target that it makes."""
        return self.settings[self.names.index(name)]
