"""How far a pilot is, for the first line of a report that was rendered before the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.analysis.dataset import Dataset
from harness.decision.findings import Findings
from harness.domain.looks import looks_of
from harness.domain.plan import Block, Plan
from harness.domain.reason import Reason
from harness.words import said


def state(findings: Findings, plan: Plan) -> tuple[str, ...]:
    """A sentence for the blocks that the load generator spoilt, and one for those that are still to come; none at the end."""
    data = findings.data
    valid = {
        *data.blocks_valid,
        *(r.record.block for r in data.runs),
        *(r.record.block for pair in data.aa for r in pair),
    }
    not_needed = findings.ended.not_needed if findings.ended else ()
    left = [unit for unit in plan.units if unit.number not in valid and unit.number not in not_needed]
    spoilt = {r.block: r.reasons for r in data.invalid if r.block in {unit.number for unit in left}}
    return tuple(f"{line}." for line in (_spoilt(spoilt, plan), _to_come(left, data, plan)) if line)


def _spoilt(reasons: Mapping[int, Sequence[Reason]], plan: Plan) -> str:
    if not reasons:
        return ""
    why = next((said(found[0]) for found in reasons.values() if found), "no reason given")
    return (
        f"The machine that sends the load could not carry {len(reasons)} of {len(plan.units)} blocks and experiments "
        f"({why}): they are INVALID, and nothing below is drawn from them"
    )


def _to_come(left: Sequence[Block], data: Dataset, plan: Plan) -> str:
    if not left:
        return ""
    words = f"{len(data.blocks_valid)} of {data.blocks_planned} blocks are valid"
    least = looks_of(data.blocks_planned)[0]
    if len(data.blocks_valid) < least:
        words += f"; verdicts need {least}"
    if tracks := sum(unit.track is not None for unit in left):
        words += f"; {tracks} of {len(plan.tracks)} experiments are still to come"
    return words
