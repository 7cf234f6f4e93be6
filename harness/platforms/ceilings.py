"""Ceilings: how long a target lets one work, and how much memory it may use, as it is set and at most.

Sources: providers' documentation as of November 2026; nobody has read them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.domain.target import Target
from harness.platforms.limits import front_of, limits_of
from harness.platforms.platform import Most
from harness.platforms.registry import platforms


@dataclass(frozen=True)
class Ceiling:
    """``setting``: as the target is set; ``most``: what its platform allows. None where there is no such limit, or nobody knows it."""

    setting: float | None
    most: float | None

    def over(self, value: float) -> bool:
        """Beyond what the target is set to, and within what it may be set to."""
        return self.setting is not None and value > self.setting and (self.most is None or value <= self.most)


@dataclass(frozen=True)
class Ceilings:
    """Of one target: seconds for a request and for a job, megabytes of an instance, kilobytes of what one carries."""

    request_s: Ceiling
    job_s: Ceiling
    request_memory_mb: Ceiling
    job_memory_mb: Ceiling
    carries_kb: float | None
    streams: bool
    front: str

    def memory_mb(self, *, job: bool) -> Ceiling:
        return self.job_memory_mb if job else self.request_memory_mb

    def work_s(self, *, job: bool) -> Ceiling:
        return self.job_s if job else self.request_s


def ceilings_of(target: Target, facts: Mapping[str, Any]) -> Ceilings:
    """As target.toml, the control plane and the platform's documentation say."""
    limits, front = limits_of(target), front_of(target)
    most = _most(target)
    timeout_s = limits.timeout_s(target.runtime, facts)
    cuts_s = front.cuts_s if front else None
    memory_mb = limits.memory_mb(target.runtime, facts)
    job_s = limits.job_s(target.runtime, facts) if limits.job_s else timeout_s
    return Ceilings(
        Ceiling(_least(timeout_s, cuts_s), _least(most.request_s, cuts_s)),
        Ceiling(job_s, most.job_s),
        Ceiling(memory_mb, most.memory_mb),
        Ceiling(
            limits.job_memory_mb(target.runtime, facts) if limits.job_memory_mb else memory_mb,
            most.memory_mb if most.job_memory_mb is None else most.job_memory_mb,
        ),
        None if front is None or front.request_bytes is None else front.request_bytes / 1000,
        front is None or front.streams,
        front.name if front else "",
    )


def _most(target: Target) -> Most:
    """Of its runtime; of a URL of which nothing else is known, what it is billed as says which platform it is."""
    limits = limits_of(target)
    if target.runtime.controlled or target.prices is None:
        return limits.most(target.runtime) if callable(limits.most) else limits.most
    billed = (p.limits.most for p in platforms() for b in p.billings if b.model == target.prices.model)
    return next((most for most in billed if isinstance(most, Most)), Most())


def _least(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)
