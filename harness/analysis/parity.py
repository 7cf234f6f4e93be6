"""Whether both targets did the same work, from the samples of the same arrivals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from harness.analysis.coded import is_known
from harness.analysis.dataset import Dataset
from harness.domain.reason import Reason
from harness.domain.reasons.choice import OtherPassages, OtherWork
from harness.domain.role import RETRIEVALS, Role

LEAST_OVERLAP = 0.9  # of cited passages: below it the two searched different things, and nothing can be compared
SAID = ("index_digest", "model", "prompt_version")  # of /v1/meta


@dataclass(frozen=True)
class Parity:
    """Pairs of arrivals that both targets answered, and how many answers were the same.

    ``overlap`` is the mean share of passages that both cited, of those that either did
    (Jaccard at k); None where neither cited any. ``differ``: what /v1/meta says differs.
    """

    pairs: int
    same_answer: int
    same_citations: int
    same_output_tokens: int
    overlap: float | None = None
    differ: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def void(self) -> Reason | None:
        """Why the two did not do the same work, so that no comparison of them counts; None when they did."""
        if self.differ:
            return OtherWork(tuple((name, a, b) for name, (a, b) in self.differ.items()))
        if self.overlap is not None and self.overlap < LEAST_OVERLAP:
            return OtherPassages(self.overlap)
        return None


def parity(data: Dataset) -> Parity:
    """Over every profile and block, paired by ``seq``."""
    pairs = answers = citations = tokens = 0
    overlaps: list[float] = []
    unanswered = {*RETRIEVALS, Role.JOBS}  # by a model
    for profile in (p for p in data.paired if data.roles.get(p) not in unanswered):
        for a, b in zip(data.of(data.baseline, profile), data.of(data.candidate, profile), strict=True):
            both = a.ok & b.ok
            same = a.columns["citations"] == b.columns["citations"]
            pairs += int(both.sum())
            answers += int((both & (a.columns["answer_digest"] == b.columns["answer_digest"])).sum())
            citations += int((both & same).sum())
            tokens += int((both & (a.columns["output_tokens"] == b.columns["output_tokens"])).sum())
            cited = both & is_known(a.columns["citations"])
            overlaps += [1.0] * int((cited & same).sum())
            for one, other in zip(
                a.columns["citations"][cited & ~same], b.columns["citations"][cited & ~same], strict=True
            ):
                overlaps.append(_overlap(one, other))
    overlap = float(np.mean(overlaps)) if overlaps else None
    return Parity(pairs, answers, citations, tokens, overlap, _differ(data))


def _overlap(one: str, other: str | None) -> float:
    mine, theirs = set(one.split()), set((other or "").split())
    return len(mine & theirs) / len(mine | theirs) if mine | theirs else 1.0


def _differ(data: Dataset) -> dict[str, tuple[str, str]]:
    """Of what both say of themselves, where they say different things; what one does not say is no difference."""
    said: dict[str, dict[str, set[str]]] = {name: {} for name in data.targets}
    for run in data.runs:
        if run.target not in said or not run.record:
            continue
        meta = (run.record.target_says or {}).get("meta") or {}
        for name in SAID:
            if meta.get(name) is not None:
                said[run.target].setdefault(name, set()).add(str(meta[name]))
    base, cand = said[data.baseline], said[data.candidate]
    return {
        name: (" or ".join(sorted(base[name])), " or ".join(sorted(cand[name])))
        for name in SAID
        if name in base and name in cand and base[name] != cand[name]
    }
