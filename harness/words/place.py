"""Sentences of placement."""

from __future__ import annotations

from collections.abc import Sequence

from harness.domain.reasons import place as kinds
from harness.words.numbers import duration_text, lasting, money, percent
from harness.words.speech import Book, said


def _not_measured(r: kinds.NotMeasuredYet) -> str:
    if r.profile is not None:
        of = f" of [profiles.{r.profile}]" if r.profile else ""
        return f"not measured on {r.target}: no valid run{of} yet; pilot run"
    profile = "a profile that submits it (loadprofiles/jobs.py)" if r.jobs else "a profile that sends it"
    return (
        f"not measured: name {profile} in measured_by of [workloads.{r.workload}], then pilot plan --seal and pilot run"
    )


def _basis(basis: kinds.Basis) -> str:
    return "" if basis is kinds.Basis.MEASURED else f" ({basis.value})"


def _too_long(r: kinds.TooLong) -> str:
    one = "a job" if r.job else "it"
    return f"{one} takes {lasting(r.value)}{_basis(r.basis)}, and {r.target} ends at {lasting(r.limit)}"


def _too_large(r: kinds.TooLarge) -> str:
    return f"it needs {r.value:,.0f} MB{_basis(r.basis)}, and an instance of {r.target} has at most {r.limit:,.0f} MB"


def _too_heavy(r: kinds.TooHeavy) -> str:
    return f"its payload is {r.value:,.0f} kB{_basis(r.basis)}, and {r.target} accepts at most {r.limit:,.0f} kB"


def _amount(by: str, value: float) -> str:
    return lasting(value) if by == "time" else f"{value:,.0f} MB"


def _ended(r: kinds.EndedByLimit) -> str:
    limit = "" if r.limit is None else f" of {_amount(r.by, r.limit)}"
    lifted = (
        "" if r.lifts_to is None else f", which can be set to {_amount(r.by, r.lifts_to)}: raise it and measure again"
    )
    return f"{r.target} ended {r.count} of {r.of} by its {r.by} limit{limit}{lifted}"


def _raise(r: kinds.Raise) -> str:
    takes = f"it {'takes' if r.by == 'time' else 'needs'} {_amount(r.by, r.value)}"
    sets = f"{'its timeout is' if r.by == 'time' else 'an instance has'} {_amount(r.by, r.setting)}"
    allowed = "no limit of its platform is known" if r.most is None else f"its platform allows {_amount(r.by, r.most)}"
    return f"{takes}{_basis(r.basis)} on {r.target}, where {sets}; {allowed}: raise it and measure again"


def _named(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} under {profile}" for name, profile in pairs)


def _keeps(r: kinds.Keeps) -> str:
    kept = {0: "carries it; nothing is promised", 1: "keeps its promise"}.get(
        r.promises, f"keeps its {r.promises} promises"
    )
    return f"{r.target} {kept}" + (f": {said(r.how)}" if r.how else "") + (f" ({said(r.lost)})" if r.lost else "")


def _open(r: kinds.ColdOpen) -> str:
    low, high = (None if end is None else duration_text(end) for end in (r.low_s, r.high_s))
    ends = f"between {low} and {high}" if low and high else f"at least {low}" if low else f"at most {high}"
    return f"with the cold starts of its volume {r.target} answers {ends} at its p95 (limit {lasting(r.limit_s)})"


def _cheaper(r: kinds.CheaperThere) -> str:
    return (
        f"{r.target} costs {money(r.usd)} a month (at most {money(r.high_usd)}), "
        f"{r.other} {money(r.other_usd)} (at least {money(r.other_low_usd)})"
    )


WORDS: Book = {
    kinds.NotMeasuredYet: _not_measured,
    kinds.TooLong: _too_long,
    kinds.TooLarge: _too_large,
    kinds.TooHeavy: _too_heavy,
    kinds.NoStream: "its answers stream, and {front} in front of {target} does not",
    kinds.EndedByLimit: _ended,
    kinds.Raise: _raise,
    kinds.Breaks: lambda r: f"{r.target} fails {_named(r.broken)}",
    kinds.NotShownYet: lambda r: f"{r.target} is not shown to keep or to break {_named(r.open)}",
    kinds.Keeps: _keeps,
    kinds.NobodyWaits: "nobody waits for it, and no promise of time depends on a start",
    kinds.ColdInTime: lambda r: (
        f"even with a cold start it takes {duration_text(r.seconds)} (limit {lasting(r.limit_s)})"
    ),
    kinds.ColdRare: lambda r: (
        f"{percent(r.share)} meet a cold start at its volume, and its p95 stays at most {duration_text(r.seconds)} "
        f"(limit {lasting(r.limit_s)})"
    ),
    kinds.ColdBreaks: lambda r: (
        f"at its volume {percent(r.share)} meet a cold start of {r.target}, and its p95 is at least "
        f"{duration_text(r.seconds)} (warm {duration_text(r.warm_s)}, limit {lasting(r.limit_s)})"
    ),
    kinds.ColdBroke: lambda r: (
        f"{percent(r.share)} of the measured answers of {r.target} were cold, with a p95 of {duration_text(r.seconds)} "
        f"(warm {duration_text(r.warm_s)}, limit {lasting(r.limit_s)})"
    ),
    kinds.VolumeBreaks: lambda r: (
        f"at its volume the p95 of {r.target} is at least {duration_text(r.seconds)} (limit {lasting(r.limit_s)})"
    ),
    kinds.VolumeUntold: "at its volume, on {target}: {why}",
    kinds.ColdOpen: _open,
    kinds.ColdUntold: "whether cold starts of {target} break its promise: {why}",
    kinds.CheaperThere: _cheaper,
    kinds.CostsMeet: lambda r: (
        f"both keep it, and neither is shown to be cheaper by {percent(r.margin - 1)}"
        if r.margin > 1
        else "both keep it, and neither is shown to be cheaper"
    ),
    kinds.CostUntoldOf: "both keep it, and the cost of {target} is unknown: {why}",
    kinds.NeitherKeeps: "neither keeps it as it is",
    kinds.BelongsServerless: "glue can stay serverless",
    kinds.BelongsWarm: "must be always warm",
    kinds.BelongsContainer: "belongs to a container",
    kinds.BelongsThere: "belongs to the target that keeps it",
    kinds.BelongsEither: "either",
    kinds.BelongsNowhere: "neither, as they are",
    kinds.BelongsOpen: "can't tell yet",
    kinds.BelongsUnmeasured: "not measured",
}
