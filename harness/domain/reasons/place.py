"""Why a workload belongs where it does: what was measured of it, and which limit, promise or price decides."""

from __future__ import annotations

from enum import StrEnum

from harness.domain.reason import Reason


class Basis(StrEnum):
    """Where a figure of a workload is from."""

    MEASURED = "measured"
    ELSEWHERE = "measured on the other target"
    DECLARED = "declared, not measured"


class Placing(Reason):
    """Of one workload, on one target or between the two."""


class NotMeasuredYet(Placing):
    """profile: what measured_by names, None where nobody said; empty of the endpoint that a pilot is of."""

    target: str
    workload: str
    profile: str | None
    jobs: bool


class LimitHeld(Placing):
    """A figure beyond a limit of the target that no setting lifts."""

    target: str
    value: float
    limit: float
    basis: Basis


class TooLong(LimitHeld):
    """Seconds; it works longer than the target lets anything work."""

    job: bool


class TooLarge(LimitHeld):
    """Megabytes of memory."""


class TooHeavy(LimitHeld):
    """Kilobytes of what one carries."""


class NoStream(Placing):
    """What stands before the target answers whole."""

    target: str
    front: str


class EndedByLimit(Placing):
    """by: time or memory; limit in seconds or megabytes, None where nobody says it.

    lifts_to: what the target may be set to, None where no setting lifts it.
    """

    target: str
    by: str
    count: int
    of: int
    limit: float | None
    lifts_to: float | None


class Raise(Placing):
    """The target's own setting is too small, and its platform allows more. by: time or memory."""

    target: str
    by: str
    value: float
    setting: float
    most: float | None
    basis: Basis


class Breaks(Placing):
    """Each: promise, profile."""

    target: str
    broken: tuple[tuple[str, str], ...]


class NotShownYet(Placing):
    """Each: promise, profile."""

    target: str
    open: tuple[tuple[str, str], ...]


class Keeps(Placing):
    """promises: how many; how: why cold starts change nothing, None where it never starts cold.

    lost: that no job was, which is never shown for good; None where nothing is promised of it.
    """

    target: str
    promises: int
    how: Reason | None
    lost: Reason | None = None


class NobodyWaits(Placing):
    """A start delays nobody, and no promise of time."""


class ColdInTime(Placing):
    """Even one that meets a cold start keeps the promise."""

    target: str
    seconds: float
    limit_s: float


class ColdRare(Placing):
    """Those that meet one are late, and too few to break the promise at its volume."""

    target: str
    share: float
    seconds: float  # the promised percentile's upper end
    limit_s: float


class ColdBreaks(Placing):
    """At its volume; share of those that meet a start, and the promised percentile's lower end with them."""

    target: str
    share: float
    seconds: float
    limit_s: float
    warm_s: float


class ColdBroke(Placing):
    """As measured: p95 of the warm ones, of the cold ones."""

    target: str
    share: float
    seconds: float
    limit_s: float
    warm_s: float


class VolumeBreaks(Placing):
    """At its volume the promised percentile lies beyond its limit, cold starts or not."""

    target: str
    seconds: float
    limit_s: float


class VolumeUntold(Placing):
    """It keeps what was measured, and more than that is asked of it at its volume."""

    target: str
    why: Reason


class ColdOpen(Placing):
    """Whether cold starts break it can't be told; ends of the percentile at its volume, None where it is open."""

    target: str
    low_s: float | None
    high_s: float | None
    limit_s: float


class ColdUntold(Placing):
    """Whether cold starts break it can't be told."""

    target: str
    why: Reason


class CheaperThere(Placing):
    """Both keep it; USD a month, the other's beside it, with the ends that do not meet."""

    target: str
    usd: float
    high_usd: float
    other: str
    other_usd: float
    other_low_usd: float


class CostsMeet(Placing):
    """Both keep it, and neither is shown to be cheaper by more than the margin."""

    margin: float


class CostUntoldOf(Placing):
    """Both keep it, and one has no cost."""

    target: str
    why: Reason


class NeitherKeeps(Placing):
    """Neither does."""


class BelongsServerless(Placing):
    """Where it belongs."""


class BelongsWarm(Placing):
    """Where it belongs."""


class BelongsContainer(Placing):
    """Where it belongs."""


class BelongsThere(Placing):
    """On the one target that keeps it; what kind of runtime that is, nobody declared."""


class BelongsEither(Placing):
    """Where it belongs."""


class BelongsNowhere(Placing):
    """On neither, as they are."""


class BelongsOpen(Placing):
    """It was measured, and that does not decide."""


class BelongsUnmeasured(Placing):
    """Nobody measured it."""


class Place(StrEnum):
    """Where a workload belongs."""

    SERVERLESS = "serverless"
    WARM = "warm"
    CONTAINER = "container"
    THERE = "there"
    EITHER = "either"
    NEITHER = "neither"
    OPEN = "open"
    NOT_MEASURED = "not measured"


BELONGS = {
    Place.SERVERLESS: BelongsServerless(),
    Place.WARM: BelongsWarm(),
    Place.CONTAINER: BelongsContainer(),
    Place.THERE: BelongsThere(),
    Place.EITHER: BelongsEither(),
    Place.NEITHER: BelongsNowhere(),
    Place.OPEN: BelongsOpen(),
    Place.NOT_MEASURED: BelongsUnmeasured(),
}
