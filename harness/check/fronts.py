"""Whether what is asked passes what stands before a target's code: its size, its time, its stream."""

from __future__ import annotations

from collections.abc import Sequence

from harness.check.contract_check import Answer, Check
from harness.domain.mix import CHARACTERS_PER_TOKEN, Mix
from harness.domain.questions import Question
from harness.platforms.front import Front
from harness.workspace import Workspace

AROUND_BYTES = 600  # of the body around the messages
FAR_SIGMAS = 4.0  # one prompt in thirty thousand is longer


def front_checks(workspace: Workspace, front: Front, mixes: Sequence[Mix]) -> list[Check]:
    """What the front does where there is no place stands in the words, for bursts will meet it."""
    slo, load = workspace.config.slo, workspace.config.load
    out = [_time(front, slo.p95_s, load.deadline_s)]
    if front.request_bytes is not None:
        out.append(_size(front, front.request_bytes, largest_bytes(workspace.questions(), mixes)))
    if load.stream_share > 0:
        out.append(_stream(front))
    return out


def largest_bytes(questions: Sequence[Question], mixes: Sequence[Mix]) -> int:
    """Of any request body that the profiles may send."""
    own = max((sum(len(m.content.encode()) for m in q.messages) for q in questions), default=0)
    prompts = [mix.prompt for mix in mixes if mix.prompt]
    drawn = max((p.at(FAR_SIGMAS * p.sigma) * CHARACTERS_PER_TOKEN for p in prompts), default=0.0)
    return round(max(own, drawn)) + AROUND_BYTES


def _time(front: Front, p95_s: float, deadline_s: float) -> Check:
    name = "a promise is no longer than its front waits"
    full = f"where there is no place: {front.no_place}{_unsure(front, 'no_place')}"
    if front.cuts_s is None:
        return Check(name, Answer.PASS, f"{front.name} has no limit of its own; {full}")
    said = f"{front.name} cuts at {front.cuts_s:g} s{_unsure(front, 'cuts_s')}"
    if p95_s >= front.cuts_s:
        return Check(name, Answer.FAIL, f"{said}, slo.p95_s is {p95_s:g} s: what is slower than that is a failure")
    sooner = f", before load.deadline_s of {deadline_s:g} s" if front.cuts_s < deadline_s else ""
    return Check(name, Answer.PASS, f"{said}{sooner}; {full}")


def _size(front: Front, most: int, largest: int) -> Check:
    said = f"the largest may have {largest:,} bytes, {front.name} lets {most:,} in{_unsure(front, 'request_bytes')}"
    return Check("requests are small enough for its front", Answer.PASS if largest <= most else Answer.FAIL, said)


def _stream(front: Front) -> Check:
    name = "its front lets streams through"
    if front.streams:
        return Check(name, Answer.PASS, front.name)
    words = (
        "hands answers over whole: its time to first token is that of the answer; set load.stream_share = 0 for both"
    )
    return Check(name, Answer.FAIL, f"{front.name} {words}")


def _unsure(front: Front, field: str) -> str:
    return " (unconfirmed)" if field in front.unconfirmed else ""
