"""Why a prediction is not made: what of it nobody measured, and the cheapest run that would tell."""

from __future__ import annotations

from harness.domain.reason import Reason
from harness.domain.reasons.absence import Absence
from harness.domain.role import Role


class Telling(Reason):
    """A run that would tell, under a profile of this role; ``per_s`` None: its experiment paces it. ``usd`` is its forecast."""

    role: Role
    per_s: float | None
    requests: int
    seconds: float
    usd: float | None


class Declaring(Reason):
    """Nothing need be run: [prices], [[quotas]] or the control plane would say."""


class Requesting(Reason):
    """Nothing need be run: a larger quota would do."""


class Untold(Absence):
    """A quantity at a traffic that nobody can tell of."""

    measure: Telling | Declaring | Requesting


class BeyondCapacity(Untold):
    """An instance would be asked for more than any was seen to carry."""

    per_instance_per_s: float
    carried_per_s: float
    limit_found: bool  # a search ended there; else nobody asked for more


class BeyondMachine(Untold):
    """All instances share one machine, and more of its processors would be busy than ever were."""

    wanted_vcpus: float
    seen_vcpus: float
    vcpus: float


class BeyondInstances(Untold):
    """More instances at once than were ever seen, and nobody says that so many are granted."""

    wanted: float
    seen: int
    most_assumed: float


class BeyondGranted(Untold):
    """A fixed fleet that is as large as its peak wants has more instances than its account is granted."""

    wanted: float
    granted: float
    quota: str


class GapsBeyond(Untold):
    """Idle gaps longer, or shorter, than any that was probed, where the window's end was not seen."""

    share: float  # of the idle times that lie there
    from_s: float
    to_s: float


class WindowUnprobed(Untold):
    """How long an idle instance is kept decides the answer, and nobody probed it."""


class StartsUnmeasured(Untold):
    """Instances would start in traffic, and no cold answer was measured."""

    cold_share: float


class NotGivenAgain(Untold):
    """Played at the measured arrivals, the figures do not give what was measured: something else decides."""

    again: int
    runs: int


class GrowthUnknown(Untold):
    """Nothing is known of how the target grows."""


class NothingPlayed(Absence):
    """So few requests that none fell into what was played."""


class StretchesPlayed(Absence):
    """The most of a month is no less than that of the stretches of it that were played."""
