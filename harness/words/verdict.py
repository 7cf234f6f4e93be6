"""Sentences for verdicts and comparisons."""

from __future__ import annotations

from harness.domain.reasons import verdict as kinds
from harness.domain.verdict import Needed
from harness.words.numbers import bracket, count, counted, duration_text, significant, span, verb
from harness.words.speech import Book, said

Shares = kinds.ShownFewer | kinds.ShownMore | kinds.NotShown | kinds.RunsTooShort


def _beyond(r: Shares) -> str:
    return f"{_percent(r.share)} of {r.n:.0f} requests are beyond the limit, {_percent(r.allowed)} allowed"


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _runs_too_short(r: kinds.RunsTooShort) -> str:
    short = f"a run of {r.run_requests:.0f} requests is too short for how strongly they depend on each other"
    return f"{_beyond(r)}: not shown; {short}, so longer runs are needed, not more of them"


def _loaded(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 0.95 else f"{max(1, round(hours * 60))} min"


def _incidents(r: kinds.Incidents) -> str:
    seen, days = counted(r.count, "incident") if r.count else "no incidents", counted(r.days or 1, "day")
    most = significant(r.monthly) if r.monthly < 1000 else count(r.monthly)
    words = (
        f"{seen} in {_loaded(r.hours)} of load on {days}; up to {most} per month of load remain possible, so this cannot "
        f"show {r.limit * 100:g} %"
    )
    if r.down:
        return f"{words}; it is shown to be down longer than promised"
    return f"{'some' if r.count else 'no'} evidence against it: {words}"


def _jobs_lost(r: kinds.JobsLost) -> str:
    if r.lost:
        return f"{r.lost} of {r.accepted} accepted jobs {verb(r.lost, 'was', 'were')} lost, and none may be"
    rest = "" if r.high is None else f"; up to {r.high * 100:.2g} % remain possible, so this cannot show 0"
    return f"none of {r.accepted} accepted jobs was lost{rest}"


def _shares_differ(r: kinds.SharesDiffer) -> str:
    more = "more" if r.points > 0 else "fewer"
    points = f"{abs(r.points) * 100:.3g} points {more} of {r.name or 'the ' + r.side}'s are beyond the limit"
    return f"{said(r.why)}; {points}"


def _needed(r: Needed) -> str:
    """One number only where it means something; else that it does not."""
    if r.tight:
        return f"about {r.blocks} blocks would settle it{bracket(str(r.blocks), span(r.low, r.high or r.low, str))}"
    return f"at least {r.low} blocks are needed to settle it; no upper bound is known yet"


WORDS: Book = {
    Needed: _needed,
    kinds.FewForVerdict: lambda r: f"{counted(r.blocks, 'valid block')}; verdicts need {r.least}",
    kinds.ShownFewer: lambda r: f"{_beyond(r)}: shown to be fewer",
    kinds.ShownMore: lambda r: f"{_beyond(r)}: shown to be more",
    kinds.NotShown: lambda r: f"{_beyond(r)}: neither fewer nor more is shown",
    kinds.RunsTooShort: _runs_too_short,
    kinds.QualityUntold: lambda r: (
        f"for {_percent(r.untold)} of {r.n:.0f} requests it is unknown whether the answer was degraded; "
        "the others keep the promise, which is not enough"
    ),
    kinds.WithinLimit: "the whole interval lies within the limit",
    kinds.BeyondLimit: "the whole interval lies beyond the limit",
    kinds.ContainsLimit: "the interval contains the limit",
    kinds.Incidents: _incidents,
    kinds.JobsLost: _jobs_lost,
    kinds.JobsSeenTooShort: lambda r: (
        f"{_percent(r.untold)} of {r.jobs} jobs were followed for less than {duration_text(r.limit_s)} and not done by then, "
        "so it is unknown whether they kept it: raise drain_s"
    ),
    kinds.NotByHolm: lambda r: (
        f"{r.relation} by itself, but not after Holm's correction over {r.family} "
        f"{'co-primary' if r.primary else 'exploratory'} comparisons"
    ),
    kinds.FewPairs: lambda r: f"{counted(r.blocks, 'paired block')}; verdicts need {r.least}",
    kinds.WithinMargin: lambda r: (
        f"the {r.confidence * 100:g} % interval lies within the sealed margin of {r.margin * 100:.0f} %"
    ),
    kinds.SharesDiffer: _shares_differ,
    kinds.SharesAlike: "{why}, and neither can the share beyond the limit",
    kinds.InfiniteShown: "{why}, more than chance would explain",
    kinds.InfiniteByChance: "{why}, which may be chance",
    kinds.WholeAbove: "the whole interval lies above 1",
    kinds.WholeBelow: "the whole interval lies below 1",
    kinds.NeitherShown: "neither a difference nor equivalence was shown",
}
