"""One target as the home of one workload: what was measured against its promises, and the ceilings it stands under."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.slo import STREAMED
from harness.analysis.workload import NOT_MEASURED, Measured, Start, none_lost
from harness.domain.estimate import Estimate, Infinite, Known, Unknown
from harness.domain.job import Killed
from harness.domain.reason import Reason
from harness.domain.reasons import place as reasons
from harness.domain.reasons.place import Basis
from harness.domain.verdict import Judgement, SloVerdict
from harness.domain.workload import WorkKind, Workload
from harness.platforms.ceilings import Ceiling, Ceilings


class Fit(StrEnum):
    """Whether a target can be the home of a workload."""

    KEEPS = "keeps"
    BREAKS = "breaks"
    COLD = "breaks by cold starts"  # warm, it keeps what it promises
    CANNOT = "cannot"  # a ceiling that no setting lifts
    OPEN = "open"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Against:
    """A figure of the workload beside the ceiling that it is held to; ``value`` None where nobody knows it."""

    what: str  # time, memory or payload
    value: float | None
    basis: Basis
    ceiling: Ceiling

    @property
    def beyond(self) -> bool:
        """What no setting lifts."""
        return self.value is not None and self.ceiling.most is not None and self.value > self.ceiling.most


@dataclass(frozen=True)
class Side:
    """``serverless``: nothing asked costs nothing; ``cold``: an instance may have to start while somebody waits."""

    target: str
    serverless: bool | None
    cold: bool
    fit: Fit
    why: Reason
    measured: Measured | None
    against: tuple[Against, ...] = ()

    @property
    def month_usd(self) -> Known:
        return self.measured.month_usd if self.measured else NOT_MEASURED


TIME, MEMORY, PAYLOAD = "time", "memory", "payload"


def side(
    workload: Workload,
    target: str,
    measured: Measured | None,
    others: Sequence[Measured],
    ceilings: Ceilings,
    *,
    serverless: bool | None,
    cold: bool,
) -> Side:
    """``others``: what was measured of it on other targets."""
    against = tuple(_against(workload, measured, others, ceilings))
    fit, why = _fit(workload, target, measured, against, ceilings)
    return Side(target, serverless, cold, fit, why, measured, against)


def unmeasured(workload: Workload, target: str) -> Reason:
    """What would measure it; the same on every target where no profile does."""
    by = workload.measured_by if workload.declared else ""
    return reasons.NotMeasuredYet("" if by is None else target, workload.name, by, workload.kind is WorkKind.JOB)


def _against(
    workload: Workload, measured: Measured | None, others: Sequence[Measured], ceilings: Ceilings
) -> Iterator[Against]:
    """Measured here; on the other target, where nothing was measured here; else as it was declared."""
    job = workload.kind is WorkKind.JOB

    def worked(one: Measured) -> float | None:
        return _value(one.longest_s if job else one.worked_s)

    def used(one: Measured) -> float | None:
        return _value(one.memory_mb)

    everyone = others if measured is None else [measured]
    for what, of, declared, ceiling in (
        (TIME, worked, workload.duration_s, ceilings.work_s(job=job)),
        (MEMORY, used, workload.memory_mb, ceilings.memory_mb(job=job)),
    ):
        found = [(one, value) for one in everyone if (value := of(one)) is not None]
        if found:
            one, value = found[0]
            yield Against(what, value, Basis.MEASURED if one is measured else Basis.ELSEWHERE, ceiling)
        else:
            yield Against(what, declared, Basis.DECLARED, ceiling)
    yield Against(PAYLOAD, workload.size_kb, Basis.DECLARED, ceilings.carries_kb)


def _fit(
    workload: Workload,
    target: str,
    measured: Measured | None,
    against: Sequence[Against],
    ceilings: Ceilings,
) -> tuple[Fit, Reason]:
    job = workload.kind is WorkKind.JOB
    if measured is not None and (ended := _ended(target, measured, against)) is not None:
        return ended
    if (beyond := _beyond(target, against, job=job)) is not None:
        return Fit.CANNOT, beyond
    if measured is not None and not ceilings.streams and _streams_late(measured):
        return Fit.CANNOT, reasons.NoStream(target, ceilings.front)
    low = _set_too_low(target, against)
    if measured is None:
        return Fit.NOT_MEASURED, low or unmeasured(workload, target)
    if low is not None:
        return Fit.OPEN, low
    return _kept(target, measured)


def _streams_late(measured: Measured) -> bool:
    """A promise of the first token is broken; one that is kept by whole answers asks for no stream."""
    return any(v.slo.metric in STREAMED for v in measured.judged(Judgement.FAIL))


def _ended(target: str, measured: Measured, against: Sequence[Against]) -> tuple[Fit, Reason] | None:
    """Work that a limit ended: of the platform itself where no setting lifts it, else of the setting."""
    for one in measured.ended:
        if not one.count:
            continue
        held = next(a for a in against if a.what == (TIME if one.by is Killed.TIME else MEMORY))
        setting, most = held.ceiling.setting, held.ceiling.most
        limit = setting if setting is not None else most
        lifts_to = most if setting is not None and most is not None and setting < most else None
        why = reasons.EndedByLimit(target, held.what, one.count, one.of, limit, lifts_to)
        return (Fit.CANNOT if lifts_to is None else Fit.OPEN), why
    return None


def _beyond(target: str, against: Sequence[Against], *, job: bool) -> Reason | None:
    """The first ceiling that the workload's own figure lies beyond."""
    for one in against:
        most = one.ceiling.most
        if not one.beyond or one.value is None or most is None:
            continue
        match one.what:
            case "time":
                return reasons.TooLong(target, one.value, most, one.basis, job)
            case "memory":
                return reasons.TooLarge(target, one.value, most, one.basis)
            case _:
                return reasons.TooHeavy(target, one.value, most, one.basis)
    return None


def _set_too_low(target: str, against: Sequence[Against]) -> Reason | None:
    """What was measured elsewhere, or declared, and this target is not set to carry."""
    for one in against:
        if one.value is not None and one.basis is not Basis.MEASURED and one.ceiling.over(one.value):
            assert one.ceiling.setting is not None
            return reasons.Raise(target, one.what, one.value, one.ceiling.setting, one.ceiling.most, one.basis)
    return None


def _kept(target: str, measured: Measured) -> tuple[Fit, Reason]:
    """Its promises as measured, then what the cold starts of its volume make of them."""
    if failed := measured.judged(Judgement.FAIL):
        return _failed(target, measured, failed)
    judged = [_at_volume(target, one) for one in measured.starts]
    for fit in (Fit.COLD, Fit.BREAKS):
        if (found := next((why for made, why in judged if made is fit), None)) is not None:
            return fit, found
    if (unsure := _unsure(target, measured, [why for made, why in judged if made is Fit.OPEN])) is not None:
        return Fit.OPEN, unsure
    how = judged[0][1] if judged else None
    lost = next((v.reason for v in measured.verdicts if none_lost(v)), None)
    return Fit.KEEPS, reasons.Keeps(target, len(measured.judged(Judgement.PASS)), how, lost)


def _failed(target: str, measured: Measured, failed: Sequence[SloVerdict]) -> tuple[Fit, Reason]:
    """By cold starts alone, where nothing but promises that they delay is broken, and warm ones keep those."""
    by_cold = next((c for s in measured.starts if (c := _broke(target, s)) is not None), None)
    of_time = {s.promise for s in measured.starts}
    if by_cold is not None and all(v.slo.metric in of_time for v in failed):
        return Fit.COLD, by_cold
    return Fit.BREAKS, reasons.Breaks(target, tuple((v.slo.name, v.profile) for v in failed))


def _unsure(target: str, measured: Measured, of_starts: Sequence[Reason]) -> Reason | None:
    """A promise that is not settled, its volume, or its cold starts."""
    if undecided := [v for v in measured.judged(Judgement.INCONCLUSIVE) if not none_lost(v)]:
        return reasons.NotShownYet(target, tuple((v.slo.name, v.profile) for v in undecided))
    if measured.untold is not None:
        return reasons.VolumeUntold(target, measured.untold)
    return of_starts[0] if of_starts else None


def _broke(target: str, start: Start) -> Reason | None:
    """Where warm ones keep the promise and cold ones, as measured, do not."""
    warm, cold, share = start.warm_s, start.met_s, start.met
    if not (isinstance(warm, Estimate) and isinstance(cold, Estimate) and isinstance(share, Estimate)):
        return None
    if warm.value <= start.limit_s < cold.value and share.value > 0:
        return reasons.ColdBroke(target, share.value, cold.value, start.limit_s, warm.value)
    return None


def _at_volume(target: str, start: Start) -> tuple[Fit, Reason]:
    """A start that is in time breaks nothing however often; else the percentile at its volume decides."""
    cold, whole = start.cold_s, start.at_volume
    if start.in_time:
        assert isinstance(cold, Estimate)
        assert cold.high is not None
        return Fit.KEEPS, reasons.ColdInTime(target, cold.high, start.limit_s)
    if isinstance(whole, Infinite):
        return Fit.OPEN, reasons.ColdOpen(target, whole.low, None, start.limit_s)
    if isinstance(whole, Unknown):
        return Fit.OPEN, reasons.ColdUntold(target, whole.reason)
    return _played(target, start, whole)


def _played(target: str, start: Start, whole: Estimate) -> tuple[Fit, Reason]:
    """Beyond its limit it is a matter of cold starts where some meet one, and warm ones would keep the promise."""
    limit, warm = start.limit_s, start.warm_s
    share = start.share.value if isinstance(start.share, Estimate) else 0.0
    if whole.high is not None and whole.high <= limit:
        return Fit.KEEPS, reasons.ColdRare(target, share, whole.high, limit)
    if whole.low is None or whole.low <= limit:
        return Fit.OPEN, reasons.ColdOpen(target, whole.low, whole.high, limit)
    if share and isinstance(warm, Estimate) and warm.value <= limit:
        return Fit.COLD, reasons.ColdBreaks(target, share, whole.low, limit, warm.value)
    return Fit.BREAKS, reasons.VolumeBreaks(target, whole.low, limit)


def _value(known: Known) -> float | None:
    return known.value if isinstance(known, Estimate) else None
