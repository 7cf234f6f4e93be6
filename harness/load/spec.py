"""The RunSpec: everything that decides one run, as plain values that travel to workers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from harness.domain.arrivals import LoadProfile, as_data, from_data

MOST_SLOTS_PER_WORKER = 900  # above about 1,000 descriptors a process select() and reuse break


@dataclass(frozen=True)
class RunSpec:
    """One run as it was asked for, defaults filled in."""

    profile: str
    target: str
    base_url: str | None
    dialect: str
    load: LoadProfile
    seed: int
    slots: int
    deadline_s: float
    stream_share: float
    questions_file: str
    questions_digest: str
    workspace: str | None
    evidence: str | None
    headers_from_env: dict[str, str] = field(default_factory=dict)
    p95_limit_s: float | None = None
    max_tokens: int | None = None
    embedded: bool = False
    ask_meta_first: bool = True

    def to_message(self) -> dict[str, Any]:
        """Only what msgpack carries."""
        return dataclasses.asdict(self) | {"load": as_data(self.load)}

    @classmethod
    def from_message(cls, data: dict[str, Any]) -> RunSpec:
        return cls(**(data | {"load": from_data(data["load"])}))
