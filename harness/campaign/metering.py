"""What a run has cost so far, from its own samples as they are written; an upper bound until billed durations are known.

A client's service time holds the network's time too, so billing by it never says
too little; ``pilot collect`` replaces it by what the platform's own lines say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from harness.domain.sample import COLUMNS, UNBILLED, Outcome
from harness.domain.target import Target
from harness.errors import BadFile
from harness.evidence import parquet
from harness.evidence.regular import opened
from harness.evidence.run_folder import SPOOL
from harness.evidence.schema import JOB_KINDS, JOBS_FORMAT
from harness.platforms.forecast import POLL_S, spent_usd
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.usage import Tokens, Usage

READ = (
    *("outcome", "sent_s", "finished_s", "bytes", "input_tokens", "output_tokens", "attempts", "platform_request_id"),
    "route",
)
JOBS = "jobs.parquet"
JOB_READ = ("running_ms", "polls", "input_tokens", "output_tokens")
PLACES = tuple(COLUMNS.index(name) for name in READ)


class Meter:
    """Adds up a run's samples; ``billed_ms`` by platform request id are taken where they are known.

    Of a router each side has what it answered; what a side refused first and the other one answered is billed once.
    """

    def __init__(self, target: Target, billed_ms: Mapping[str, float] | None = None) -> None:
        self._target = target
        self._pricing = pricing_of(target.prices) if target.prices else None
        self._model = target.model  # that requests name: which one answers is known when the run is read
        self._billed_ms = billed_ms or {}
        self._sides = {side.name: Meter(side, billed_ms) for side in target.behind}
        self._offset = 0
        self._requests = self._ms = self._bytes = self._input = self._output = 0.0
        self.samples = 0
        self.ok = 0
        self.matched = 0
        self.unread = 0

    def follow(self, folder: Path) -> None:
        """Read what was appended to the spool since the last call; a spool that is gone adds nothing."""
        try:
            with opened(folder / SPOOL) as file:
                file.seek(self._offset)
                data = file.read()
        except (BadFile, OSError):
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.split(b"\n"):
            if line.startswith(b"["):
                try:
                    row = orjson.loads(line)
                    self.add([row[place] for place in PLACES])
                except (ValueError, TypeError, LookupError):
                    self.unread += 1  # the whole file is read once more when the run has ended

    def add(self, values: Iterable[Any]) -> None:
        """One sample's ``READ`` columns."""
        row = tuple(values)
        outcome, sent, finished, size, tokens_in, tokens_out, attempts, request_id, route = row
        if route in self._sides:
            self._sides[route].add(row)
        self.samples += 1
        self.ok += outcome == Outcome.OK.value
        self._bytes += size or 0
        self._input += tokens_in or 0
        self._output += tokens_out or 0
        if outcome in UNBILLED or sent is None or finished is None:
            return
        self._requests += max(1, attempts or 1)
        known = self._billed_ms.get(request_id) if request_id else None
        self.matched += known is not None
        self._ms += (finished - sent) * 1e3 if known is None else known

    def add_job(self, values: Iterable[Any]) -> None:
        """One submission's ``JOB_READ`` columns: its work, and how often it was asked for."""
        running_ms, polls, tokens_in, tokens_out = (value or 0 for value in values)
        self._requests += polls
        self._ms += running_ms + polls * POLL_S * 1e3
        self._input += tokens_in
        self._output += tokens_out

    def cost_usd(self, elapsed_s: float) -> Decimal:
        """At list prices, without free tiers; 0 for a target without prices. A router's sides are kept while it runs.

        What a deployment costs while it stands is not a run's: it goes by the calendar.
        """
        return sum((side.cost_usd(elapsed_s) for side in self._sides.values()), self._own_usd(elapsed_s))

    def _own_usd(self, elapsed_s: float) -> Decimal:
        if self._pricing is None:
            return Decimal(0)
        asked = Tokens(self._model or "", _exact(self.samples), _exact(self._input), _exact(self._output))
        usage = Usage(
            hours=Decimal(str(round(elapsed_s, 3))) / 3600,
            requests=_exact(self._requests),
            billed_ms=_exact(self._ms),
            response_bytes=_exact(self._bytes),
            input_tokens=_exact(self._input),
            output_tokens=_exact(self._output),
            tokens=(asked,) if self._model else (),
            instance_s=_exact(self._ms / 1e3),  # each alone on its instance, where requests may share one
        )
        return spent_usd(self._target, self._pricing, usage.passed_on() if self._sides else usage)


def metered(target: Target, folder: Path, billed_ms: Mapping[str, float] | None = None) -> Meter | None:
    """A run that has ended, from its whole file; None where there is none."""
    try:
        table = parquet.read(folder / "samples.parquet", READ)
    except BadFile:
        return None
    meter = Meter(target, billed_ms)
    for row in _rows(table, READ):
        meter.add(row)
    if (folder / JOBS).is_file():
        try:
            jobs = parquet.read(folder / JOBS, JOB_READ, JOBS_FORMAT, JOB_KINDS)
        except BadFile:
            return None  # what the jobs did is not known: the run counts at its worst
        for row in _rows(jobs, JOB_READ):
            meter.add_job(row)
    return meter


def _rows(table: Any, names: Sequence[str]) -> Iterable[tuple[Any, ...]]:  # noqa: ANN401 - pyarrow is untyped
    return zip(*(table.column(name).to_pylist() for name in names), strict=True)


def _exact(value: float) -> Decimal:
    return Decimal(str(round(value, 3)))
