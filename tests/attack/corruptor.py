"""Every file of a pilot's evidence, and what a person, a disk or an enemy may make of it."""

from __future__ import annotations

import json
import os
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

Spoil = Callable[[Path, random.Random], None]


def replaced(path: Path, raw: bytes) -> None:
    path.unlink()
    path.write_bytes(raw)


def truncated(path, rng):
    raw = path.read_bytes()
    replaced(path, raw[: rng.randrange(max(1, len(raw) - 1))])


def flipped(path, rng):
    raw = bytearray(path.read_bytes())
    for _ in range(8):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    replaced(path, bytes(raw))


def empty(path, _):
    replaced(path, b"")


def noise(path, rng):
    replaced(path, rng.randbytes(4096))


def not_utf8(path, rng):
    raw = path.read_bytes()
    at = rng.randrange(len(raw))
    replaced(path, raw[:at] + b"\xff\xfe\xc3\x28" + raw[at:])


def deep(path, _):
    replaced(path, b'{"schema_version": 1, "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def folder(path, _):
    path.unlink()
    path.mkdir()


def fifo(path, _):
    path.unlink()
    os.mkfifo(path)


def listening(path, _):
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may have 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def device(path, _):
    path.unlink()
    path.symlink_to("/dev/zero")


def circle(path, _):
    path.unlink()
    path.symlink_to(path.name)


def nowhere(path, _):
    path.unlink()
    path.symlink_to("/nonexistent/file")


def gone(path, _):
    path.unlink()


def sparse(path, _):
    replaced(path, b"{")
    os.truncate(path, 6 << 30)


ANY: dict[str, Spoil] = {
    f.__name__: f
    for f in (
        *(truncated, flipped, empty, noise, not_utf8, deep, folder, fifo, listening, device, circle, nowhere, gone),
        sparse,
    )
}

ODD = [None, True, -1, 1e308, 10**40, "", "\u202e", "../../etc", [], {}, ["x"], {"x": 1}, "2026-13-45", "NaN"]


def places(value, at=()) -> Iterator[tuple]:
    """Every place within a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*at, key)
        yield from places(inner, (*at, key))


def put(value, at, new):
    for key in at[:-1]:
        value = value[key]
    value[at[-1]] = new


def _json(change):
    def spoil(path, rng):
        text = path.read_text()
        lines = text.splitlines() if path.suffix == ".jsonl" else [text]
        number = rng.randrange(len(lines))
        value = json.loads(lines[number])
        change(value, rng)
        lines[number] = json.dumps(value)
        replaced(path, "\n".join(lines).encode() + b"\n")

    return spoil


def odd_value(value, rng):
    put(value, rng.choice(list(places(value))), rng.choice(ODD))


def renamed(value, rng):
    at = rng.choice([place for place in places(value) if isinstance(place[-1], str)])
    inner = value
    for key in at[:-1]:
        inner = inner[key]
    inner["x" + at[-1]] = inner.pop(at[-1])


def newer(value, _):
    value["schema_version"] = 99
    value["written_by"] = "runtime-pilot 9.1.0"


def odd_version(value, rng):
    value["schema_version"] = rng.choice([0, -1, 1.5, "x", None, [1], True, 10**30])


def endless(value, rng):
    at = rng.choice(list(places(value)))
    put(value, at, float(rng.choice(["inf", "nan", "-inf"])))


def long_text(value, rng):
    put(value, rng.choice(list(places(value))), "x" * 3_000_000)


JSON: dict[str, Spoil] = {
    f.__name__: _json(f) for f in (odd_value, renamed, newer, odd_version, endless, long_text)
} | {f"odd_value_{k}": _json(odd_value) for k in range(4)}


def _line(change):
    def spoil(path, rng):
        lines = path.read_bytes().splitlines(keepends=True)
        change(lines, rng)
        replaced(path, b"".join(lines))

    return spoil


JOURNAL: dict[str, Spoil] = {
    "line_removed": _line(lambda lines, rng: lines.pop(rng.randrange(len(lines) - 1))),
    "line_twice": _line(lambda lines, rng: lines.insert(0, lines[rng.randrange(len(lines))])),
    "lines_moved": _line(lambda lines, rng: lines.append(lines.pop(rng.randrange(len(lines) - 1)))),
    "line_between": _line(lambda lines, rng: lines.insert(rng.randrange(len(lines)), b"null\n")),
    "cheaper": _line(lambda lines, _: lines.__setitem__(slice(None), [x.replace(b'"0.5"', b'"0.0"') for x in lines])),
}


def _table(change):
    def spoil(path, rng):
        table = change(pq.read_table(path), rng)
        path.unlink()
        pq.write_table(table, path, compression="zstd")

    return spoil


def _set(table, name, values):
    at = table.schema.get_field_index(name)
    return table.set_column(at, name, values)


def numbers_changed(value):
    def change(table, rng):
        name = rng.choice(["finished_s", "scheduled_s", "sent_s", "generation_ms"])
        values = table.column(name).to_pylist()
        values[rng.randrange(len(values))] = value
        return _set(table, name, pa.array(values, pa.float64()))

    return _table(change)


def bomb(path, _):
    """Few bytes, and gigabytes when it is decoded."""
    n = 20_000_000
    zeros = pa.array([0.0], pa.float64())
    column = pa.concat_arrays([zeros] * 1).take(pa.array([0] * 1000, pa.int32()))
    table = pq.read_table(path)
    names = table.schema.names
    batch = pa.table(
        {name: column if table.schema.field(name).type == pa.float64() else pa.nulls(1000) for name in names}
    )
    path.unlink()
    with pq.ParquetWriter(path, batch.schema, compression="zstd") as writer:
        whole = pa.concat_tables([batch] * 1000)
        for _ in range(n // 1_000_000):
            writer.write_table(whole)


def fat_text(path, _):
    table = pq.read_table(path)
    texts = pa.array(["x" * (1 << 21)] * len(table))
    path.unlink()
    pq.write_table(_set(table, "detail", texts), path, compression="zstd")


def wrong_kind(table, rng):
    name = rng.choice(["outcome", "finished_s", "seq", "measured"])
    return _set(table, name, pa.array([["x"]] * len(table)))


def without_column(table, rng):
    return table.drop_columns([rng.choice(["outcome", "finished_s", "seq", "measured", "stream", "question_id"])])


def renamed_column(table, rng):
    name = rng.choice(["outcome", "finished_s", "seq", "measured"])
    return table.rename_columns([f"x{n}" if n == name else n for n in table.schema.names])


def seq_twice(table, rng):
    values = table.column("seq").to_pylist()
    values[rng.randrange(1, len(values))] = values[0]
    return _set(table, "seq", pa.array(values, pa.int64()))


def without_rows(table, _):
    return table.slice(0, 0)


def fewer_rows(table, rng):
    return table.slice(0, rng.randrange(1, len(table) - 1))


def more_rows(table, _):
    return pa.concat_tables([table, table])


def all_null(table, rng):
    name = rng.choice(["outcome", "finished_s", "seq", "measured", "scheduled_s"])
    return _set(table, name, pa.nulls(len(table), table.schema.field(name).type))


def other_outcome(table, rng):
    values = table.column("outcome").to_pylist()
    values[rng.randrange(len(values))] = rng.choice(["ok ", "great", "", "lost"])
    return _set(table, "outcome", pa.array(values))


def newer_table(table, _):
    return table.replace_schema_metadata({"schema_version": "99", "written_by": "runtime-pilot 9.1.0"})


PARQUET: dict[str, Spoil] = {
    **{
        f.__name__: _table(f)
        for f in (
            *(wrong_kind, without_column, renamed_column, seq_twice, without_rows, fewer_rows, more_rows, all_null),
            *(other_outcome, newer_table),
        )
    },
    **{f"holds_{value}": numbers_changed(value) for value in (float("inf"), float("nan"), -1e6, 1e300, -0.5)},
    "bomb": bomb,
    "fat_text": fat_text,
}


def spoils(path: Path) -> dict[str, Spoil]:
    """What may be done to such a file."""
    if path.suffix == ".parquet":
        return {k: v for k, v in ANY.items() if k != "deep"} | (PARQUET if path.name == "samples.parquet" else {})
    more = JOURNAL if path.name == "journal.jsonl" else {}
    return ANY | JSON | more
