"""How the embedded container service grows, as ``harness.local.scaling`` does it: every figure is in its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.local_container.config import BOUNDED, LocalContainer
from harness.platforms.scaling import NOT_LIMITED, Grows, Picks, Scaler, Scaling, Stated, Waiting, declared


def scaling(target: Target, facts: Mapping[str, Any]) -> Scaling:
    """Workers behind one queue; its processors are the machine's, which all workers share."""
    del facts
    config = target.runtime
    assert isinstance(config, LocalContainer)
    most = config.workers if config.max_workers is None else max(config.workers, config.max_workers)
    scaled = most > config.workers

    def said(value: float) -> Stated:
        return declared(value, "target.toml")

    bounded = Waiting(said(config.queue), said(config.queue_timeout_s))
    return Scaling(
        grows=Grows.AUTOSCALER if scaled else Grows.FIXED,
        picks=Picks.LEAST,
        at_once=said(config.concurrency),
        least=said(config.workers),
        most=said(most),
        waiting=bounded if config.queue_rule == BOUNDED else Waiting(NOT_LIMITED, declared(10, "its rule"), starts=3.5),
        scaler=Scaler(
            said(config.target_share),
            said(config.scale_window_s),
            said(config.scale_every_s),
            said(config.start_lag_s),
            said(config.idle_s),
        )
        if scaled
        else None,
        vcpus=said(config.cpu),
        one_machine=True,
        bills_starts=True,
        bills_idle=True,
    )
