"""Why a promise or a comparison is judged as it is."""

from __future__ import annotations

from harness.domain.reason import Reason


class Judged(Reason):
    """Why this verdict."""


class FewForVerdict(Judged):
    """Below it even a perfect sign test tells nothing."""

    blocks: int
    least: int


class ShownFewer(Judged):
    """PASS by the share beyond the limit."""

    share: float
    n: float
    allowed: float


class ShownMore(Judged):
    """FAIL by the share beyond the limit."""

    share: float
    n: float
    allowed: float


class NotShown(Judged):
    """Neither."""

    share: float
    n: float
    allowed: float


class RunsTooShort(Judged):
    """Neither, for requests resemble each other longer than a run."""

    share: float
    n: float
    allowed: float
    run_requests: float


class QualityUntold(Judged):
    """Kept by the answers that tell, not if those that don't are degraded."""

    untold: float
    n: float


class WithinLimit(Judged):
    """By the whole interval."""


class BeyondLimit(Judged):
    """By the whole interval."""


class ContainsLimit(Judged):
    """By the interval."""


class Incidents(Judged):
    """What weeks can say of availability; down: it is shown to be down for longer than promised."""

    count: int
    hours: float
    days: int
    monthly: float
    limit: float
    down: bool


class JobsLost(Judged):
    """Of those accepted; ``high``: the largest share that none seen leaves possible."""

    lost: int
    accepted: int
    high: float | None


class JobsSeenTooShort(Judged):
    """Followed for less than the limit and not done by then; ``untold``: their share of ``jobs``."""

    untold: float
    jobs: int
    limit_s: float


class NotByHolm(Judged):
    """Different by itself alone."""

    relation: str
    family: int
    primary: bool


class FewPairs(Judged):
    """Below it nothing is decided."""

    blocks: int
    least: int


class WithinMargin(Judged):
    """EQUIVALENT; both as shares."""

    confidence: float
    margin: float


class SharesDiffer(Judged):
    """By requests beyond the limit, where both percentiles are infinite."""

    why: Reason
    points: float
    side: str = "candidate"
    name: str = ""


class SharesAlike(Judged):
    """Where both percentiles are infinite."""

    why: Reason


class InfiniteShown(Judged):
    """Of one side."""

    why: Reason


class InfiniteByChance(Judged):
    """Of one side."""

    why: Reason


class WholeAbove(Judged):
    """WORSE by the whole interval."""


class WholeBelow(Judged):
    """BETTER by the whole interval."""


class NeitherShown(Judged):
    """UNRESOLVED."""
