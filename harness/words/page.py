"""Sentences of page one: short enough to be read aloud, each with its numbers."""

from __future__ import annotations

from harness.domain.reasons import decided
from harness.domain.reasons import page as kinds
from harness.domain.verdict import MEASURED
from harness.words.numbers import (
    FORMATS,
    Write,
    bracket,
    counted,
    duration_text,
    joined,
    money,
    percent,
    significant,
    span,
    verb,
)
from harness.words.speech import Book, said

CAPS = {
    "rehearsal": "rehearsal",
    "seal": "seal or evidence not intact",
    "few blocks": "too few blocks",
    "not measured": "hybrid not measured",
}
NO_EFFECT = {
    kinds.Lacking.MEASURED: "Nothing valid was measured.",
    kinds.Lacking.MORE: "No other effect is shown beyond chance.",
    kinds.Lacking.EFFECT: "No effect is shown beyond chance.",
}


def ends(pair: kinds.Ends, write: Write) -> str:
    """``19 to 28 %``: a unit that both ends have is written once."""
    low, high = pair
    if low is None or high is None:
        return (
            f"up to {write(high)}" if high is not None else f"from {write(low)}" if low is not None else "not bounded"
        )
    told = span(low, high, write)
    number, _, unit = write(low).rpartition(" ")
    once = number[:1].isdigit() and told.endswith(f" {unit}")
    return told.replace(f" {unit} to ", " to ", 1) if once else told


def takes(hours: float, usd: float) -> str:
    """``about 2 h and $14``."""
    time = f"{max(1, round(hours * 60))} min" if hours < 1 else f"{hours:.0f} h" if hours >= 3 else f"{hours:.1f} h"
    return f"about {time}" + (f" and {money(usd)}" if usd >= 0.005 else "")


def _two(value: float) -> str:
    return significant(value, 2)


def _times(factor: float) -> str:
    return f"{_two(factor)} times your traffic"


def _how_sure(r: kinds.HowSure) -> str:
    why = f" ({', '.join(CAPS[c] for c in r.caps)})" if r.caps else ""
    spared = f", {r.spared} not needed" if r.spared else ""
    return f"Confidence {r.confidence}{why}: {r.valid} of {r.planned} blocks valid{spared}, {r.decided} of {r.verdicts} verdicts decided."


def _kept(r: kinds.Kept) -> str:
    of = f"{r.kept + r.broken + r.open}{' promises' if r.first else ''}"
    parts = [f"{f'breaks {r.broken}' if r.broken else f'keeps {r.kept}'} of {of}"]
    if r.open:
        parts.append(f"{r.open} undecided")
    if r.open and not r.kept and not r.broken:
        parts = [f"has none of {of} decided"]
    _, broken, undecided = r.elsewhere
    work = ", ".join(f"{many} {word}" for many, word in ((broken, "broken"), (undecided, "undecided")) if many)
    past = f" (of {sum(r.elsewhere)} for work that goes past it, {work})" if work else ""
    return f"{r.label} {', '.join(parts)}{past}"


def _months(r: kinds.Months) -> str:
    known = [(label, whole, runtime) for label, whole, runtime in r.months if whole is not None and runtime is not None]
    parts = [f"{label} {money(whole)} a month, {money(runtime)} of it runtime" for label, whole, runtime in known]
    parts += [f"{label} not known" for label, whole, _ in r.months if whole is None]
    return f"{'; '.join(parts)}."


def _broken_now(r: kinds.BrokenNow) -> str:
    more = f", and {r.more} more" if r.more else ""
    return (
        f"{r.label}: {r.name} under {r.profile}, {ends(r.seen, FORMATS[r.unit])}{' beyond its limit' * r.late} "
        f"({_promised(r)}){more}."
    )


def _promised(r: kinds.BrokenNow | kinds.Undecided) -> str:
    limit = FORMATS[r.unit](r.allowed)
    return f"at least {limit} promised" if r.at_least else f"{limit} {'allowed' if r.unit == 'share' else 'promised'}"


def _nothing_breaks(r: kinds.NothingBreaks) -> str:
    to = f" up to {_times(r.to)}" if r.to is not None and r.to > 1 else " at your traffic"
    return f"Nothing is shown to break{to}{_waiting(r.open)}."


def _waiting(some: int) -> str:
    return f"; {some} verdict{'s are' if some != 1 else ' is'} open" if some else ""


def _breaks_likely(r: kinds.BreaksLikely) -> str:
    more = f" and {r.more} more" if r.more else ""
    return f"Likely {r.label}: {r.name}{more}, simulated at your traffic{_waiting(r.open)}."


def _slower(r: kinds.Slower) -> str:
    return (
        f"Under {r.profile} traffic the {MEASURED[r.metric]} of {r.label} is {significant(r.ratio)} times that of {r.rival}"
        f"{bracket(significant(r.ratio), ends(r.ends, significant))}."
    )


def _alike(r: kinds.Alike) -> str:
    return (
        f"Under {r.profile} traffic the {MEASURED[r.metric]} is the same within {(r.margin - 1) * 100:.0f} %: "
        f"ratio {ends(r.ends, lambda v: f'{v:.2f}')}."
    )


def _cold(r: kinds.ColdAnswers) -> str:
    return (
        f"At your traffic {percent(r.share)} of the answers of {r.label} would be cold"
        f"{bracket(percent(r.share), ends(r.ends, percent), 'simulated')}, of {r.rival} {percent(r.rival_share)}."
    )


def _no_room(r: kinds.NoRoom) -> str:
    return f"At the peak of {r.peak_per_s:g}/s {r.label} would run at {ends(r.use, lambda v: f'{v * 100:.0f} %')} of its measured capacity."


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _saves(r: kinds.Saves) -> str:
    share = f" ({percent(r.share)} of the whole bill)" if r.share is not None else ""
    if r.whole is not None:
        return f"{r.label} saves {money(r.whole)} a month{share}, and {money(r.usd)} of runtime alone"
    return f"{r.label} saves {money(r.usd)} of runtime a month{share}"


def _undecided(r: kinds.Undecided) -> str:
    return (
        f"{r.label} turning out to break {r.name} under {r.profile}: "
        f"{ends(r.seen, FORMATS[r.unit])}{' beyond its limit' * r.late} so far, "
        f"{_promised(r)}."
    )


def _run_more(r: kinds.RunMore) -> str:
    least = "at least " if r.least else ""
    return f"Run {least}{counted(r.blocks, 'more block')}: {takes(r.hours, r.usd)}, to decide {counted(r.open, 'open verdict')}."


def _alike_first(r: kinds.MakeAlike) -> str:
    what = "Find what biases the harness (A/A run)" if r.biased else "Make both targets do the same work (pilot check)"
    return f"{what}, then run {counted(r.blocks, 'block')}: {takes(r.hours, r.usd)}."


def _roll_out(r: kinds.RollOut) -> str:
    back = f"; back if p95 stays above {duration_text(r.limit_s)}" if r.limit_s is not None else ""
    return f"Roll out {r.label}: 1 % mirrored, then 5, 25, 50, 100 %, a day each{back}."


WORDS: Book = {
    kinds.HowSure: _how_sure,
    kinds.Kept: _kept,
    kinds.Months: _months,
    kinds.Saves: _saves,
    kinds.BrokenNow: _broken_now,
    kinds.BreaksAt: lambda r: (
        f"{r.label} is first: {r.name}, from {_times(r.factor)}{bracket(_two(r.factor), ends(r.ends, _two))}"
        f"{_waiting(r.open)}."
    ),
    kinds.BreaksLikely: _breaks_likely,
    kinds.NothingBreaks: _nothing_breaks,
    kinds.BreaksUnknown: "Not known: no promise could be judged.",
    kinds.Slower: _slower,
    kinds.Alike: _alike,
    kinds.ColdAnswers: _cold,
    kinds.NoRoom: _no_room,
    kinds.Undecided: _undecided,
    kinds.MoreAtOnce: lambda r: (
        f"{r.label} with room for at least {r.at_once} requests at once: under {r.profile} it refuses {percent(r.share)}."
    ),
    kinds.WeightAt: lambda r: (
        f"{r.criterion} weighted {percent(r.at)} instead of {percent(r.weight)}: {r.to} would lead."
    ),
    kinds.NoEffect: lambda r: NO_EFFECT[r.why],
    kinds.ValidBlocks: "Valid blocks: verdicts need {least}.",
    kinds.ComparableBlocks: lambda r: (
        "Blocks measured without that bias." if r.biased else "Blocks in which both do the same work."
    ),
    kinds.NothingTurns: "Nothing that was measured or simulated.",
    kinds.RunMore: _run_more,
    kinds.RunGivenUp: lambda r: (
        f"Raise limits.attempts in pilot.toml and run the {counted(r.blocks, 'block')} that "
        f"{'was' if r.blocks == 1 else 'were'} given up: {takes(r.hours, r.usd)}."
    ),
    kinds.RunRest: lambda r: (
        f"Run the {'remaining block' if r.blocks == 1 else f'{r.blocks} remaining blocks'}: {takes(r.hours, r.usd)}."
    ),
    kinds.FixAndRun: lambda r: (
        f"Fix what made the runs invalid{', raise limits.attempts' if r.given_up else ''}, "
        f"then run {counted(r.blocks, 'block')}: {takes(r.hours, r.usd)}."
    ),
    kinds.MakeAlike: _alike_first,
    kinds.SettleSeal: "Move nothing: undo what changed since the seal (doubts), or seal again and measure again.",
    kinds.MeasureYours: lambda r: (
        f"Measure your own two deployments (pilot init); move nothing yet.{f' Here: {_lower(said(r.more))}' if r.more else ''}"
    ),
    kinds.Stay: "Stay on {label}; nothing moves.",
    kinds.RollOut: _roll_out,
    kinds.MeasureRouter: "Measure a router before both (docs/hybrid.md); move nothing yet.",
    kinds.FixFirst: "Move nothing. Fix {label}, which breaks {broken}: first {name} under {profile}.",
    kinds.FindCost: lambda r: (
        f"Find out what {joined(r.labels)} {verb(len(r.labels), 'costs', 'cost')}: without it the figures favour neither."
    ),
    kinds.Decide: lambda r: (
        f"Choose {r.reversible}, the cheaper to reverse, or weigh the criteria nobody measured."
        if r.reversible
        else "Weigh the criteria nobody measured ([criteria] of pilot.toml): the figures favour neither."
    ),
}


def _cross(r: decided.CostsCross) -> str:
    low, high = (None if end is None else end / 1e6 for end in (r.low, r.high))
    at = _two(r.requests / 1e6)
    wide = bracket(at, ends((low, high), _two)) if low or high else ""
    return f"From {at} M requests a month{wide}, {_times(r.factor)}, {r.above} is the cheaper."


def _breaks(r: decided.PromiseBreaks) -> str:
    does = "keeps" if r.kept_above else "breaks"
    wide = bracket(_two(r.factor), ends((r.low, r.high), _two))
    return f"From {_times(r.factor)}{wide} {r.label} {does} {r.name}."


SHORT: Book = {
    decided.CostsCross: _cross,
    decided.PromiseBreaks: _breaks,
    decided.KeptUpTo: lambda r: (
        f"More traffic would not: simulated, {r.label} breaks no promise up to {_times(r.factor)}."
    ),
    decided.PriceFlips: lambda r: f"{r.label} is the cheaper if its prices fall by {percent(r.fall)}.",
    decided.WouldPass: lambda r: (
        f"{r.label} keeps {r.name} under {r.profile} if {FORMATS[r.unit](r.limit)} is promised."
    ),
}  # of the decision's kinds, where a page has room for a line


def short(reason: object) -> str:
    """The sentence of page one for a kind that has a longer one elsewhere."""
    sentence = SHORT.get(type(reason))  # type: ignore[arg-type]
    return sentence(reason) if callable(sentence) else said(reason)  # type: ignore[arg-type]
