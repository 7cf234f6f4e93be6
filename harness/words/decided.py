"""Sentences of the decision."""

from __future__ import annotations

import math

from harness.domain.reasons import decided as kinds
from harness.domain.verdict import MEASURED, Relation
from harness.words.numbers import FORMATS, Write, bracket, joined, money, percent, span, verb
from harness.words.speech import Book, all_said, said


def _no_winner(r: kinds.NoWinner) -> str:
    words = "No clear winner: both keep every promise, and cost and latency do not favour one."
    return f"{words} {r.reversible} is cheaper to reverse." if r.reversible else words


def _serve_from(r: kinds.ServeFrom) -> str:
    kept = "its one promise" if r.promises == 1 else f"all {r.promises} promises"
    return f"{'Lean towards serving' if r.leaning else 'Serve'} the endpoint from {r.label}: it keeps {kept}."


def _from_both(r: kinds.ServeFromBoth) -> str:
    words = f"Serve the endpoint from both: {r.baseline} and {r.candidate}, each where it keeps its promises"
    return f"{words}." if r.measured else f"{words} (not measured)."


def _so_far(r: kinds.SoFar) -> str:
    lead = "Leaning towards " if r.leaning else ""
    if not r.open:
        return f"{lead}{r.label}{'' if r.leaning else ' so far'}: none of its promises could be judged."
    return (
        f"{lead}{r.label}{'' if r.leaning else ' so far'}: it breaks no promise, but {_open(r.open, r.kept + r.open)}."
    )


def _both_so_far(r: kinds.BothSoFar) -> str:
    unseen = "" if r.measured else ", not measured together"
    return f"Both so far, {r.baseline} and {r.candidate}{unseen}: no promise is broken, but {r.open} {verb(r.open)} not decided yet."


def _open(some: int, of: int) -> str:
    return f"{some} of {of} {verb(some)} not decided yet"


def _equivalent(r: kinds.Equivalent) -> str:
    taken = f"take {r.take}, {r.by.value}" if r.take and r.by else "take either"
    return f"Both keep every promise and perform the same: {taken}."


def _none_yet(r: kinds.NoneYet) -> str:
    words = f"No choice yet: neither breaks a promise, but {r.open} of {r.promises} verdicts {verb(r.open)} open."
    return f"{words} {r.reversible} is cheaper to reverse." if r.reversible else words


def _neither(r: kinds.BothBreak) -> str:
    (first, broken, of), *rest = r.broken
    return f"Neither as measured: {first} breaks {broken} of {of} promises, {joined([f'{name} {n}' for name, n, _ in rest])}."


def _no_answer(r: kinds.NoAnswer) -> str:
    why = said(r.why)
    return f"No answer: {why[:1].lower()}{why[1:]}"


def _gate_open(r: kinds.GateOpen) -> str:
    words = f"{r.label} fails {joined(all_said(r.failed))}." if r.failed else f"{r.label} fails no SLO."
    undecided = [f"{name} under {profile}" for name, profile in r.open]
    return words + (f" Not decided: {joined(undecided)}." if undecided else "")


def _costs_cross(r: kinds.CostsCross) -> str:
    return (
        f"At {r.factor:.3g} times your traffic, {r.requests / 1e6:.2f} million requests a month{_millions(r)}, the runtime "
        f"costs cross: {r.below} is cheaper below, {r.above} above."
    )


def _times(r: kinds.TimesBaseline) -> str:
    """What its interval leaves open is no finding."""

    def write(ratio: float) -> str:
        return f"{ratio:.2f}"

    wide = bracket(write(r.ratio), _ends(*r.ends, write))
    told = f"Under {r.profile} traffic the p95 of {r.label} is {write(r.ratio)} times that of {r.baseline}{wide}"
    shown = "neither a difference nor equivalence is shown" if r.relation is Relation.UNRESOLVED else r.relation.value
    return f"{told}: {shown}."


def _millions(r: kinds.CostsCross) -> str:
    """Its interval."""

    def write(requests: float) -> str:
        return f"{requests / 1e6:.2f}"

    return bracket(write(r.requests), _ends(r.low, r.high, write))


def _ends(low: float | None, high: float | None, write: Write) -> str:
    if low is not None and high is not None:
        return span(low, high, write)
    if high is not None:
        return f"up to {write(high)}"
    return f"from {write(low)} on" if low is not None else "or at no volume simulated"


def _breaks(r: kinds.PromiseBreaks) -> str:
    def write(factor: float) -> str:
        return f"{factor:.3g}"

    does = "keeps" if r.kept_above else "breaks"
    wide = bracket(write(r.factor), _ends(r.low, r.high, write))
    return (
        f"From {write(r.factor)} times your traffic on{wide} {r.label} {does} {r.name} "
        f"(limit {FORMATS[r.unit](r.limit)})."
    )


def _kept(r: kinds.KeptUpTo) -> str:
    if r.factor is None:
        return f"Whether {r.label} keeps its promises at more than your traffic can't be told."
    broken = f" but {joined(list(r.broken))}" if r.broken else ""
    at = f"up to {r.factor:g} times your traffic" if r.factor > 1 else "at your traffic"
    return f"Simulated, {r.label} breaks no promise{broken} {at}; more was not simulated or can't be predicted."


def _error_budget(r: kinds.ErrorBudget) -> str:
    over = f"Over all {r.looks} sealed looks" if r.looks > 1 else "At the one sealed look"
    return (
        f"{over}, each of the {r.promises} promises is passed wrongly in at most {_whole(r.promise)} of campaigns and failed "
        f"wrongly in at most {_whole(r.promise)} (nominal {_whole(r.nominal)} each; {_whole(r.unlike)} if blocks differ by "
        f"more than a quarter); two equal targets are called different in any of the {r.compared} co-primary comparisons in at "
        f"most {_whole(r.difference)} (nominal {_whole(2 * r.nominal)}, Holm), and a difference as large as the margin is "
        f"called EQUIVALENT in at most {_whole(r.equivalent)} (nominal {_whole(2 * r.nominal)} each)."
    )


def _whole(share: float) -> str:
    return f"{share * 100:g} %"


def _fall(share: float) -> str:
    """Rounded up, or at the fall that is named it would not be cheaper yet."""
    digits = 0 if share >= 0.1 else 1
    return f"{math.ceil(share * 100 * 10**digits) / 10**digits:.{digits}f}"


WORDS: Book = {
    kinds.ServeFrom: _serve_from,
    kinds.ServeFromBoth: _from_both,
    kinds.HybridNotMeasured: (
        "Both together were not measured: their verdicts and cost are worked out from each one alone. Name a router "
        "under pilot.hybrid to measure them (docs/hybrid.md)."
    ),
    kinds.SoFar: _so_far,
    kinds.BothSoFar: _both_so_far,
    kinds.Equivalent: _equivalent,
    kinds.NoneYet: _none_yet,
    kinds.BothBreak: _neither,
    kinds.NoAnswer: _no_answer,
    kinds.NoWinner: _no_winner,
    kinds.PassesAll: "{label} passes every SLO.",
    kinds.NoneJudged: "{label} has no judged SLO.",
    kinds.GateOpen: _gate_open,
    kinds.Broken: lambda r: f"{r.name} under {r.profile} ({said(r.value)}, limit {FORMATS[r.unit](r.limit)})",
    kinds.Figure: lambda r: f"{FORMATS[r.unit](r.value)}",
    kinds.CostsMonthly: lambda r: (
        f"{r.label} would cost {money(r.usd)} a month at the expected traffic (runtime, simulated)."
    ),
    kinds.TimesBaseline: _times,
    kinds.VolumeUnknown: lambda r: f"Where the costs cross is unknown, as is the cost of {' and '.join(r.labels)}.",
    kinds.CostsCross: _costs_cross,
    kinds.CheaperThroughout: "{label} is cheaper from {least:g} to {most:g} times your traffic.",
    kinds.PromiseBreaks: _breaks,
    kinds.KeptUpTo: _kept,
    kinds.PriceFlips: lambda r: f"{r.label} would be cheaper if its prices fell by {_fall(r.fall)} %.",
    kinds.WouldPass: lambda r: (
        f"{r.label} would pass {r.name} under {r.profile} at a limit of {FORMATS[r.unit](r.limit)}."
    ),
    kinds.Refuses: lambda r: (
        f"{r.label} refuses {percent(r.share)} under {r.profile}: a higher concurrency limit or more capacity would change that."
    ),
    kinds.ItFails: "it fails {name} under {profile}",
    kinds.ItIsWorse: lambda r: f"it is worse than the other in {MEASURED[r.metric]} under {r.profile}",
    kinds.ErrorBudget: _error_budget,
}
