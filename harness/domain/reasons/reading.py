"""Why a platform's source has no series: it answered and holds nothing, or it did not answer."""

from __future__ import annotations

from harness.domain.reason import Reason


class NoReading(Reason):
    """A series that is absent."""


class NoPoint(NoReading):
    """In the window that was asked for."""


class NothingPublished(NoReading):
    """No point, of a service that publishes none where nothing happens."""


class NoSuchSeries(NoReading):
    """No point, of a service that does not say whether it knows the name."""


class EmptySeries(NoReading):
    """A series that was kept without a point."""


class NoResult(NoReading):
    """The answer leaves the question out."""


class NoSuchMetric(NoReading):
    """Of this resource."""


class NotAMatrix(NoReading):
    """An answer of another type than was asked for."""

    type: str


class NativeHistogram(NoReading):
    """What a query can draw figures from, and we can't."""


class NotAnswered(NoReading):
    """In the service's words, or those of the error on the way to it."""

    words: str


class SourceFailed(NoReading):
    """By a fault of this program, or of the package that brings the source."""

    error: str
    words: str


class NotRead(NoReading):
    """A file, in the system's words."""

    file: str
    words: str


class NoFigure(NoReading):
    """In the window; rows of the file that cannot be read."""

    unread: int


class NoLog(NoReading):
    """The platform wrote none."""


class NoLine(NoReading):
    """A log's line that would carry the figure."""

    word: str


class NothingInvoked(NoReading):
    """Or the function reports nothing."""


class WebFunction(NoReading):
    """It reports nothing of single requests."""


class NoInitFailed(NoReading):
    """As its reports say."""


class NotSpans(NoReading):
    """Places of a file that hold something else, some of them named."""

    places: int
    named: tuple[str, ...]


class NoSpan(NoReading):
    """In the window; where the file's spans are instead."""

    elsewhere: int = 0
    first_unix_s: float = 0.0
    last_unix_s: float = 0.0


class NoDuration(NoReading):
    """Of spans that did not end."""

    spans: int
    of: int
