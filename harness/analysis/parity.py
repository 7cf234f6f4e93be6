"""Whether both targets did the same work, from the samples of the same arrivals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.analysis.coded import is_known
from harness.analysis.columns import Array
from harness.analysis.dataset import Dataset, RunData
from harness.domain.reason import Reason
from harness.domain.reasons.choice import OtherPassages, OtherWork
from harness.domain.reasons.doubt import What
from harness.domain.role import RETRIEVALS, Role

LEAST_OVERLAP = 0.9  # of cited passages: below it the two searched different things, and nothing can be compared
SAID = ("index_digest", "model", "prompt_version")  # of /v1/meta


@dataclass(frozen=True)
class Parity:
    """Pairs of arrivals that both targets answered, and how many answers were the same.

    ``overlap`` is the mean share of passages that both cited, of those that either did
    (Jaccard at k); None where not both say what they cite. ``differ``: what /v1/meta says differs. ``of_citations`` and
    ``of_tokens``: the pairs that say it, none where a target has no field for it; None: all of them.
    """

    pairs: int
    same_answer: int
    same_citations: int
    same_output_tokens: int
    overlap: float | None = None
    differ: dict[str, tuple[str, str]] = field(default_factory=dict)
    of_citations: int | None = None
    of_tokens: int | None = None

    @property
    def compared(self) -> tuple[tuple[What, int, int], ...]:
        """What is compared, pairs alike, and of how many."""
        every = (
            (What.ANSWERS, self.same_answer, None),
            (What.CITATIONS, self.same_citations, self.of_citations),
            (What.TOKENS, self.same_output_tokens, self.of_tokens),
        )
        return tuple((what, same, self.pairs if of is None else of) for what, same, of in every)

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
    pairs = answers = citations = tokens = of_citations = of_tokens = 0
    overlaps: list[float] = []
    unanswered = {*RETRIEVALS, Role.JOBS}  # by a model
    found = [
        (a, b)
        for profile in data.paired
        if data.roles.get(profile) not in unanswered
        for a, b in zip(data.of(data.baseline, profile), data.of(data.candidate, profile), strict=True)
    ]
    cited, counted = (_told_by_both(found, of) for of in (_cites, _counts))
    for a, b in found:
        both = a.ok & b.ok
        same = a.columns["citations"] == b.columns["citations"]
        pairs += int(both.sum())
        answers += int((both & (a.columns["answer_digest"] == b.columns["answer_digest"])).sum())
        if counted:
            some = both & (_counts(a) | _counts(b))
            of_tokens += int(some.sum())
            tokens += int((some & (a.columns["output_tokens"] == b.columns["output_tokens"])).sum())
        if cited:
            some = both & (_cites(a) | _cites(b))
            of_citations += int(some.sum())
            citations += int((some & same).sum())
            overlaps += [1.0] * int((some & same).sum())
            other = some & ~same
            ones, others = a.columns["citations"][other], b.columns["citations"][other]
            overlaps += [_overlap(one, two) for one, two in zip(ones, others, strict=True)]
    overlap = float(np.mean(overlaps)) if overlaps else None
    return Parity(pairs, answers, citations, tokens, overlap, _differ(data), of_citations, of_tokens)


def _told_by_both(found: Sequence[tuple[RunData, RunData]], of: Callable[[RunData], Array]) -> bool:
    """Whether each target says it of any answer: what one of them has no field for is no difference."""
    return all(any(bool((run.ok & of(run)).any()) for run in side) for side in zip(*found, strict=True)) and bool(found)


def _cites(run: RunData) -> Array:
    return is_known(run.columns["citations"])


def _counts(run: RunData) -> Array:
    known: Array = np.isfinite(run.columns["output_tokens"])
    return known


def _overlap(one: str | None, other: str | None) -> float:
    mine, theirs = set((one or "").split()), set((other or "").split())
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
