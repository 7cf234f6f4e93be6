"""Rows to Parquet, columns and types as the schema says."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def write(path: Path, rows: Sequence[Sequence[Any]], kinds: Mapping[str, str], version: int) -> None:
    """Write whole, then rename into place."""
    write_chunks(path, [rows], kinds, version)


def write_chunks(
    path: Path, chunks: Iterable[Sequence[Sequence[Any]]], kinds: Mapping[str, str], version: int
) -> None:
    """A row group a chunk, so that memory stays that of one; leaves no partial file, whatever it raises.

    pyarrow is imported only here, after the run.
    """
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    from harness.evidence.arrow import array  # noqa: PLC0415

    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "text": pa.string()}
    schema = pa.schema(
        [(name, types[kind]) for name, kind in kinds.items()], metadata={"schema_version": str(version)}
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


def read(path: Path, columns: Sequence[str]) -> Any:  # noqa: ANN401 - a pyarrow.Table
    """These columns of one file; raises OSError or ValueError. pyarrow's own ``read_table`` imports pandas."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(path) as file:
        if missing := [name for name in columns if name not in file.schema_arrow.names]:
            raise ValueError(f"no column {', '.join(missing)}")
        return file.read(columns=list(columns))
