"""The sentences that stand open in a section, in place of its tables; each a function of figures alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.analysis.parity import Parity
from harness.analysis.tenants import Felt
from harness.decision.placement import Placed
from harness.domain.estimate import Estimate
from harness.domain.reasons.place import BELONGS
from harness.domain.verdict import Judgement, SloVerdict
from harness.report import words
from harness.words import said
from harness.words.numbers import count, joined, percent

Names = Mapping[str, str]


def same_work(parity: Parity) -> str:
    """How many pairs are alike, in one sentence; empty without a pair."""
    if not parity.pairs:
        return ""
    whole, partly, untold = [], [], []
    for what, same, of in parity.compared:
        if not of:
            untold.append(words.ALIKE[what])
        elif same == of == parity.pairs:
            whole.append(words.ALIKE[what])
        else:
            some = "" if of == parity.pairs else f" of the {count(of)} that report them"
            partly.append(f"{count(same)} ({percent(same / of)}) the same {words.ALIKE[what]}{some}")
    told = [f"all have the same {joined(whole)}"] if whole else []
    lacking = f"; {joined(untold)} are not reported by both" if untold else ""
    return f"Of {count(parity.pairs)} pairs that both answered, {', '.join([*told, *partly])}{lacking}."


def tenants(felt: Sequence[Felt], names: Names) -> tuple[str, ...]:
    """What the others feel while one tenant makes a burst, a sentence a target."""
    return tuple(_felt(f, names[f.target]) for f in felt if f.others)


def _felt(f: Felt, name: str) -> str:
    times, more = f.times, f.refused_more
    told = [f"p95 {words.ratio_text(times)} times that before"] if isinstance(times, Estimate) else []
    told += [] if isinstance(times, Estimate) else [f"p95 {said(times.reason)}"]
    if isinstance(more, Estimate):
        told.append(f"refusals {words.difference(more).text} points")
    return f"{name} under {f.profile}: while {f.noisy} bursts, all others see {', '.join(told)}."


def kept(every: Sequence[SloVerdict], names: Names) -> str:
    """How many promises a target keeps, breaks and leaves open; its own first."""
    if not every:
        return ""
    own = every[0].target
    mine, rest = ([v.judgement for v in every if (v.target == own) is its] for its in (True, False))
    words = f"{names[own]}, of {len(mine)} promises: {_judged(mine)}."
    return f"{words} Of {len(rest)} of work that one of the two does for it: {_judged(rest)}." if rest else words


def _judged(found: Sequence[Judgement]) -> str:
    return ", ".join(f"{n} {judged.value}" for judged in Judgement if (n := found.count(judged)))


def placed(every: Sequence[Placed]) -> tuple[str, ...]:
    """Which workload belongs where, a line a place."""
    where: dict[str, list[str]] = {}
    for one in every:
        where.setdefault(said(BELONGS[one.place]), []).append(one.workload.label)
    return tuple(f"{place[:1].upper()}{place[1:]}: {', '.join(labels)}." for place, labels in where.items())
