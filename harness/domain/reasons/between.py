"""Why no change is told between two campaigns."""

from __future__ import annotations

from harness.domain.reason import Reason


class Between(Reason):
    """They may be compared, and still nothing can be told."""


class NotComparable(Reason):
    """They were asked or judged otherwise, or are not two."""


class NoValue(Between):
    """In the words of the report that has none."""

    text: str


class NoRatio(Between):
    """One of the two is 0, or the ratio is too large for a number."""


class NoEnd(Between):
    """Of an interval, on the side of the other value."""


class JudgedOtherwise(NotComparable):
    """By which methods; None: the report does not name one."""

    before: str | None
    after: str | None


class OtherPromise(NotComparable):
    """Limits with their units; None: no limit."""

    before: float | None
    before_unit: str
    after: float | None
    after_unit: str


class OtherModelTime(NotComparable):
    """What the model's time was multiplied by; None: the report does not say."""

    before: float | None
    after: float | None


class WithoutSeal(NotComparable):
    """One of them, or both: nobody knows what was asked."""


class AskedOtherwise(NotComparable):
    """Sealed fields that differ."""

    differ: tuple[str, ...]


class OtherPrices(NotComparable):
    """Sealed price books that differ."""

    differ: tuple[str, ...]


class SameCampaign(NotComparable):
    """Two reports of it, one of them perhaps early: its blocks are in both."""


class OnlyIn(NotComparable):
    """One of the two judged it: ``which`` is A or B."""

    which: str


class NothingJudged(NotComparable):
    """No promise in either, and no cost."""
