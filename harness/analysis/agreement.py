"""Whether the client and the platform saw the same: requests joined by platform id, counts by minute where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.analysis.coded import is_known
from harness.analysis.dataset import RunData
from harness.analysis.reports import reports_of
from harness.domain.reason import Reason
from harness.domain.reasons.doubt import FewInvocations, ManyInvocations, NoLogLine, RefusalsDiffer, TookLonger
from harness.domain.sample import Layer
from harness.errors import BadFile
from harness.evidence.files import read_json
from harness.evidence.schema import READINGS_FORMAT

LEAST_JOINED = 0.98  # of accepted requests; what cloud logs lose is usually less
SLACK_S = 0.1  # that the platform may say more than the client waited: its clock runs on after the last byte
OTHERS_SHARE, OTHERS_A_RUN = 0.02, 30  # health checks, meta and the contract check are no arrivals
INVOCATIONS, THROTTLES = "AWS/Lambda Invocations Sum", "AWS/Lambda Throttles Sum"


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


def agreement(target: str, runs: Sequence[RunData]) -> Agreement:
    """Over every valid run of one target."""
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
        _counted(runs, "throttle", THROTTLES),
        _summed(runs, INVOCATIONS),
        len(runs),
    )


def _close(a: int, b: int) -> bool:
    return abs(a - b) <= max(2, 0.02 * max(a, b))


def _counted(runs: Sequence[RunData], events: str, sums: str) -> int | None:
    """Events of the platform's own log where there is one, else CloudWatch's sums."""
    found = [s for run in runs if (s := _series(run, "local-logs.json", events)) is not None]
    return sum(map(len, found)) if found else _summed(runs, sums)


def _summed(runs: Sequence[RunData], metric: str) -> int | None:
    """A minute that two runs share counts once; None where nobody collected it."""
    points: dict[float, float] = {}
    found = False
    for run in runs:
        series = _series(run, "cloudwatch.json", metric)
        found |= series is not None
        points |= dict(series or ())
    return round(sum(points.values())) if found else None


def _series(run: RunData, file: str, metric: str) -> list[tuple[float, float]] | None:
    """None where it was not collected or is absent for a reason; CloudWatch writes no point where nothing happened."""
    content = _content(run.record.path / "readings" / file) if run.record else None
    if content is None:
        return None
    for reading in content["readings"]:
        if reading["metric"] == metric and reading["kind"] == "series":
            return [(at, value) for at, value in reading["points"]]
    return None


def _content(path: Path) -> dict[str, Any] | None:
    try:
        return read_json(path, READINGS_FORMAT)
    except BadFile:
        return None
