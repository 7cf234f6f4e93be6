"""Whether samples that nobody vouches for can be those of their run: every column decoded, every value possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from harness.analysis.columns import Columns
from harness.domain.bounds import LARGEST_INTEGER, RUN_S
from harness.domain.sample import Outcome
from harness.errors import BadFile, Problem
from harness.evidence.schema import SAMPLE_KINDS, SAMPLES_FORMAT
from harness.evidence.store import RunRecord

Array = np.ndarray[Any, np.dtype[Any]]
ALWAYS = ("seq", "scheduled_s", "outcome", "phase", "measured", "stream")  # what every arrival has
ANSWERED = ("sent_s", "finished_s")  # what every good answer has
MOST_S = 2 * RUN_S.most  # an instant: warm-up and the last deadline beside the longest run
EARLY_S = -60.0  # a clock that was set before the first arrival


def check(columns: Columns, record: RunRecord) -> None:
    """Raises BadFile with everything that is wrong, and where a column cannot be decoded."""
    problems = list(_problems(columns, record))
    if problems:
        raise BadFile(record.path / SAMPLES_FORMAT.file, problems[:20])


def _problems(columns: Columns, record: RunRecord) -> Iterator[Problem]:
    ledger = record.ledger or {}
    n = columns.rows
    if n != ledger.get("planned"):
        yield Problem("", f"holds {n} samples where ledger.json says {ledger.get('planned')} were planned")
        return
    for name in columns:
        values = columns[name]
        if name in ALWAYS and (missing := _missing(values)):
            yield Problem(name, f"is missing in {missing} of {n} rows")
        if SAMPLE_KINDS[name] in ("int", "float"):
            yield from _numbers(name, np.asarray(values, dtype=float))
    if not np.array_equal(np.asarray(columns["seq"], dtype=float), np.arange(n)):
        yield Problem("seq", f"is not 0 to {n - 1}, each once and in order")
    counts = Counter(str(value) for value in columns["outcome"])
    said = {name: count for name, count in (ledger.get("outcomes") or {}).items() if count}
    if counts != said:
        yield Problem("outcome", f"holds {_shown(counts)} where ledger.json says {_shown(said)}")
    ok = columns["outcome"] == Outcome.OK.value
    for name in ANSWERED:
        if missing := int(np.isnan(columns[name][ok]).sum()):
            yield Problem(name, f"is missing in {missing} good answers")
    with np.errstate(invalid="ignore"):
        if early := int((columns["finished_s"] < columns["sent_s"]).sum()):
            yield Problem("finished_s", f"lies before sent_s in {early} rows")


def _numbers(name: str, values: Array) -> Iterator[Problem]:
    known = values[~np.isnan(values)]
    if not len(known):
        return
    instant = name.endswith("_s")
    least, most = (EARLY_S, MOST_S) if instant else (0.0, float(LARGEST_INTEGER))
    if (low := float(known.min())) < least or (high := float(known.max())) > most:
        wrong = low if low < least else high
        yield Problem(name, f"holds {wrong:g}: want from {least:g} to {most:g}")


def _missing(values: Any) -> int:  # noqa: ANN401 - numbers, or Coded
    if isinstance(values, np.ndarray):
        return int(np.isnan(values).sum()) if values.dtype.kind == "f" else 0
    return int((values == None).sum())  # noqa: E711 - element by element


def _shown(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name[:40]!r}" for name, count in sorted(counts.items())[:6]) or "none"
