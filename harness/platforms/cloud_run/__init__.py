"""Google Cloud Run."""

from __future__ import annotations

from harness.platforms.cloud_run.bill import BILLINGS
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.cloud_run.readings import SIGNALS, SOURCE
from harness.platforms.cloud_run.scaling import scaling
from harness.platforms.front import Front
from harness.platforms.platform import Deploying, Limits, Most, Platform, controlled_by, examined_by

FRONT = Front(
    "Cloud Run",
    cuts_s=3600.0,
    request_bytes=32 * 1024 * 1024,
    streams=True,
    no_place="it waits for 10 s or 3.5 mean starts, then 429",
    unconfirmed=("request_bytes", "no_place"),
)
MOST = Most(  # of a service; what Pub/Sub pushes to it has 600 s
    request_s=3600.0,
    job_s=3600.0,
    memory_mb=32_768,
    source="Cloud Run quotas and request timeout: 60 min, 32 GiB, no limit on images",
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
    limits=Limits(FRONT, most=MOST),
    cloud="google",
    examine=examined_by(f"{__name__}.examine"),
    scaling=scaling,
    deploying=Deploying(f"{__name__}.deploy", "harness.platforms.shared.google_deploy.deployment"),
)
