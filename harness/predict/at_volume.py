"""One workload on one target at its own volume, as the simulator plays it with what its profile measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from harness.analysis import spend
from harness.analysis.dataset import Dataset
from harness.domain.bill import CostLayer
from harness.domain.reason import Reason
from harness.domain.reasons.absence import VolumeFar
from harness.domain.role import Role
from harness.domain.target import Target
from harness.domain.traffic import HOURS_PER_MONTH, SECONDS_PER_MONTH
from harness.platforms.pricing import pricing_of
from harness.platforms.registry import scaling_of
from harness.predict.billed import Each, each, played_beside
from harness.predict.fitted import facts_of, fit
from harness.predict.loads import month_of
from harness.predict.predict import Asked, Effort, predicted
from harness.predict.prediction import AtTraffic
from harness.predict.validate import unlike
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
    target = replace(target, beside=())
    runs = own.of(target.name, profile)
    scaling = scaling_of(target, facts_of([run for run in own.runs if run.target == target.name]))
    seed, slo = workspace.config.pilot.seed, workspace.config.slo
    fitted = fit(target.name, own, scaling, workspace.retry(), seed)
    blocks = spend.blocks_of(target, runs, slo.p95_s, slo.ttft_p95_s)
    one = each(blocks)
    if one is not None:
        one = played_beside(one, fitted, runs, blocks)
    month = month_of(workspace)
    again = unlike(own, fitted, seed)
    asked = Asked(target, fitted, one, month, workspace.config.load.deadline_s, unlike=again)
    factor = per_month / month.traffic.requests_per_month
    beside = _beside_usd(target, one, blocks, per_month)
    if (per_s := per_month / SECONDS_PER_MONTH) > FAR * fitted.driven.per_s:
        return Volume(None, beside, VolumeFar(per_s, fitted.driven.per_s, FAR))
    return Volume(predicted(asked, factor, seed, EFFORT), beside)


def alone(data: Dataset, profile: str) -> Dataset:
    """What may speak of a profile whose requests are of another kind: its own runs, and what was probed of the target."""
    kept = (profile, *data.in_role(*EXPERIMENTS))
    runs = tuple(run for run in data.runs if run.profile in kept)
    return replace(data, profiles=kept, runs=runs, roles={**data.roles, profile: Role.EVERYDAY})


def _beside_usd(target: Target, one: Each | None, blocks: Sequence[spend.BlockUsage], per_month: float) -> float | None:
    """Of the requests that are accepted, as many of those asked as were measured."""
    offered = sum(b.offered for b in blocks)
    if target.prices is None or one is None or not offered:
        return None
    accepted = per_month * float(spend.usage_of(blocks).requests) / offered
    month = one.usage.scaled(Decimal(str(accepted)), Decimal(HOURS_PER_MONTH))
    return float(pricing_of(target.prices).bill(month).layer_usd(CostLayer.SHARED))
