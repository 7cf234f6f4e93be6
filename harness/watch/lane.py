"""One run of the block that is shown: its samples as they are appended, or as they were left."""

from __future__ import annotations

import math
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from harness.campaign.metering import READ as METERED
from harness.campaign.metering import Meter
from harness.domain.sample import COLUMNS, REFUSALS, Outcome
from harness.domain.target import Target
from harness.errors import BadFile
from harness.evidence import parquet
from harness.evidence.files import read_object
from harness.evidence.regular import opened
from harness.evidence.run_folder import SPOOL

OWN = ("seq", "scheduled_s", "first_token_s", "instance_id", "cold", "held_up")
READ = (*METERED, *OWN)
PLACES = tuple(COLUMNS.index(name) for name in READ)
AT = {name: k for k, name in enumerate(READ)}
ANSWERED, REFUSED, FAILED = 0, 1, 2
REFUSED_AS = frozenset(o.value for o in REFUSALS)
MOST_DOTS = 1500  # of one run; beyond it every k-th arrival is drawn
LAG_STEPS = 10_000  # a second
SILENT_S = 60.0  # a run without a ledger whose spool is older than this is not going on

Row = Sequence[Any]


@dataclass
class Bin:
    """What ended within one stretch of the run."""

    counts: list[int] = field(default_factory=lambda: [0, 0, 0])
    instances: set[str] = field(default_factory=set)


class Lane:
    """One run's folder. ``follow`` as often as somebody looks; ``bin_s``: the length of a stretch."""

    def __init__(self, folder: Path, target: Target | None, run: dict[str, Any], bin_s: float) -> None:
        self.folder, self.bin_s = folder, bin_s
        self.started_s: float | None = run.get("started_monotonic_s")
        self._every = max(1, -(-int(run.get("planned") or 0) // MOST_DOTS))
        self._target = target
        self.ledger: dict[str, Any] | None = None
        self._begin()

    def _begin(self) -> None:
        """Nothing read yet."""
        self._meter = Meter(self._target) if self._target is not None else None
        self._offset = 0
        self._usd: list[float] = []
        self._bins: dict[int, Bin] = defaultdict(Bin)
        self._responses: dict[int, list[float]] = defaultdict(list)
        self._medians: dict[int, float] = {}
        self._lags: Counter[int] = Counter()  # in tenths of a millisecond: a run may have a million
        self.dots: list[list[float | int | None]] = []
        self.counts = [0, 0, 0]
        self.cold = 0
        self.instances: set[str] = set()
        self.seen_s = 0.0  # when the last answer that is known ended

    @property
    def every(self) -> int:
        """One of how many arrivals is drawn."""
        return self._every

    def now_s(self) -> float:
        """On the run's own clock; of a run that has ended, its last answer."""
        if self.ledger is not None or self.started_s is None or self._silent():
            return self.seen_s
        return max(self.seen_s, time.perf_counter() - self.started_s)

    @property
    def going(self) -> bool:
        """Whether it is being measured."""
        return self.ledger is None and not self._silent()

    def _silent(self) -> bool:
        try:
            return time.time() - (self.folder / SPOOL).stat().st_mtime > SILENT_S
        except OSError:
            return True

    def follow(self) -> None:
        """Read what is new; of a run that has ended its whole file, once."""
        if self.ledger is not None:
            return
        try:
            ledger = read_object(self.folder / "ledger.json")
        except BadFile:
            self._more()
            return
        rows = _whole(self.folder)
        if rows is not None:
            self._begin()
            self._feed(rows)
        else:
            self._more()
        self._close_spend()
        self.ledger = ledger

    def _more(self) -> None:
        try:
            with opened(self.folder / SPOOL) as file:
                file.seek(self._offset)
                data = file.read()
        except (BadFile, OSError):
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        self._feed(_rows(whole))

    def _feed(self, rows: Iterable[Row]) -> None:
        for row in sorted(rows, key=lambda r: r[AT["finished_s"]] or 0.0):
            self._add(row)

    def _add(self, row: Row) -> None:
        finished, due = row[AT["finished_s"]], row[AT["scheduled_s"]]
        outcome, instance = row[AT["outcome"]], row[AT["instance_id"]]
        kind = ANSWERED if outcome == Outcome.OK.value else REFUSED if outcome in REFUSED_AS else FAILED
        self.counts[kind] += 1
        at_s = due if finished is None else finished
        while at_s >= (len(self._usd) + 1) * self.bin_s:
            self._close_spend()
        if self._meter is not None:
            self._meter.add(row[: len(METERED)])
        here = self._bins[int(at_s / self.bin_s)]
        here.counts[kind] += 1
        if instance:
            here.instances.add(instance)
            self.instances.add(instance)
        self.cold += bool(row[AT["cold"]])
        self.seen_s = max(self.seen_s, at_s)
        if (sent := row[AT["sent_s"]]) is not None and not row[AT["held_up"]]:
            self._lags[int((sent - due) * LAG_STEPS)] += 1
        good = kind == ANSWERED and finished is not None
        if good:
            stretch = int(due / self.bin_s)
            self._responses[stretch].append(finished - due)
            self._medians.pop(stretch, None)
        if row[AT["seq"]] % self._every == 0:
            first = row[AT["first_token_s"]]
            response = round(finished - due, 4) if finished is not None else None
            token = round(first - due, 4) if first is not None and good else None
            self.dots.append([round(due, 3), response, token, kind, int(bool(row[AT["cold"]]))])

    def _close_spend(self) -> None:
        """One stretch more has been paid for."""
        if self._meter is not None:
            self._usd.append(float(self._meter.cost_usd((len(self._usd) + 1) * self.bin_s)))
        else:
            self._usd.append(0.0)

    def spent_usd(self) -> float | None:
        """MODELLED, at list prices; None for a target that is not declared any more."""
        return None if self._meter is None else float(self._meter.cost_usd(self.now_s()))

    def lag_p99_s(self) -> float | None:
        """Of what was sent so far: the generator's own lateness, never the target's."""
        wanted = math.ceil(0.99 * self._lags.total())
        for step in sorted(self._lags):
            wanted -= self._lags[step]
            if wanted <= 0:
                return (step + 1) / LAG_STEPS
        return None

    def stretches(self) -> list[list[float | int | None]]:
        """For each: answered, refused, failed, median response of what was due then, instances that answered."""
        out: list[list[float | int | None]] = []
        for k in range(max([*self._bins, *self._responses], default=-1) + 1):
            found = self._bins.get(k)
            if k not in self._medians and self._responses.get(k):
                self._medians[k] = round(statistics.median(self._responses[k]), 4)
            counts: Sequence[int] = found.counts if found else (0, 0, 0)
            out.append([*counts, self._medians.get(k), len(found.instances) if found else 0])
        return out

    def spend(self) -> list[float]:
        """In USD at the end of each stretch."""
        return [round(usd, 8) for usd in self._usd]


def _rows(data: bytes) -> Iterable[Row]:
    for line in data.split(b"\n"):
        if line.startswith(b"["):
            try:
                row = orjson.loads(line)
                yield [row[place] for place in PLACES]
            except (ValueError, TypeError, LookupError):
                continue  # the whole file is read once more when the run has ended


def _whole(folder: Path) -> list[Row] | None:
    try:
        table = parquet.read(folder / "samples.parquet", READ)
        return [list(row) for row in zip(*(table.column(name).to_pylist() for name in READ), strict=True)]
    except (BadFile, KeyError):
        return None
