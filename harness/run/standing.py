"""What a declared target costs while nobody asks it anything: a deployment is torn down by its own tools, not by us."""

from __future__ import annotations

from decimal import Decimal

from harness.domain.bill import CostLayer
from harness.domain.target import Target
from harness.errors import PilotError
from harness.platforms.pricing import NOTHING, pricing_of
from harness.workspace import Workspace


def still_billing(workspace: Workspace, only: str | None = None) -> list[str]:
    """A line for each of the pilot's targets with a price by the hour; one whose file cannot be read says so."""
    out = []
    for name in workspace.config.pilot.measured if only is None else (only,):
        try:
            target = workspace.target(name)
        except PilotError as error:
            out.append(f"{name}: cannot tell whether it still bills: {' '.join(str(error).split())}")
            continue
        if not target.embedded and (line := _line(target)):
            out.append(line)
    return out


def _line(target: Target) -> str | None:
    if target.prices is None:
        return f"{target.name}: cannot tell whether it still bills: no prices in its target.toml"
    lines = pricing_of(target.prices).bill(NOTHING).lines
    standing = [x for x in lines if x.layer is CostLayer.RUNTIME and x.amount_usd]
    if not standing:
        return None
    usd = sum((x.amount_usd for x in standing), Decimal(0))
    parts = ", ".join(f"{x.label} {x.amount_usd:.4f}" for x in standing)
    readme = target.folder / "README.md"
    mend = f"; {readme.parent.name}/README.md says how to destroy it" if readme.is_file() else ""
    return f"{target.name}: bills {usd:.4f} USD an hour as declared ({parts}) until it is destroyed{mend}"
