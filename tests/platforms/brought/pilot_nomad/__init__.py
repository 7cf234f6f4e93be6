"""Nomad: a job's allocations on clients that are billed whole. All of it stands in this folder."""

from __future__ import annotations

from harness.domain.quota import Need, Quota
from harness.platforms.front import Front
from harness.platforms.platform import Limits, Measure, Per, Platform, Signal
from harness.platforms.shared.prometheus_sets import set_of
from pilot_nomad.bill import BILLING
from pilot_nomad.config import Nomad
from pilot_nomad.control import control

SERIES = (Signal("nomad.allocations", "prometheus", Measure.INSTANCES, "count", "allocations that run", per=Per.MOST),)
FRONT = Front("a Nomad service mesh", 60.0, None, streams=True, no_place="503 at once")


def quotas(target, make):
    del make
    return [Quota("Nomad allocations", Need.CONCURRENCY, float(target.runtime.most), shared=False)]


PLATFORM = Platform(
    kind="nomad",
    title="Nomad",
    verified="spec only",
    config=Nomad,
    control=control,
    billings=(BILLING,),
    signals=SERIES,
    subjects=(set_of(SERIES, {"nomad.allocations": 'sum(nomad_nomad_job_summary_running{namespace="$namespace"})'}),),
    limits=Limits(front=lambda config: FRONT, quotas=quotas, timeout_s=lambda config, facts: facts.get("kill_timeout")),
)
