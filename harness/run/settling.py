"""Stopping when settled: paired blocks that can't change the answer are left out; experiments go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from harness.campaign.progress import Progress
from harness.domain.looks import look
from harness.domain.plan import Block, Plan
from harness.errors import PilotError
from harness.evidence.early_end import EarlyEnd, note
from harness.evidence.store import Store

Open = tuple[str, ...]  # in words, what keeps the answer open
Ask = Callable[[], EarlyEnd | Open]
MOST_NAMED = 4


@dataclass
class Stopping:
    """Asks before each paired block; once settled, the rest of this pass is left out. ``ask`` None: never."""

    plan: Plan
    store: Store
    progress: Progress
    ask: Ask | None = None
    ended: EarlyEnd | None = None
    _said: set[str] = field(default_factory=set)

    def leaves_out(self, block: Block) -> bool:
        """Whether this block is not needed; an error in the answer leaves nothing out."""
        if self.ask is None or block.track is not None:
            return False
        if self.ended is None:
            self._ask(self.ask)
        return self.ended is not None

    def needed(self, units: Sequence[Block]) -> tuple[Block, ...]:
        """Those that were not left out."""
        out = self.ended.not_needed if self.ended else ()
        return tuple(unit for unit in units if unit.number not in out)

    def _ask(self, ask: Ask) -> None:
        missing = [block.number for block in self.plan.blocks if self.store.valid_attempt(block) is None]
        planned = len(self.plan.blocks)
        now = look(planned - len(missing), planned)
        if not now.number:
            return
        try:
            found = ask()
        except PilotError as error:
            self._say(f"can't tell whether the answer is settled, so nothing is left out: {error}")
            return
        if isinstance(found, EarlyEnd):
            self.ended = replace(found, not_needed=tuple(missing))
            self._say(f"{self.ended}; {len(missing)} blocks are not needed, experiments go on")
        else:
            more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
            self._say(
                f"look {now.number} of {now.of} ({now.blocks} blocks): open: {'; '.join(found[:MOST_NAMED])}{more}"
            )
        note(self.store, self.ended)

    def _say(self, words: str) -> None:
        """Once, however often it is asked."""
        if words not in self._said:
            self._said.add(words)
            self.progress.say(words)
