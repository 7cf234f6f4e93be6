"""Whether both targets did the same work, from the samples of the same arrivals."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.dataset import Dataset


@dataclass(frozen=True)
class Parity:
    """Pairs of arrivals that both targets answered, and how many answers were the same."""

    pairs: int
    same_answer: int
    same_citations: int
    same_output_tokens: int


def parity(data: Dataset) -> Parity:
    """Over every profile and block, paired by ``seq``."""
    pairs = answers = citations = tokens = 0
    for profile in data.paired:
        for a, b in zip(data.of(data.baseline, profile), data.of(data.candidate, profile), strict=True):
            both = a.ok & b.ok
            pairs += int(both.sum())
            answers += int((both & (a.columns["answer_digest"] == b.columns["answer_digest"])).sum())
            citations += int((both & (a.columns["citations"] == b.columns["citations"])).sum())
            tokens += int((both & (a.columns["output_tokens"] == b.columns["output_tokens"])).sum())
    return Parity(pairs, answers, citations, tokens)
