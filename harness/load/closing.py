"""The end of a run: every planned arrival gets its row, and the rows are counted on their way to the file."""

from __future__ import annotations

import json
import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gevent

from harness.domain.dispersion import Dispersion, dispersion
from harness.domain.models import same_model
from harness.domain.sample import COLUMNS, Outcome, Sample
from harness.evidence.fitting import fitted

if TYPE_CHECKING:
    from harness.domain.schedule import Arrival, Schedule
    from harness.evidence.spool import SpoolReader

CHUNK = 20_000
_AT = {name: k for k, name in enumerate(COLUMNS)}
_OUTCOME, _MEASURED, _STREAM = _AT["outcome"], _AT["measured"], _AT["stream"]
_DUE, _SENT, _FIRST, _FINISHED = _AT["scheduled_s"], _AT["sent_s"], _AT["first_token_s"], _AT["finished_s"]
_LOG, _HELD_UP = _AT["attempt_log"], _AT["held_up"]
_MODEL, _DEGRADED = _AT["model"], _AT["degraded"]

Row = Sequence[Any]


class Tally:
    """What the closing lines and the ledger need, in eight bytes a sample and figure."""

    def __init__(self, *, keep: bool = False) -> None:
        self.ended: list[str] | None = [] if keep else None  # each outcome in its order, where jobs hang on it
        self.planned = 0
        self.measured = 0
        self.outcomes: Counter[str] = Counter()
        self.lags_s = array("d")
        self.responses_s = array("d")
        self.ttfts_s = array("d")
        self.sent_s = array("d")
        self.attempts_s = array("d")  # each attempt's own time, where requests were tried again
        self.retried = 0
        self.held_up = 0  # the target kept them waiting: their lag is not the generator's

    def add(self, row: Row) -> None:
        self.planned += 1
        self.outcomes[row[_OUTCOME]] += 1
        if self.ended is not None:
            self.ended.append(row[_OUTCOME])
        sent, due = row[_SENT], row[_DUE]
        if row[_HELD_UP]:
            self.held_up += 1
        elif sent is not None:
            self.lags_s.append(sent - due)
        if row[_MEASURED]:
            self._measured(row, due, sent)

    def _measured(self, row: Row, due: float, sent: float | None) -> None:
        self.measured += 1
        if sent is not None:
            self.sent_s.append(sent)
        good = row[_OUTCOME] == Outcome.OK
        self.responses_s.append(row[_FINISHED] - due if good else math.inf)
        if row[_STREAM]:
            first = row[_FIRST]
            self.ttfts_s.append(first - due if good and first is not None else math.inf)
        if row[_LOG]:
            self.retried += 1
            self.attempts_s.extend(a[2] - a[0] for a in json.loads(row[_LOG]))

    def sent_dispersion(self) -> Dispersion:
        """Of the measured requests, as they were really sent."""
        return dispersion(sorted(self.sent_s))


def planned_dispersion(schedule: Schedule) -> Dispersion:
    """Of the measured arrivals, as they were intended."""
    return dispersion([a.scheduled_s for a in schedule.arrivals if a.measured])


def whole(
    reader: SpoolReader, schedule: Schedule, lost: Callable[[Arrival], int | None], tally: Tally, model: object = None
) -> Iterator[list[Row]]:
    """Rows in order, chunk by chunk, what nobody reported filled in; other greenlets run in between.

    ``model``: the target's own, as /v1/meta names it; an answer by another one is degraded unless it says that it is not.
    """
    own = model if isinstance(model, str) and model else None
    first = 0
    for chunk in reader.chunks(CHUNK):
        rows: list[Row] = [
            row if row is not None and len(row) == len(COLUMNS) else _missing(schedule.arrivals[seq], lost)
            for seq, row in enumerate(chunk, start=first)
        ]
        first += len(chunk)
        rows = fitted(rows)
        for place, row in enumerate(rows):
            if own is not None and row[_OUTCOME] == Outcome.OK and row[_DEGRADED] is None and row[_MODEL] is not None:
                rows[place] = [*row[:_DEGRADED], not same_model(own, row[_MODEL]), *row[_DEGRADED + 1 :]]
            tally.add(row)
        yield rows
        gevent.sleep(0)  # heartbeats must not wait for a million rows


def _missing(arrival: Arrival, lost: Callable[[Arrival], int | None]) -> Row:
    """A sample for an arrival that nobody reported."""
    sample = Sample(
        arrival.seq, arrival.phase, arrival.measured, arrival.question_id, arrival.stream, arrival.scheduled_s
    )
    sample.worker = lost(arrival)
    sample.evaluated = arrival.evaluated or None
    sample.outcome = Outcome.NOT_SENT if sample.worker is None else Outcome.LOST
    sample.layer = "generator"
    return sample.row()
