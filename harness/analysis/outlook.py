"""What a plan takes before anything is measured: how many blocks, hours and dollars to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from harness.analysis.length import Length, length
from harness.domain.looks import looks_of
from harness.domain.plan import Block, Plan
from harness.planning.seal import NEVER
from harness.run.deployed import over_plan_usd
from harness.run.drive import usual_usd
from harness.workspace import Workspace

RATIOS = (1.2, 1.5)  # promised over true p95, and
SPREADS = (0.05, 0.10)  # how blocks differ: what a length is expected for


@dataclass(frozen=True)
class Outlook:
    """What a plan takes: at worst every block, and what to expect where both keep their promises by so much."""

    length: Length
    hours: float
    usd: Decimal


def outlook(workspace: Workspace, made: Plan) -> tuple[Outlook, ...]:
    """One for each of RATIOS and SPREADS; experiments are measured whole in each. Empty where every block is measured."""
    promised = made.judged(workspace.config.slo.profiles)
    judged = [p for p in made.profiles if p.repeats is None and p.name in promised]
    if workspace.config.pilot.stop == NEVER or len(looks_of(len(made.blocks))) < 2 or not judged:
        return ()
    targets = {t.name: t for t in workspace.prospects()}

    def whole(blocks: Sequence[Block]) -> tuple[float, Decimal]:
        usd = sum((usual_usd(workspace, made, targets[r.target], r) for b in blocks for r in b.runs), Decimal(0))
        return sum(b.expected_s for b in blocks) / 3600, usd

    standing_usd = over_plan_usd(workspace, made)  # ends with the last block, where it is destroyed then
    (paired_h, paired_usd), (tracks_h, tracks_usd) = whole(made.blocks), whole(made.tracks)
    out = []
    for ratio, spread in product(RATIOS, SPREADS):
        expected = length(len(made.blocks), [p.requests for p in judged], ratio, spread, made.seed)
        share = expected.blocks / len(made.blocks)
        usd = tracks_usd + (paired_usd + standing_usd) * Decimal(str(share))
        out.append(Outlook(expected, tracks_h + paired_h * share, usd.quantize(Decimal("0.01"))))
    return tuple(out)
