"""How grave a doubt is: by its kind alone, in a stated order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from harness.domain.reason import Reason
from harness.domain.reasons import doubt, seal


class Gravity(IntEnum):
    """What a doubt puts in question; the lower, the graver."""

    ALL = 0  # whether this evidence may be used at all
    VERDICTS = 1  # whether its verdicts or comparisons hold
    MEANING = 2  # whether they say anything of what will be run
    FIGURES = 3  # whether some of its figures are right
    GAPS = 4  # what was not measured or collected
    NOTES = 5  # what a reader should know


_KINDS: Mapping[Gravity, tuple[type[Reason], ...]] = {
    Gravity.ALL: (
        seal.SealEdited,
        seal.SealReplaced,
        seal.EvidenceChanged,
        seal.SealedLate,
        seal.SealMissing,
        seal.SealDiffers,
        doubt.AaBiased,
        doubt.NothingPaired,
    ),
    Gravity.VERDICTS: (doubt.FewValid, doubt.ProviderFailed, doubt.CalibrationOff),
    Gravity.MEANING: (
        doubt.IsRehearsal,
        doubt.TeamSays,
        doubt.CoresShared,
        doubt.SweepChoseOther,
        doubt.SettingsByHand,
    ),
    Gravity.FIGURES: (
        doubt.CostNotKnown,
        doubt.NoPricesOf,
        doubt.PeakBeyond,
        doubt.PeakNotAsked,
        doubt.BillDiffers,
        doubt.SeenOtherwise,
        doubt.PartsUnpriced,
        doubt.PricesElsewhere,
        doubt.PricesUnconfirmed,
        doubt.ModelsUnlisted,
        doubt.StreamsBuffered,
        doubt.BlocksSpread,
        doubt.WarmUpShort,
        doubt.AnswersDiffer,
        doubt.JobsEnded,
        doubt.JobsTimedRoughly,
        doubt.CanBeTaken,
    ),
    Gravity.GAPS: (
        doubt.NotCalibrated,
        doubt.CalibratedOtherwise,
        doubt.AaMissing,
        doubt.AaFewPairs,
        doubt.BlocksMissing,
        doubt.CapacityNotKnown,
        doubt.CapacityNotSearched,
        doubt.JobsNotMeasured,
        doubt.EffectsUntold,
        doubt.NeverMadeCold,
        doubt.NotCollected,
        doubt.CheckNotFine,
        doubt.ChecksUntold,
        doubt.SweepChoseNone,
        doubt.BookOld,
        seal.RunUnread,
        doubt.RunsInvalid,
        doubt.OlderEvidence,
        seal.OtherMethod,
        seal.OtherTokenPrices,
    ),
    Gravity.NOTES: (
        doubt.NothingBilled,
        doubt.BilledDays,
        doubt.EarlyLook,
        doubt.BlocksUnread,
        doubt.EndedEarly,
        doubt.AaSilent,
        doubt.Retried,
        doubt.NoLogLine,
        doubt.TookLonger,
        doubt.RefusalsDiffer,
        doubt.FewInvocations,
        doubt.ManyInvocations,
    ),
}
SAID_FIRST = (doubt.IsRehearsal, doubt.TeamSays)  # on page one, above everything
_PLACE = {kind: (gravity, place) for gravity, kinds in _KINDS.items() for place, kind in enumerate(kinds)}


def gravity(reason: Reason) -> Gravity:
    """Of one doubt; raises KeyError for a kind that is not ranked."""
    return _PLACE[type(reason)][0]


def ranked(doubts: Iterable[Reason]) -> tuple[Reason, ...]:
    """All of them, the gravest first; what page one says of a rehearsal comes last."""
    return tuple(sorted(doubts, key=lambda reason: (isinstance(reason, SAID_FIRST), _PLACE[type(reason)])))


def gravest(doubts: Iterable[Reason], most: int) -> tuple[Reason, ...]:
    """The first of each kind, the gravest kinds first."""
    first: dict[type[Reason], Reason] = {}
    for reason in sorted(doubts, key=lambda reason: _PLACE[type(reason)]):
        first.setdefault(type(reason), reason)
    return tuple(first.values())[:most]
