"""Whether the client and the platform saw the same: requests joined by platform id, counts by minute where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.coded import is_known
from harness.analysis.dataset import RunData
from harness.analysis.reports import reports_of
from harness.analysis.series import by_instant, collected
from harness.domain.reason import Reason
from harness.domain.reasons.doubt import FewInvocations, ManyInvocations, NoLogLine, RefusalsDiffer, TookLonger
from harness.domain.sample import Layer
from harness.platforms.platform import Measure, Per, Signal

LEAST_JOINED = 0.98  # of accepted requests; what cloud logs lose is usually less
SLACK_S = 0.1  # that the platform may say more than the client waited: its clock runs on after the last byte
OTHERS_SHARE, OTHERS_A_RUN = 0.02, 30  # health checks, meta and the contract check are no arrivals


@dataclass(frozen=True)
class Agreement:
    """One target; a count is None where the platform's side was not collected."""

    target: str
    accepted: int
    with_id: int  # accepted answers that named the platform's id of their request
    joined: int | None  # of those, how many have a line
    longer: int  # joined requests that the platform says took longer than the client waited
    throttled: int  # by the client, in the platform's layer
    throttles: int | None  # by the platform
    invocations: int | None  # by the platform, in the minutes of the runs
    runs: int

    @property
    def disagreements(self) -> tuple[Reason, ...]:
        """Empty where both sides tell the same."""
        out: list[Reason] = []
        if self.joined is not None and self.with_id and self.joined < LEAST_JOINED * self.with_id:
            out.append(NoLogLine(self.with_id - self.joined, self.with_id))
        if self.longer:
            out.append(TookLonger(self.longer))
        if self.throttles is not None and not _close(self.throttled, self.throttles):
            out.append(RefusalsDiffer(self.throttled, self.throttles))
        if self.invocations is not None and self.invocations < self.accepted * (1 - OTHERS_SHARE):
            out.append(FewInvocations(self.invocations, self.accepted))
        most = self.accepted * (1 + OTHERS_SHARE) + OTHERS_A_RUN * self.runs
        if self.invocations is not None and self.invocations > most:
            out.append(ManyInvocations(self.invocations, self.accepted))
        return tuple(out)


def agreement(target: str, runs: Sequence[RunData], signals: Sequence[Signal]) -> Agreement:
    """Over every valid run of one target, by those of its platform's series that count what the client counts."""
    accepted = with_id = joined = longer = throttled = 0
    told = False
    for run in runs:
        c, reports = run.columns, reports_of(run)
        told |= bool(reports)
        accepted += int(run.taken.sum())
        throttled += int((run.refused & (c["layer"] == Layer.PLATFORM.value)).sum())
        waited = c["finished_s"] - c["sent_s"]
        if not reports:
            continue
        names = c["platform_request_id"][run.taken]
        with_id += int(is_known(names).sum())
        for name, seconds in zip(names, waited[run.taken], strict=True):
            if report := reports.get(name):
                joined += 1
                longer += report.duration_ms / 1000 > seconds + SLACK_S
    return Agreement(
        target,
        accepted,
        with_id,
        joined if told else None,
        longer,
        throttled,
        _counted(runs, [s for s in signals if s.exact and s.measure is Measure.REFUSALS]),
        _counted(runs, [s for s in signals if s.exact and s.measure is Measure.REQUESTS]),
        len(runs),
    )


def _close(a: int, b: int) -> bool:
    return abs(a - b) <= max(2, 0.02 * max(a, b))


def _counted(runs: Sequence[RunData], signals: Sequence[Signal]) -> int | None:
    """By the first series that was collected: events one by one, else a sum; None where none was."""
    found = [collected(run.record.path) for run in runs if run.record]
    for signal in signals:
        if signal.per is Per.POINTS:
            events = [len(points) for one in found for points in one.get(signal.metric, ())]
            if events:
                return sum(events)
        elif (minutes := by_instant(found, signal.metric)) is not None:
            return round(sum(minutes.values()))
    return None
