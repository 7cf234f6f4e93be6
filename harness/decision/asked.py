"""One target asked alone, as a gate: does it keep every promise, and is it not the worse of the two?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.decision.decide import biased
from harness.decision.findings import Findings
from harness.decision.opened import Open, OpenKind, open_comparisons, open_promises, primary
from harness.domain.reason import Reason
from harness.domain.reasons import choice, decided
from harness.domain.verdict import Comparison, Judgement, Relation, SloVerdict
from harness.words import said


@dataclass(frozen=True)
class Asked:
    """PASS only where every promise and every primary comparison was told, and none against it."""

    target: str
    judgement: Judgement
    broken: tuple[SloVerdict, ...]
    worse: tuple[Comparison, ...]
    open: tuple[Open, ...]

    @property
    def against(self) -> tuple[Reason, ...]:
        """What says no."""
        worse = (decided.ItIsWorse(c.metric, c.profile) for c in self.worse)
        return (*(decided.ItFails(v.slo.name, v.profile) for v in self.broken), *worse)

    def as_json(self) -> dict[str, Any]:
        """One object."""
        return {
            "target": self.target,
            "verdict": self.judgement.value,
            "failed": [{"profile": v.profile, "slo": v.slo.metric, **why(v.reason)} for v in self.broken],
            "worse": [{"profile": c.profile, "metric": c.metric, **why(c.reason)} for c in self.worse],
            "open": [{"kind": o.kind, "profile": o.profile, "metric": o.metric, **why(o.why)} for o in self.open],
        }


def why(reason: Reason) -> dict[str, str]:
    """The sentence, and its kind beside it."""
    return {"why": said(reason), "why_kind": reason.kind}


def asked(target: str, findings: Findings) -> Asked:
    """A comparison that a biased harness made is open, and where the two did other work everything is.

    The candidate is worse where it is WORSE, the baseline where the candidate is BETTER.
    """
    mine = [v for v in findings.verdicts if v.target == target]
    against = Relation.WORSE if target == findings.data.candidate else Relation.BETTER
    broken = tuple(v for v in mine if v.judgement is Judgement.FAIL)
    worse = tuple(c for c in primary(findings) if c.relation is against)
    undecided = (*open_promises(mine, all_of_them=True), *open_comparisons(findings), *_void(findings, bool(mine)))
    if findings.parity.void is not None:
        broken, worse = (), ()
    elif biased(findings) is not None:
        worse = ()
    if broken or worse:
        return Asked(target, Judgement.FAIL, broken, worse, undecided)
    return Asked(target, Judgement.INCONCLUSIVE if undecided else Judgement.PASS, (), (), undecided)


def _void(findings: Findings, judged: bool) -> list[Open]:  # noqa: FBT001
    """What keeps the whole answer open."""
    found: list[Reason | None] = [findings.parity.void, biased(findings)]
    if not judged:
        found.append(choice.NotJudged())
    if not primary(findings):
        found.append(choice.NotCompared())
    return [Open(OpenKind.COMPARISON, None, "every profile", "all", "the comparison", one) for one in found if one]
