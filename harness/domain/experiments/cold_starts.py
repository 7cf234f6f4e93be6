"""Cold starts: single probes of a target made cold or left idle, each with a warm control after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.domain.due import Due
from harness.domain.experiments.protocol import WAIT, Ask, Conditions, Done, MakeCold, Move, Seen

LEAD_S = 0.2
COLD_S = 5.0  # making cold, in a plan; a control plane may take longer, and the campaign allows for it
ANSWER_S = 2.0  # an answer, in a plan


@dataclass(frozen=True)
class ColdStarts:
    """``forced`` probes after ``make_cold()``, then ``idle`` probes after gaps of ``idle_s`` without traffic."""

    forced: int = 3
    idle: int = 3
    idle_s: float = 900.0
    control_after_s: float = 5.0
    kind: str = "cold-starts"
    sparse: ClassVar[bool] = True
    timed: ClassVar[bool] = True

    @property
    def total_s(self) -> float:
        pair_s = self.control_after_s + 2 * ANSWER_S
        return self.forced * (COLD_S + pair_s) + self.idle * (self.idle_s + pair_s)

    @property
    def most_requests(self) -> int:
        return 2 * (self.forced + self.idle)

    @property
    def peak_rate(self) -> float:
        return 1.0

    def begin(self, given: Conditions) -> Probing:
        return Probing(self, given)


class Probing:
    """One request in flight at a time, so that nothing but the gap decides what a probe meets."""

    def __init__(self, design: ColdStarts, given: Conditions) -> None:
        self._design = design
        self._forced = design.forced if given.can_cold else 0
        kinds = ["forced"] * self._forced + ["idle"] * design.idle
        self._todo = [phase for kind in kinds for phase in (kind, "control")]
        self._waiting = False
        self._seen: list[tuple[str, bool | None]] = []
        self._made_cold = False
        self._free_s: float | None = None  # when the last answer ended

    def next(self, now_s: float) -> Move:
        if self._waiting:
            return WAIT
        if not self._todo:
            return Done("every probe is done")
        phase = self._todo[0]
        if phase == "forced" and not self._made_cold:
            self._made_cold = True
            return MakeCold()
        self._todo.pop(0)
        self._waiting, self._made_cold = True, False
        gap_s = {"control": self._design.control_after_s, "idle": self._design.idle_s}.get(phase, 0.0)
        # before the first idle probe nothing is known of the target: that gap counts from the run's start
        due_s = (self._free_s or 0.0) + gap_s if gap_s else now_s + LEAD_S
        return Ask((Due(max(due_s, now_s + LEAD_S), phase, measured=True),))

    def see(self, seen: Seen) -> None:
        self._waiting = False
        self._seen.append((seen.phase, seen.cold))
        self._free_s = seen.finished_s

    def words(self) -> str:
        def of(kind: str) -> str:
            cold = [seen for phase, seen in self._seen if phase == kind]
            return f"{kind} {sum(c is True for c in cold)} of {len(cold)} cold"

        return ", ".join(of(kind) for kind in ("forced", "idle", "control"))

    def record(self) -> dict[str, Any]:
        skipped = "" if self._forced == self._design.forced else "this target cannot be made cold"
        return {"forced": self._forced, "idle": self._design.idle, "idle_s": self._design.idle_s, "skipped": skipped}
