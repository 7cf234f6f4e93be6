"""Findings: what was looked at in an account or a deployment before load costs money."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a finding says."""

    GOOD = "good"
    WRONG = "wrong"
    UNREADABLE = "unreadable"
    LATER = "later"  # it can only be seen once the target is deployed


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``fix`` is a command or a setting. Equal ones of several targets are told once."""

    name: str
    state: State
    detail: str = ""
    fix: str = ""
