"""What a declared target costs while nobody asks it anything, unless ``pilot destroy`` has noted that it is gone."""

from __future__ import annotations

from decimal import Decimal

from harness.domain.bill import CostLayer
from harness.domain.target import Target
from harness.errors import PilotError
from harness.evidence.store import Store
from harness.platforms.pricing import NOTHING, pricing_of
from harness.run.deployed import gone, stands
from harness.workspace import Workspace


def still_billing(workspace: Workspace, only: str | None = None) -> list[str]:
    """A line for each of the pilot's targets with a price by the hour; one whose file cannot be read says so."""
    out, rows = [], Store(workspace.evidence).deployments()
    for name in workspace.config.pilot.measured if only is None else (only,):
        if gone(rows, name):
            continue
        ours = stands(rows, name)
        try:  # what began and did not end has no address, and may be billed
            target = workspace.prospect(name).target if ours else workspace.target(name)
        except PilotError as error:
            out.append(f"{name}: cannot tell whether it still bills: {' '.join(str(error).split())}")
            continue
        if not target.embedded and (line := _line(target, ours=ours)):
            out.append(line)
    return out


def _line(target: Target, *, ours: bool) -> str | None:
    """``ours``: deployed by this program."""
    if target.prices is None:
        return f"{target.name}: cannot tell whether it still bills: no prices in its target.toml"
    lines = pricing_of(target.prices).bill(NOTHING).lines
    standing = [x for x in lines if x.layer is CostLayer.RUNTIME and x.amount_usd]
    if not standing:
        return None
    usd = sum((x.amount_usd for x in standing), Decimal(0))
    parts = ", ".join(f"{x.label} {x.amount_usd:.4f}" for x in standing)
    readme = target.folder / "README.md"
    by_hand = f"; {readme.parent.name}/README.md says how to destroy it" if readme.is_file() else ""
    how = f"; pilot destroy {target.name} removes it" if ours else by_hand
    return f"{target.name}: bills {usd:.4f} USD an hour as declared ({parts}) until it is destroyed{how}"
