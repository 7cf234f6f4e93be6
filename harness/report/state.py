"""How far a pilot is, for the first line of a report that was rendered before the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.analysis.dataset import Dataset
from harness.decision.findings import Findings
from harness.domain.looks import looks_of
from harness.domain.plan import Block, Plan
from harness.domain.reason import Reason
from harness.words import said
from harness.words.numbers import verb


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
    waiting = [unit for unit in left if unit.number not in spoilt]
    return tuple(f"{line}." for line in (_spoilt(spoilt, plan), _to_come(left, waiting, data, plan)) if line)


def _spoilt(reasons: Mapping[int, Sequence[Reason]], plan: Plan) -> str:
    if not reasons:
        return ""
    why = next((said(found[0]) for found in reasons.values() if found), "no reason given")
    what = "blocks and experiments" if plan.tracks else "blocks"
    left_out = (
        "it is INVALID, and nothing below is drawn from it"
        if len(reasons) == 1
        else "they are INVALID, and nothing below is drawn from them"
    )
    return f"The machine that sends the load could not carry {len(reasons)} of {len(plan.units)} {what} ({why}): {left_out}"


def _to_come(left: Sequence[Block], waiting: Sequence[Block], data: Dataset, plan: Plan) -> str:
    """Of all that is not valid, and of that what nobody tried; where nothing is valid the answer says so itself."""
    least, valid = looks_of(data.blocks_planned)[0], len(data.blocks_valid)
    told = (
        [f"{valid} of {data.blocks_planned} blocks {verb(valid)} valid"] if any(u.track is None for u in left) else []
    )
    if told and valid < least:
        told.append(f"verdicts need {least}")
    if tracks := sum(unit.track is not None for unit in waiting):
        told.append(f"{tracks} of {len(plan.tracks)} experiments {verb(tracks)} still to come")
    return "; ".join(told) if valid or tracks else ""
