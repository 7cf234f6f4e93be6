"""Samples: one row an arrival, straight from samples.parquet, with the three times that verdicts are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from harness.analysis.dataset import RunData, read
from harness.domain.columns import Column, Kind, flags, floats
from harness.errors import BadFile, Problem, Refused
from harness.evidence import parquet
from harness.evidence.regular import there
from harness.evidence.schema import SAMPLE_KINDS, SAMPLES, SAMPLES_FORMAT, SAMPLES_LATER
from harness.frames.frame import series
from harness.frames.runs import KEYS, Made

TIMES: tuple[Column, ...] = floats(
    response_s="duration from the intended send to the end of the answer; infinite for every failure",
    ttft_s="duration from the intended send to the first token; infinite for failures, NA for whole answers",
    overhead_s="response time minus the model's own time; infinite for failures, NA where the model's time is not known",
)
HEAD: tuple[Column, ...] = (
    *KEYS,
    *flags(used="the verdicts rest on this run: every run of its block's attempt is valid"),
)
_TYPES = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "text": pa.string()}
COLUMNS: tuple[Column, ...] = (*HEAD, *SAMPLES, *TIMES)


def chosen(names: Sequence[str] | None) -> tuple[Column, ...]:
    """The columns of the frame; raises Refused for a name that is none."""
    if names is None:
        return COLUMNS
    known = {c.name: c for c in COLUMNS}
    if unknown := [name for name in names if name not in known]:
        raise Refused(f"samples have no column {', '.join(unknown)}", f"one of: {', '.join(known)}")
    return (*HEAD, *(known[name] for name in dict.fromkeys(names) if known[name] not in HEAD))


def table(runs: Iterable[Made], columns: Sequence[Column]) -> pd.DataFrame:
    """All arrivals of these runs, in the order of runs and schedule; raises BadFile for a file that cannot be read."""
    parts = [_of(one, columns) for one in runs]
    if not parts:
        return pd.DataFrame({c.name: series(c, []) for c in columns})
    whole = pa.concat_tables(parts, promote_options="default").unify_dictionaries()
    kinds = {pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype(), pa.bool_(): pd.BooleanDtype()}
    made: pd.DataFrame = whole.to_pandas(types_mapper={**kinds, pa.string(): pd.StringDtype()}.get)
    words = [c.name for c in columns if c.kind is Kind.WORD]
    return made.assign(**{name: made[name].cat.remove_unused_categories() for name in words})


def _of(one: Made, columns: Sequence[Column]) -> pa.Table:
    path = one.record.path / "samples.parquet"
    kept = [c.name for c in columns if c in SAMPLES]
    if not there(path):
        raise BadFile(path, [Problem("", "is not there: the run did not end; samples(used=True) leaves it out")])
    found = parquet.head(path, SAMPLES_FORMAT, SAMPLE_KINDS)
    n, here = found.num_rows, set(found.schema.names)
    read_back = parquet.read(path, [name for name in kept if name in here or name not in SAMPLES_LATER])
    for later in (c for c in columns if c in SAMPLES and c.name not in here):
        read_back = read_back.append_column(later.name, pa.nulls(n, _TYPES[SAMPLE_KINDS[later.name]]))
    head = dict(zip((c.name for c in HEAD), (*one.key, one.used), strict=True))
    arrays: dict[str, Any] = {}
    for column in columns:
        if column in HEAD:
            values = pa.repeat(pa.scalar(head[column.name]), n)
        elif column in TIMES:
            values = _time(one, column.name)
        else:
            values = read_back.column(column.name)
        arrays[column.name] = values.dictionary_encode() if column.kind is Kind.WORD else values
    return pa.table(arrays)


def _time(one: Made, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
    """By the analysis's own definition, so that a frame and a verdict cannot mean different times."""
    run = RunData(one.record.block, one.record.target, one.record.profile, one.record, read(one.record.path))
    return pa.array(getattr(run, name), from_pandas=True)  # nan, "not known", becomes null
