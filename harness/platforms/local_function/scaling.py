"""How the embedded function grows, as ``harness.local.placement`` does it: every figure is in its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.local_function.config import LocalFunction
from harness.platforms.scaling import Grows, Picks, Scaling, Stated, assumed, declared


def scaling(target: Target, facts: Mapping[str, Any]) -> Scaling:
    """One request an instance; its processors are the machine's, which all instances share."""
    del facts
    config = target.runtime
    assert isinstance(config, LocalFunction)

    def said(value: float) -> Stated:
        return declared(value, "target.toml")

    return Scaling(
        grows=Grows.ON_DEMAND,
        picks=Picks.RECENT,
        at_once=declared(1, "one invocation an environment"),
        least=said(config.provisioned),
        most=said(config.concurrency),
        starts_at_once=said(config.scaling_tokens),
        starts_per_s=said(config.scaling_per_s),
        idle_s=assumed(
            *(config.idle_s, config.idle_s * (1 - config.idle_jitter), config.idle_s * (1 + config.idle_jitter)),
            "target.toml, with its jitter",
        ),
        one_machine=True,
        bills_starts=True,
        bills_idle=True,
    )
