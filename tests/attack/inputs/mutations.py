"""Seeded rules that spoil an input, each with what an honest reader makes of it."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.attack.inputs.oracle import verdict
from tests.attack.inputs.sample import QUESTIONS, TABLES, TRACE, Raw, toml

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Mutation:
    """One spoilt file: ``apply`` writes it into a sound workspace; a ``harmless`` one is to be accepted."""

    file: str
    place: Place
    rule: str
    apply: Callable[[Path], None]
    harmless: bool | None = False  # None: may be taken or refused

    @property
    def name(self) -> str:
        return f"{self.file}:{'.'.join(map(str, self.place))}:{self.rule}"


def all_of(seed: int) -> list[Mutation]:
    """Every rule at every place of every file."""
    rng = Random(seed)
    out = [m for file, data in TABLES.items() for m in _of_tables(file, data, rng)]
    out += _of_questions(rng)
    out += _of_trace()
    for file in (*TABLES, "questions.jsonl", "trace.csv"):
        out += _of_file(file)
    return out


def sample(count: int, seed: int) -> list[Mutation]:
    """Some of each rule, as evenly as they go."""
    rng = Random(seed)
    by_rule: dict[str, list[Mutation]] = {}
    for mutation in all_of(seed):
        by_rule.setdefault(mutation.rule, []).append(mutation)
    for found in by_rule.values():
        rng.shuffle(found)
    out: list[Mutation] = []
    while len(out) < count:
        out += [found.pop() for found in by_rule.values() if found]
    return out[:count]


def _of_tables(file: str, data: dict[str, Any], rng: Random) -> Iterator[Mutation]:
    for place, value in _leaves(data):
        for rule, spoilt in _spoilt(value, rng):
            yield _table(file, data, place, rule, spoilt)
        if isinstance(place[-1], str):
            yield _renamed(file, data, place)
    for place in _tables(data):
        yield _table(file, data, (*place, "zzz_unknown"), "unknown key", 1)
        if place:
            yield _table(file, data, place, "number for a table", 3)
            yield _table(file, data, place, "list for a table", [1])


def _table(file: str, data: dict[str, Any], place: Place, rule: str, value: Any) -> Mutation:
    def apply(root: Path) -> None:
        (root / file).write_text(toml(_with(data, place, value)), encoding="utf-8")

    return Mutation(file, place, rule, apply, verdict(file, place, rule))


def _renamed(file: str, data: dict[str, Any], place: Place) -> Mutation:
    def apply(root: Path) -> None:
        made = copy.deepcopy(data)
        table = _at(made, place[:-1])
        name = str(place[-1])
        table[name + "q"] = table.pop(name)
        (root / file).write_text(toml(made), encoding="utf-8")

    return Mutation(file, place, "misspelt key", apply, verdict(file, place, "misspelt key"))


def _spoilt(value: Any, rng: Random) -> Iterator[tuple[str, Any]]:
    nested: Any = 1
    for _ in range(60):
        nested = [nested]
    yield "deep nesting", nested
    yield "date", Raw("2026-11-26T09:00:00Z")
    yield "huge integer", 2 ** rng.randint(64, 400)
    yield "nan", float("nan")
    yield "infinity", float("inf")
    yield "table for a value", {"x": 1}
    if isinstance(value, bool):
        yield "number for a boolean", 1
        yield "text for a boolean", "true"
    elif isinstance(value, int | float):
        yield "negative", -abs(value) - 1
        yield "huge", rng.choice((1e308, 1e100, 1e19))
        yield "boolean for a number", True
        yield "text for a number", str(value)
        yield "list for a number", [value]
        yield "empty text", ""
    else:
        yield "number for text", rng.randint(1, 9)
        yield "boolean for text", True
        yield "empty text", ""
        yield "control character", f"{value}\x1b[31m"
        yield "NUL", f"{value}\x00"
        yield "CRLF", f"{value}\r\nX-Evil: 1"
        yield "long text", "x" * 200_000
        yield "misspelt reference", _swapped(str(value), rng)


def _swapped(text: str, rng: Random) -> str:
    at = rng.randrange(max(1, len(text) - 1))
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :] + "q"


def _of_questions(rng: Random) -> Iterator[Mutation]:
    def row(place: Place, rule: str, value: Any) -> Mutation:
        def apply(root: Path) -> None:
            rows = [QUESTIONS[0], _with(QUESTIONS[1], place, value), QUESTIONS[2]]
            (root / "questions.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")

        return Mutation("questions.jsonl", place, rule, apply, verdict("questions.jsonl", place, rule))

    for place, value in _leaves(QUESTIONS[1]):
        for rule, spoilt in _spoilt(value, rng):
            if not isinstance(spoilt, Raw):
                yield row(place, rule, spoilt)
    yield row(("zzz_unknown",), "unknown key", 1)
    yield row(("id",), "stands twice", "q0")
    yield row(("messages",), "empty list", [])
    yield row(("messages", 0, "role"), "not a role", "root")
    lines = {
        "torn line": '{"id": "x", "mess',
        "not an object": "[1, 2]",
        "deep line": "[" * 100_000,
        "half a surrogate": '{"id": "\\ud800", "messages": [{"role": "user", "content": "x"}]}',
        "bare NaN": '{"id": "x", "top_k": NaN, "messages": [{"role": "user", "content": "x"}]}',
    }
    for rule, line in lines.items():
        yield _text("questions.jsonl", rule, lambda text, line=line: text + line + "\n", ("line 4",))
    yield _text(
        "questions.jsonl", "U+2028 in a text", lambda text: text.replace("What", "What\u2028"), (), harmless=True
    )


def _of_trace() -> Iterator[Mutation]:
    rows = {
        "absurd instant": "1e308,1,1",
        "nan instant": "nan,1,1",
        "infinite instant": "inf,1,1",
        "no instant": ",1,1",
        "words": "soon,1,1",
        "year 0": "0000-00-00T00:00:00,1,1",
        "negative tokens": "3,-5,1",
        "part of a token": "3,1.5,1",
        "huge tokens": "3,1e30,1",
        "nan tokens": "3,nan,1",
        "too many values": "3,1,1,9,9",
        "NUL in a row": "3,\x00,1",
        "open quote": '"3,1,1' + "x" * 200_000,
        "long field": "3," + "1" * 200_000 + ",1",
    }
    for rule, row in rows.items():
        yield _text("trace.csv", rule, lambda text, row=row: text + row + "\n", ("line",))
    yield _text("trace.csv", "no column of times", lambda text: text.replace("timestamp", "when_q"), ("line 1",))
    yield _text("trace.csv", "a column twice", lambda text: text.replace("output_tokens", "input_tokens"), ("line 1",))
    yield _text("trace.csv", "only a head", lambda text: text.split("\n")[0] + "\n", ())
    yield _text("trace.csv", "one instant", lambda _: "timestamp\n5\n5\n5\n", ())
    yield _text("trace.csv", "instant of another age", lambda text: text + "99999999999,1,1\n", ())
    yield _text("trace.csv", "centuries", lambda _: "timestamp\n0\n99999999998\n", ())


def _of_file(file: str) -> Iterator[Mutation]:
    yield _text(file, "byte order mark", lambda text: "\ufeff" + text, (), harmless=True)
    yield _text(file, "line ends of Windows", lambda text: text.replace("\n", "\r\n"), (), harmless=True)
    yield _bytes(file, "empty file", lambda _: b"")
    yield _bytes(file, "UTF-16", lambda raw: raw.decode().encode("utf-16"))
    yield _bytes(file, "not UTF-8", lambda raw: raw + b"\n\xff\xfe\xfa\n")
    yield _bytes(file, "NULs", lambda _: b"\x00" * 4096)
    yield _bytes(file, "noise", lambda raw: Random(len(raw)).randbytes(4096))
    if file.endswith(".toml"):
        yield _text(file, "cut in the middle", lambda text: text[: len(text) // 2], ())
        yield _text(file, "a key twice", lambda text: text + text.split("\n")[0] + "\n", ())
        yield _text(file, "a number of 5,000 digits", lambda text: text + "zzz = " + "9" * 5000 + "\n", ())
        yield _text(file, "lists 5,000 deep", lambda text: text + "zzz = " + "[" * 5000 + "]" * 5000 + "\n", ())
    yield _special(file, "a folder", lambda path: path.mkdir())
    yield _special(file, "a named pipe", os.mkfifo)
    yield _special(file, "endless zeros", lambda path: path.symlink_to("/dev/zero"))
    yield _special(file, "a link to itself", lambda path: path.symlink_to(path.name))
    yield _special(file, "gigabytes", _sparse)
    if file != "targets/beta/sweep.toml":  # without one there is no sweep
        yield _special(file, "a link to nowhere", lambda path: path.symlink_to("nowhere"))


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(8 << 30)


def _text(file: str, rule: str, change: Callable[[str], str], place: Place, *, harmless: bool = False) -> Mutation:
    def apply(root: Path) -> None:
        path = root / file
        with path.open("w", encoding="utf-8", newline="") as out:
            out.write(change(_sound(file)))

    return Mutation(file, place, rule, apply, harmless)


def _bytes(file: str, rule: str, change: Callable[[bytes], bytes], *, harmless: bool = False) -> Mutation:
    return Mutation(file, (), rule, lambda root: _write(root / file, change(_sound(file).encode())), harmless)


def _write(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)


def _special(file: str, rule: str, make: Callable[[Path], object]) -> Mutation:
    def apply(root: Path) -> None:
        (root / file).unlink()
        make(root / file)

    return Mutation(file, (), rule, apply)


def _sound(file: str) -> str:
    if file in TABLES:
        return toml(TABLES[file])
    return TRACE if file == "trace.csv" else "".join(json.dumps(row) + "\n" for row in QUESTIONS)


def _leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*place, key))
    elif not isinstance(value, dict | list):
        yield place, value


def _tables(value: Any, place: Place = ()) -> Iterator[Place]:
    if isinstance(value, dict):
        yield place
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _tables(inner, (*place, key))


def _with(data: Any, place: Place, value: Any) -> Any:
    made = copy.deepcopy(data)
    _at(made, place[:-1])[place[-1]] = value
    return made


def _at(data: Any, place: Place) -> Any:
    for part in place:
        data = data[part]
    return data
