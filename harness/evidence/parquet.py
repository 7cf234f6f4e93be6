"""Rows to Parquet, columns and types as the schema says."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.domain.bounds import MIB, MOST_ARRIVALS, MOST_CELL_BYTES
from harness.errors import BadFile, Problem
from harness.evidence.regular import opened
from harness.evidence.schema import SAMPLE_KINDS, SAMPLES_FORMAT, WRITER, Format, version_of

SLACK_BYTES = 16 * MIB


def write(path: Path, rows: Sequence[Sequence[Any]], kinds: Mapping[str, str], of: Format) -> None:
    """Write whole, then rename into place."""
    write_chunks(path, [rows], kinds, of)


def write_chunks(path: Path, chunks: Iterable[Sequence[Sequence[Any]]], kinds: Mapping[str, str], of: Format) -> None:
    """A row group a chunk, so that memory stays that of one; leaves no partial file, whatever it raises.

    pyarrow is imported only here, after the run.
    """
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    from harness.evidence.arrow import array  # noqa: PLC0415

    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "text": pa.string()}
    schema = pa.schema(
        [(name, types[kind]) for name, kind in kinds.items()],
        metadata={"schema_version": str(of.newest), "written_by": WRITER},
    )
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
            for rows in chunks:
                columns = list(zip(*rows, strict=True)) if rows else [()] * len(kinds)
                arrays = [array(values, field.type) for values, field in zip(columns, schema, strict=True)]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def head(path: Path, of: Format, kinds: Mapping[str, str], most_rows: int = MOST_ARRIVALS) -> Any:  # noqa: ANN401
    """The metadata of a file whose rows, columns and sizes are within bounds: all of it can be decoded into memory.

    Raises BadFile, and TooNew for what a newer version wrote.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415

    with opened(path, most=of.most_bytes):
        pass  # a regular file: pyarrow would wait for a pipe
    with refusing(path):
        found = pq.read_metadata(path)
        schema, said = found.schema.to_arrow_schema(), found.metadata or {}
    version_of(path, of, _text(said.get(b"schema_version", b"1")), _text(said.get(b"written_by", b"")))
    problems = [
        Problem(name, f"is a column of {schema.field(name).type}: want {kinds[name]}")
        for name in dict.fromkeys(schema.names)
        if schema.names.count(name) == 1 and name in kinds and not _fits(schema.field(name).type, kinds[name])
    ]
    if len(set(schema.names)) != len(schema.names) or found.num_columns != len(schema.names):
        problems.append(Problem("", "has columns of one name, or within one another"))
    groups = [found.row_group(k) for k in range(found.num_row_groups)]
    rows, size = found.num_rows, sum(max(0, group.total_byte_size) for group in groups)
    if not 0 <= rows <= most_rows or sum(group.num_rows for group in groups) != rows:
        problems.append(Problem("", f"says that it holds {rows} rows: want at most {most_rows}"))
    elif size > rows * MOST_CELL_BYTES + SLACK_BYTES:
        problems.append(Problem("", f"says that its {rows} rows take {size / MIB:.0f} MiB"))
    if problems:
        raise BadFile(path, problems[:20])
    return found


def read(
    path: Path, columns: Sequence[str], of: Format = SAMPLES_FORMAT, kinds: Mapping[str, str] = SAMPLE_KINDS
) -> Any:  # noqa: ANN401 - a pyarrow.Table
    """These columns of a run's samples, or of another of its tables; raises BadFile, TooNew.

    pyarrow's own ``read_table`` imports pandas.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415

    metadata = head(path, of, kinds)
    if missing := [name for name in columns if name not in metadata.schema.names]:
        raise BadFile(path, [Problem(name, "is not one of its columns") for name in missing])
    with refusing(path), pq.ParquetFile(path, metadata=metadata) as file:
        return file.read(columns=list(columns))


def columns(path: Path, of: Format, kinds: Mapping[str, str], names: Sequence[str]) -> list[list[Any]]:
    """The same as plain values, a list a column; raises BadFile, TooNew."""
    found = read(path, names, of, kinds)
    return [found.column(name).to_pylist() for name in names]


@contextlib.contextmanager
def refusing(path: Path, field: str = "") -> Iterator[None]:
    """Whatever pyarrow raises for a file that is not one, as BadFile."""
    import pyarrow as pa  # noqa: PLC0415

    try:
        yield
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        OverflowError,
        NotImplementedError,
        pa.ArrowException,
    ) as error:
        words = " ".join(str(error).split())[:200] or type(error).__name__
        raise BadFile(path, [Problem(field, f"cannot be read: {words}")]) from None


def _fits(type_: Any, kind: str) -> bool:  # noqa: ANN401
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_null(type_):
        return True
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    numeric = pa.types.is_integer(type_) or pa.types.is_floating(type_)
    if kind == "text":
        return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))
    return bool(pa.types.is_boolean(type_) if kind == "bool" else numeric)


def _text(raw: bytes) -> str:
    return raw[:100].decode("utf-8", errors="replace")
