"""What stands out: every effect that was shown, by how many times it is off its promise or its rival.

An effect's size is the natural log of that ratio, at the end of its interval that is nearest to no effect; one whose interval
holds no effect has none. So a broken promise, a slower rival, a full fleet and cold answers are ranked on one scale;
money has a place of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.analysis.capacity import UTILISATION
from harness.decision.findings import Findings
from harness.decision.rule import FELT
from harness.domain.estimate import Estimate, Known
from harness.domain.reason import Reason
from harness.domain.reasons import page
from harness.domain.verdict import Judgement, Relation, SloVerdict
from harness.predict.prediction import Quantity

Names = Mapping[str, str]
MOST = 3
LEAST = math.log(1.02)  # smaller effects change nothing that anybody plans by


@dataclass(frozen=True)
class Effect:
    """``about``: what it is of; of one thing only the largest is told."""

    size: float
    about: tuple[str, ...]
    told: Reason


def stands_out(findings: Findings, names: Names, but: Reason | None = None) -> tuple[Reason, ...]:
    """At most three ``but`` for one, the largest first; where fewer are shown, what was shown to be the same."""
    found = [e for e in (*_broken(findings, names), *_between(findings, names)) if e.size > LEAST]
    kept: dict[tuple[str, ...], Effect] = {}
    for effect in sorted(found, key=lambda e: -e.size):
        kept.setdefault(effect.about, effect)
    told = [effect.told for effect in kept.values() if effect.told != but]
    shown = (*told, *_alike(findings))[:MOST]
    if shown:
        return shown
    why = (
        page.Lacking.MEASURED if not findings.data.blocks_valid else page.Lacking.MORE if kept else page.Lacking.EFFECT
    )
    return (page.NoEffect(why),)


def worst_broken(findings: Findings, names: Names) -> Reason | None:
    """The promise broken by most, of whichever target; None where none is shown to be."""
    found = sorted(_broken(findings, names), key=lambda e: -e.size)
    return found[0].told if found else None


def seen_of(verdict: SloVerdict) -> tuple[page.Ends, float, str]:
    """What a promise is judged by: ends, what is allowed, unit. A percentile that is infinite is told by the share beyond it."""
    estimate, slo, beyond = verdict.estimate, verdict.slo, verdict.beyond
    if isinstance(estimate, Estimate):
        return (estimate.low, estimate.high), slo.limit, slo.unit
    if isinstance(beyond, Estimate) and verdict.allowed is not None:
        return (beyond.low, beyond.high), verdict.allowed, "share"
    return (None, None), slo.limit, slo.unit


def _broken(findings: Findings, names: Names) -> Iterator[Effect]:
    failed = [v for v in findings.verdicts if v.judgement is Judgement.FAIL]
    for v in failed:
        seen, allowed, unit = seen_of(v)
        more = sum(w.target == v.target for w in failed) - 1
        late, least = unit != v.slo.unit, v.slo.at_least
        told = page.BrokenNow(names[v.target], v.slo.name, v.profile, seen, allowed, unit, late, more, least)
        yield Effect(_over(seen, allowed, at_least=v.slo.at_least), ("broken", v.target), told)


def _over(seen: page.Ends, allowed: float, *, at_least: bool) -> float:
    """Of a promise, a least share by what is lacking of what may lack; a share of none allowed is broken without end."""
    ends, may = lacking(seen, allowed) if at_least else (seen, allowed)
    near = ends[0]
    if near is None:
        return 0.0
    if near <= 0 or may <= 0:
        return math.inf if near > 0 else 0.0
    return math.log(near / may)


def of_limit(v: SloVerdict) -> float:
    """What was seen, in times what is promised; a percentile that is infinite by the share beyond its limit."""
    known, limit = (v.estimate, v.slo.limit) if isinstance(v.estimate, Estimate) else (v.beyond, v.allowed or 0.0)
    if not isinstance(known, Estimate):
        return 0.0
    value = known.value
    if v.slo.at_least and known is v.estimate:
        value, limit = 1 - value, 1 - limit
    return value / limit if limit > 0 else math.inf if value > 0 else 0.0


def lacking(seen: page.Ends, least: float) -> tuple[page.Ends, float]:
    """Of a least share: how much lacks, from and to, and how much may."""
    low, high = (None if end is None else 1 - end for end in seen)
    return (high, low), 1 - least


def _between(findings: Findings, names: Names) -> Iterator[Effect]:
    yield from _slower(findings, names)
    yield from _colder(findings, names)
    for sizing in findings.sizings:
        use = sizing.utilisation
        if isinstance(use, Estimate) and use.low is not None and use.low > 0:
            told = page.NoRoom(names[sizing.target], sizing.peak_per_s, (use.low, use.high))
            yield Effect(math.log(use.low / UTILISATION), ("room", sizing.target), told)


def _slower(findings: Findings, names: Names) -> Iterator[Effect]:
    base, cand = names[findings.data.baseline], names[findings.data.candidate]
    for c in findings.comparisons:
        r = c.ratio
        if c.metric not in FELT or not isinstance(r, Estimate) or c.relation not in (Relation.WORSE, Relation.BETTER):
            continue
        worse = c.relation is Relation.WORSE
        slow, fast = (cand, base) if worse else (base, cand)
        low, high = (r.low, r.high) if worse else (_turned(r.high), _turned(r.low))
        value = r.value if worse else 1 / r.value
        if low is not None and low > 1:
            told = page.Slower(slow, fast, c.metric, c.profile, value, (low, high))
            yield Effect(math.log(low), ("time", c.profile), told)


def _turned(end: float | None) -> float | None:
    return 1 / end if end else None


def _gap(more: float | None, less: float | None) -> float | None:
    return None if more is None or less is None else more - less


def _colder(findings: Findings, names: Names) -> Iterator[Effect]:
    """As many times more answers that are not warm, of all: a point of them is a hundredth."""
    shares = {name: _cold(findings, name) for name in dict.fromkeys(findings.data.targets)}
    known = {name: share for name, share in shares.items() if isinstance(share, Estimate)}
    if len(known) < 2:
        return
    (rival, few), (most, many) = sorted(known.items(), key=lambda item: item[1].value)
    gap = _gap(many.low, few.high)
    if gap is not None and gap > 0:
        told = page.ColdAnswers(names[most], many.value, (many.low, many.high), names[rival], few.value)
        yield Effect(math.log(1 + gap), ("cold",), told)


def _cold(findings: Findings, target: str) -> Known | None:
    at = (one for one in findings.played.prediction.at if (one.target, one.factor) == (target, 1.0))
    return next((one.of(Quantity.COLD_SHARE).known for one in at), None)


def _alike(findings: Findings) -> Iterator[Reason]:
    for c in findings.comparisons:
        if c.metric in FELT and c.relation is Relation.EQUIVALENT and isinstance(c.ratio, Estimate):
            yield page.Alike(c.metric, c.profile, (c.ratio.low, c.ratio.high), c.margin)
