"""How far a pilot is, for the first line of a report that was rendered before the end."""

from __future__ import annotations

from harness.decision.findings import Findings
from harness.domain.looks import looks_of
from harness.domain.plan import Plan


def state(findings: Findings, plan: Plan) -> tuple[str, ...]:
    """A sentence for the blocks that are still to come, and one for those that the load generator spoilt; none at the end."""
    data = findings.data
    measured = {run.record.block for run in data.runs} | {run.record.block for pair in data.aa for run in pair}
    spoilt = {record.block: record.reasons for record in data.invalid if record.block not in measured}
    left = [unit for unit in plan.units if unit.number not in measured]
    out = []
    if left:
        blocks = f"{len(data.blocks_valid)} of {data.blocks_planned} blocks"
        least = looks_of(data.blocks_planned)[0]
        out.append(f"{blocks}; verdicts need {least}" if len(data.blocks_valid) < least else blocks)
        tracks = [unit for unit in left if unit.track is not None]
        if tracks:
            out[-1] += f"; {len(tracks)} of {len(plan.tracks)} experiment runs are still to come"
    if spoilt:
        why = next((reasons[0] for reasons in spoilt.values() if reasons), "no reason given")
        out.insert(
            0,
            f"The machine that sends the load could not carry {len(spoilt)} of {len(plan.units)} blocks and experiments "
            f"({why}): they are INVALID, and nothing below is drawn from them",
        )
    return tuple(f"{line}." for line in out)
