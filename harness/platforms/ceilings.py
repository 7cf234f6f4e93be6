"""Ceilings: how long a target lets one work, and how much memory it may use, as it is set and at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.domain.target import Target
from harness.platforms.front import Front
from harness.platforms.limits import front_of, limits_of
from harness.platforms.platform import Most
from harness.platforms.registry import platforms


@dataclass(frozen=True)
class Ceiling:
    """``setting``: as the target is set; ``most``: what its platform allows, as ``source`` says.

    None where there is no such limit, or nobody knows it.
    """

    setting: float | None
    most: float | None
    source: str = field(default="", compare=False)

    def over(self, value: float) -> bool:
        """Beyond what the target is set to, and within what it may be set to."""
        return self.setting is not None and value > self.setting and (self.most is None or value <= self.most)


@dataclass(frozen=True)
class Ceilings:
    """Of one target: seconds for a request and for a job, megabytes of an instance (of 2^20 bytes), kilobytes of what one carries."""

    request_s: Ceiling
    job_s: Ceiling
    request_memory_mb: Ceiling
    job_memory_mb: Ceiling
    carries_kb: Ceiling
    streams: bool
    front: str

    def memory_mb(self, *, job: bool) -> Ceiling:
        return self.job_memory_mb if job else self.request_memory_mb

    def work_s(self, *, job: bool) -> Ceiling:
        return self.job_s if job else self.request_s


def ceilings_of(target: Target, facts: Mapping[str, Any]) -> Ceilings:
    """As target.toml, the control plane and the platform's documentation say."""
    limits, front = limits_of(target), front_of(target)
    most = most_of(target, facts)
    timeout_s = limits.timeout_s(target.runtime, facts)
    cuts_s = front.cuts_s if front else None
    memory_mb = limits.memory_mb(target.runtime, facts)
    job_s = limits.job_s(target.runtime, facts) if limits.job_s else timeout_s
    most_s = _least(most.request_s, cuts_s)
    carries_kb = None if front is None or front.request_bytes is None else front.request_bytes / 1000
    return Ceilings(
        Ceiling(
            _least(timeout_s, cuts_s), most_s, most.source if most_s == most.request_s else _said_of(front, "cuts_s")
        ),
        Ceiling(job_s, most.job_s, most.source),
        Ceiling(memory_mb, most.memory_mb, most.source),
        Ceiling(
            limits.job_memory_mb(target.runtime, facts) if limits.job_memory_mb else memory_mb,
            most.memory_mb if most.job_memory_mb is None else most.job_memory_mb,
            most.source,
        ),
        Ceiling(carries_kb, carries_kb, _said_of(front, "request_bytes")),
        front is None or front.streams,
        front.name if front else "",
    )


def most_of(target: Target, facts: Mapping[str, Any]) -> Most:
    """Of its runtime; of a URL of which nothing else is known, what it is billed as says which platform it is."""
    limits = limits_of(target)
    if not target.runtime.controlled and target.prices is not None:
        model = target.prices.model
        limits = next((p.limits for p in platforms() for b in p.billings if b.model == model), limits)
    return limits.most(target, facts) if callable(limits.most) else limits.most


def _said_of(front: Front | None, field: str) -> str:
    """Which front sets it; marked where nobody has read that again."""
    if front is None:
        return ""
    return f"{front.name} (unconfirmed)" if field in front.unconfirmed else front.name


def _least(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)
