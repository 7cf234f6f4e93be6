"""Google Cloud Run."""

from __future__ import annotations

from harness.platforms.cloud_run.bill import BILLINGS
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.cloud_run.readings import SIGNALS, SOURCE
from harness.platforms.cloud_run.scaling import scaling
from harness.platforms.front import Front
from harness.platforms.platform import Limits, Most, Platform, controlled_by

FRONT = Front(
    "Cloud Run",
    cuts_s=3600.0,
    request_bytes=32 * 1024 * 1024,
    streams=True,
    no_place="it waits for 10 s or 3.5 mean starts, then 429",
    unconfirmed=("cuts_s", "request_bytes", "no_place"),
)


PLATFORM = Platform(
    kind=CloudRun.kind,
    title="Cloud Run",
    verified="spec only",
    config=CloudRun,
    control=controlled_by(f"{__name__}.control"),
    billings=BILLINGS,
    sources=(SOURCE,),
    signals=SIGNALS,
    limits=Limits(FRONT, most=Most(3600.0, 3600.0, 32_768)),
    cloud="google",
    scaling=scaling,
)
