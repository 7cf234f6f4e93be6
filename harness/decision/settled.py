"""What the sweeps before the campaign say of the settings that were sealed."""

from __future__ import annotations

from harness.analysis.dataset import load
from harness.analysis.settings import Settings, settings
from harness.domain.sweep import Sweep
from harness.evidence.store import Store
from harness.predict.whole import months_of
from harness.workspace import Workspace


def settled(workspace: Workspace, sweep: Sweep) -> Settings | None:
    """From the evidence alone; None where this sweep was never drawn."""
    store = Store(workspace.evidence).sweep(sweep.target, sweep.digest)
    plan = store.plan()
    if plan is None:
        return None
    config, data, targets = workspace.config, load(store, plan), workspace.swept(sweep)
    months = months_of(workspace, data, targets)
    return settings(
        sweep,
        targets,
        data,
        workspace.slos(),
        (config.slo.p95_s, config.slo.ttft_p95_s),
        months.__getitem__,
        config.margins.cost,
    )


def settled_of(workspace: Workspace, target: str) -> Settings | None:
    """Of one target, None where it declares no settings or they were not tried."""
    sweep = workspace.sweep(target)
    return None if sweep is None else settled(workspace, sweep)
