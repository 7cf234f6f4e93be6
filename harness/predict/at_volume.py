"""One workload on one target at its own volume, as the simulator plays it with what its profile measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from harness.analysis import spend
from harness.analysis.dataset import Dataset
from harness.domain.bill import CostLayer
from harness.domain.estimate import Unknown
from harness.domain.reason import Reason
from harness.domain.reasons.absence import VolumeFar
from harness.domain.role import Role
from harness.domain.target import Target
from harness.domain.traffic import HOURS_PER_MONTH, SECONDS_PER_MONTH
from harness.platforms.pricing import pricing_of
from harness.predict.loads import month_of
from harness.predict.predict import Asked, Effort, predicted
from harness.predict.prediction import AtTraffic
from harness.predict.whole import Wanted, asked
from harness.workspace import Workspace

FAR = 4.0  # times the highest rate that the target was asked for: what lies beyond is not played
EFFORT = Effort(same=4, worlds=20, requests=1500)
EXPERIMENTS = (Role.COLD, Role.FROM_ZERO, Role.KEEP_ALIVE)  # of the target, whatever it is asked


@dataclass(frozen=True)
class Volume:
    """A month of it: what the simulator says, and what is beside the runtime (tokens, stores), None without prices.

    ``far``: why it was not played; ``at`` is None then.
    """

    at: AtTraffic | None
    beside_usd: float | None
    far: Reason | None = None


def at_volume(workspace: Workspace, data: Dataset, target: Target, profile: str, per_month: float) -> Volume:
    """Priced alone, without a team's own lines; the week has the shape of [traffic]. Raises BadFile for its trace."""
    judged = [p for p in workspace.config.slo.profiles or data.paired if p in data.profiles]
    own = data if profile == spend.cost_profile(data, judged) else alone(data, profile)
    month = month_of(workspace)
    one = asked(workspace, own, Wanted(), month, [replace(target, beside=())])[target.name]
    beside = _beside_usd(one, per_month)
    if (per_s := per_month / SECONDS_PER_MONTH) > FAR * one.fitted.driven.per_s:
        return Volume(None, beside, VolumeFar(per_s, one.fitted.driven.per_s, FAR))
    factor = per_month / month.traffic.requests_per_month
    return Volume(predicted(one, factor, workspace.config.pilot.seed, EFFORT), beside)


def alone(data: Dataset, profile: str) -> Dataset:
    """What may speak of a profile whose requests are of another kind: its own runs, and what was probed of the target."""
    kept = (profile, *data.in_role(*EXPERIMENTS))
    runs = tuple(run for run in data.runs if run.profile in kept)
    return replace(data, profiles=kept, runs=runs, roles={**data.roles, profile: Role.EVERYDAY})


def _beside_usd(one: Asked, per_month: float) -> float | None:
    """Of the requests that are accepted, as many of those asked as were measured."""
    offered = sum(b.offered for b in one.blocks)
    if one.target.prices is None or isinstance(one.each, Unknown) or not offered:
        return None
    accepted = per_month * float(spend.usage_of(one.blocks).requests) / offered
    month = one.each.usage.scaled(Decimal(str(accepted)), Decimal(HOURS_PER_MONTH))
    return float(pricing_of(one.target.prices).bill(month).layer_usd(CostLayer.SHARED))
