"""Google Cloud Run."""

from __future__ import annotations

from pathlib import Path

from harness.domain.target import Runtime, RuntimeConfig, Target
from harness.platforms.cloud_run.bill import BILLINGS
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.cloud_run.readings import SIGNALS, SOURCE
from harness.platforms.cloud_run.scaling import scaling
from harness.platforms.front import Front
from harness.platforms.platform import Limits, Platform

FRONT = Front(
    *("Cloud Run", 3600.0, 32 * 1024 * 1024),
    streams=True,
    no_place="it waits for 10 s or 3.5 mean starts, then 429",
    unconfirmed=("cuts_s", "request_bytes", "no_place"),
)


def _control(target: Target, root: Path, base_url: str) -> Runtime:
    from harness.platforms.cloud_run import control  # noqa: PLC0415 - only where it is controlled
    from harness.platforms.shared.origins import google  # noqa: PLC0415

    del root
    config = target.runtime
    assert isinstance(config, CloudRun)
    return control.CloudRunRuntime(target, config, base_url, google(control.HOST))


def _front(config: RuntimeConfig) -> Front:
    del config
    return FRONT


PLATFORM = Platform(
    kind=CloudRun.kind,
    title="Cloud Run",
    verified="spec only",
    config=CloudRun,
    control=_control,
    billings=BILLINGS,
    sources=(SOURCE,),
    signals=SIGNALS,
    limits=Limits(front=_front),
    cloud="google",
    scaling=scaling,
)
