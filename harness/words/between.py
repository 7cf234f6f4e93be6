"""Sentences for why no change is told between two campaigns."""

from __future__ import annotations

from collections.abc import Sequence

from harness.domain.reasons import between as kinds
from harness.words.numbers import FORMATS
from harness.words.speech import Book

MOST = 3  # fields in a sentence


def _promise(r: kinds.OtherPromise) -> str:
    then, now = (_limit(*one) for one in ((r.before, r.before_unit), (r.after, r.after_unit)))
    return f"promise of {then}, then of {now}"


def _limit(limit: float | None, unit: str) -> str:
    return "no limit" if limit is None else FORMATS[unit](limit)


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:MOST])}{' and more' if len(names) > MOST else ''}"


def _scale(value: float | None) -> str:
    return "an unknown number" if value is None else f"{value}"


WORDS: Book = {
    kinds.NoValue: "no value: {text}",
    kinds.NoRatio: "there is no ratio: a value is 0, or far beyond the other",
    kinds.NoEnd: "an interval has no end on that side",
    kinds.JudgedOtherwise: lambda r: (
        f"judged by {r.before or 'an unnamed method'}, then by {r.after or 'an unnamed method'}"
    ),
    kinds.OtherPromise: _promise,
    kinds.OtherModelTime: lambda r: f"model time times {_scale(r.before)}, then times {_scale(r.after)}",
    kinds.WithoutSeal: "without a seal nobody knows what was asked",
    kinds.AskedOtherwise: lambda r: f"asked otherwise: {_some(r.differ)}",
    kinds.OtherPrices: lambda r: f"other prices: {_some(r.differ)}",
    kinds.SameCampaign: "both are reports of the same campaign",
    kinds.OnlyIn: "judged in {which} alone",
    kinds.NothingJudged: "neither report judges a promise or has a cost",
}
