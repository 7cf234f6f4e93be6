"""What an answer is held to beside its outcome: the evaluation's checks, and the passages known to answer its question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.domain.bounds import MOST_DETAIL
from harness.domain.sample import Outcome

if TYPE_CHECKING:
    from harness.dialects.answer import Answer
    from harness.domain.questions import Question


def grade(question: Question, answer: Answer) -> None:
    """Fills in the sample of a good answer; of a failed one nothing is known."""
    sample = answer.sample
    if sample.outcome != Outcome.OK:
        return
    cited = None if sample.citations is None else tuple(sample.citations.split())
    wanted = question.top_k if sample.top_k is None else sample.top_k
    if question.passages and cited is not None and wanted:
        found = [place for place, one in enumerate(cited, start=1) if one in question.passages]
        sample.hits, sample.hit_rank = len(found), found[0] if found else None
    if question.expects is not None:
        missed = question.expects.missed(answer.text, cited)
        if missed is not None:
            sample.passed, sample.missed = not missed, ", ".join(missed)[:MOST_DETAIL] or None
