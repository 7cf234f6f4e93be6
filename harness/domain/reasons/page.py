"""What page one says: how sure, what it costs, what breaks first, what stands out, what would turn it, what to do next."""

from __future__ import annotations

from enum import StrEnum

from harness.domain.reason import Reason

Ends = tuple[float | None, float | None]  # of an interval


class Page(Reason):
    """A sentence of page one; targets by their labels."""


class HowSure(Page):
    """Verdicts of the pair; caps: what holds confidence down; spared: blocks that an early end left out."""

    confidence: str
    caps: tuple[str, ...]
    valid: int
    planned: int
    decided: int
    verdicts: int
    spared: int = 0


class Kept(Page):
    """Promises of one alternative; ``first``: of those that a sentence names.

    ``elsewhere``: of promises of work that one side of a hybrid does for it, how many are kept, broken and open.
    """

    label: str
    first: bool
    kept: int
    broken: int
    open: int
    elsewhere: tuple[int, int, int] = (0, 0, 0)


class Saves(Page):
    """USD of runtime a month, and the share of the dearer one's whole bill where that is known.

    ``whole``: USD of the whole bill, where it saves another amount than of runtime; the share is then of that.
    """

    label: str
    usd: float
    share: float | None
    whole: float | None = None


class Months(Page):
    """Each: label, USD a month whole, of it the runtime; None where it is not known."""

    months: tuple[tuple[str, float | None, float | None], ...]


class BrokenNow(Page):
    """The promise broken by most at your traffic, with what was seen; ``more``: others that are broken.

    ``late``: of a time it is the share beyond its limit, because too many failed for a percentile.
    """

    label: str
    name: str
    profile: str
    seen: Ends
    allowed: float
    unit: str
    late: bool
    more: int
    at_least: bool = False


class BreaksAt(Page):
    """Nothing breaks at your traffic; this one does first, going up."""

    label: str
    name: str
    factor: float
    ends: Ends
    open: int = 0


class BreaksLikely(Page):
    """No verdict says so, but at your traffic the simulation does; ``more``: its other promises."""

    label: str
    name: str
    more: int
    open: int


class NothingBreaks(Page):
    """Up to a factor of your traffic; None: other volumes can't be told. ``open``: verdicts that are not decided."""

    to: float | None
    open: int


class BreaksUnknown(Page):
    """No promise of either."""


class Lacking(StrEnum):
    """Why nothing stands out."""

    MEASURED = "nothing valid"
    MORE = "nothing else"
    EFFECT = "nothing"


class NoEffect(Page):
    """Beside what breaks first."""

    why: Lacking


class Slower(Page):
    """One against the other, at a percentile that is felt."""

    label: str
    rival: str
    metric: str
    profile: str
    ratio: float
    ends: Ends


class Alike(Page):
    """Within the sealed margin."""

    metric: str
    profile: str
    ends: Ends
    margin: float


class ColdAnswers(Page):
    """At the expected traffic, simulated."""

    label: str
    share: float
    ends: Ends
    rival: str
    rival_share: float


class NoRoom(Page):
    """Use of the measured capacity at the expected peak."""

    label: str
    peak_per_s: float
    use: Ends


class Actor(StrEnum):
    """Who would act."""

    PILOT = "pilot lead"
    PLATFORM = "platform team"
    PRODUCT = "product owner"
    BUYER = "whoever buys capacity"


class Undecided(Page):
    """A promise of the one that is chosen: it would not be, were this broken. ``late`` as in ``BrokenNow``."""

    label: str
    name: str
    profile: str
    seen: Ends
    allowed: float
    unit: str
    at_least: bool = False
    late: bool = False


class MoreAtOnce(Page):
    """At least so many requests at once are needed under this profile, of which ``share`` is refused now."""

    label: str
    profile: str
    share: float
    at_once: int


class WeightAt(Page):
    """A criterion's weight at which another alternative leads."""

    criterion: str
    weight: float
    at: float
    to: str


class NothingTurns(Page):
    """Nothing that was measured or simulated."""


class ValidBlocks(Page):
    """So many, before anything can be said."""

    least: int


class ComparableBlocks(Page):
    """Where the two did other work, or the harness is biased."""

    biased: bool


class RunMore(Page):
    """Blocks beyond those that are valid; ``least``: it may take more."""

    blocks: int
    least: bool
    hours: float
    usd: float
    open: int


class RunRest(Page):
    """Blocks of the plan that are still to come."""

    blocks: int
    hours: float
    usd: float


class RunGivenUp(Page):
    """No other block is left: those that used up their attempts, which a higher limit measures."""

    blocks: int
    hours: float
    usd: float


class FixAndRun(Page):
    """No block is valid: what measuring anew takes; those given up only under a higher limit of attempts."""

    blocks: int
    hours: float
    usd: float
    given_up: int


class MakeAlike(Page):
    """The two did other work, or the harness is biased: then measure anew."""

    biased: bool
    blocks: int
    hours: float
    usd: float


class SettleSeal(Page):
    """Criteria or evidence are not as they were sealed: nothing is moved on that."""


class MeasureYours(Page):
    """After a rehearsal; more: what would decide here what is open."""

    more: Reason | None


class Stay(Page):
    """On what serves today."""

    label: str


class RollOut(Page):
    """To the candidate; back where its p95 stays above the limit."""

    label: str
    limit_s: float | None


class MeasureRouter(Page):
    """A hybrid is recommended that nobody ran."""


class FixFirst(Page):
    """Both fail: what the one that fails fewer would need."""

    label: str
    broken: int
    name: str
    profile: str


class FindCost(Page):
    """Nothing tells the two apart while a cost is not known."""

    labels: tuple[str, ...]


class Decide(Page):
    """Nothing tells the two apart: the team's own criteria do."""

    reversible: str | None
