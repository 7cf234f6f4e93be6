"""Where the paired blocks ended before the plan did, because the answer was settled: what the journal says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.evidence.store import Store

SETTLED, REOPENED = "settled", "open again"  # journal events; the last one counts


@dataclass(frozen=True)
class EarlyEnd:
    """The sealed look at which the answer was settled, why, and the blocks that were not needed."""

    look: int
    of: int
    blocks: int
    because: str = field(compare=False)  # the sentence of ``kind``: no rule reads it
    not_needed: tuple[int, ...] = ()
    kind: str = field(default="", compare=False)  # "" in journals from before it was written

    def __str__(self) -> str:
        return f"settled at look {self.look} of {self.of} ({self.blocks} blocks): {self.because}"


def early_end(journal: Sequence[Mapping[str, Any]]) -> EarlyEnd | None:
    """As it stands now; None where it never was, or was open again."""
    last = next((line for line in reversed(journal) if line["event"] in (SETTLED, REOPENED)), None)
    if last is None or last["event"] == REOPENED:
        return None
    return EarlyEnd(
        last["look"], last["of"], last["blocks"], last["because"], tuple(last["not_needed"]), last.get("kind", "")
    )


def blocks_left_out(journal: Sequence[Mapping[str, Any]], valid: Sequence[int]) -> EarlyEnd | None:
    """The same without blocks that were measured since; None where that leaves none."""
    found = early_end(journal)
    if found is None:
        return None
    still = tuple(number for number in found.not_needed if number not in valid)
    return replace(found, not_needed=still) if still else None


def note(store: Store, now: EarlyEnd | None) -> None:
    """Append what changed; nothing where the journal says it already."""
    before = early_end(store.journal())
    if now is not None and now != before:
        store.note(SETTLED, **asdict(now))
    elif now is None and before is not None:
        store.note(REOPENED, look=before.look, of=before.of)
