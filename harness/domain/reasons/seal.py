"""Doubts of the seal and of the evidence under it. Each ``SealDoubt`` caps confidence, whatever its sentence says."""

from __future__ import annotations

from enum import StrEnum

from harness.domain.reason import Reason
from harness.domain.reasons.doubt import Doubt


class How(StrEnum):
    """What became of a sealed field."""

    EDITED = "edited"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"  # of digests nothing more can be said
    ENTRIES = "entries"  # some of a list of as many


class SealDoubt(Doubt):
    """Of the seal, or of evidence that is not as it was left: caps confidence."""


class SealMissing(SealDoubt):
    """known: the digest that the journal says was sealed."""

    known: str | None


class SealEdited(SealDoubt):
    """Its digest does not match."""


class SealReplaced(SealDoubt):
    """Another one than the journal's."""

    known: str


class SealedLate(SealDoubt):
    """After a request was measured."""


class SealDiffers(SealDoubt):
    """A criterion that is another one now."""

    change: Reason
    met: Reason | None = None


class EvidenceChanged(SealDoubt):
    """Not as it was left; what: in the words of the check of digests."""

    where: str
    what: str


class MetAt(Reason):
    """When and by whom a change was met first."""

    utc: str
    user: str


class Change(Reason):
    """Of one sealed field; both values as JSON."""

    field: str
    how: How
    sealed: str = ""
    now: str = ""
    changed: int = 0
    entries: int = 0


class OtherMethod(Doubt):
    """Judged by other rules than were sealed."""

    sealed: str | None
    now: str


class OtherTokenPrices(Doubt):
    """Priced by another version of the list than was sealed."""

    sealed: str
    now: str


class RunUnread(SealDoubt):
    """A run that ended and whose file cannot be read; ``without``: its block is left out with every run."""

    file: str
    why: str
    block: int
    without: bool
