"""Why a run is INVALID, or came near it: what the load generator or its machine did wrong."""

from __future__ import annotations

from harness.domain.reason import Reason


class Fault(Reason):
    """What spoils a run."""


class Warn(Reason):
    """What came near it."""


class LagAbove(Fault):
    """Requests left late."""

    lag_p99_s: float
    limit_s: float


class LagNear(Warn):
    """The same, not yet above."""

    lag_p99_s: float
    limit_s: float


class GaugeAbove(Fault):
    """A gauge of the generator's health, in its own unit."""

    gauge: str
    value: float
    most: float


class GaugeNear(Warn):
    """The same, not yet above."""

    gauge: str
    value: float
    most: float


class ClocksApart(Fault):
    """A worker's clock moved against the master's, so its part of the schedule was sent at other instants than the rest."""

    apart_s: float
    limit_s: float


class ClocksUnsure(Warn):
    """The same may be so: the round trips by which they are compared took that long."""

    unsure_s: float
    limit_s: float


class ClocksUnknown(Fault):
    """They could not be compared at all."""

    workers: int


class DoesNotBalance(Fault):
    """Arrivals that ended nowhere, or twice."""

    planned: int
    seen: int


class JobsDoNotBalance(Fault):
    """Submissions whose job has no state, or two."""

    planned: int
    seen: int


class StoppedEarly(Fault):
    """In the words of who stopped it; empty: nobody said."""

    by: str = ""


class WorkersLost(Fault):
    """And what they had not reported."""

    workers: int
    arrivals: int


class NeverSent(Fault):
    """Though nobody stopped it."""

    arrivals: int


class NoSlotFree(Fault):
    """Though the target kept its deadlines."""

    arrivals: int


class JobsNotAsked(Fault):
    """In time, for the generator's own rate of questions."""

    questions: int


class NotConnected(Fault):
    """By this machine, in its system's words."""

    error: str


class NotWritten(Fault):
    """Evidence, in the system's words."""

    error: str


class GeneratorFailed(Fault):
    """In the words of the error."""

    error: str


class NotClosed(Fault):
    """Its ledger, in the words of the error."""

    error: str


class KilledBy(Fault):
    """Before it could close its ledger; None: it is not known how."""

    signal: str | None = None


class OnlyToWatch(Fault):
    """A race: both targets were driven at once, for people to watch."""


class DidNotEnd(Fault):
    """It has no ledger."""


class NotReadable(Fault):
    """One of its files, and what is wrong with it."""

    file: str
    problems: str


class JobsNotRead(Fault):
    """What became of its jobs can't be told: the file, and what is wrong with it."""

    file: str
    problem: str


class SentLate(Warn):
    """Because a hanging target held every slot."""

    arrivals: int


class JoinedLate(Warn):
    """After the start."""

    workers: int
