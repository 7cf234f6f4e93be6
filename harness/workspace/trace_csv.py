"""A trace file: a CSV with a column of timestamps, and columns of token counts where they are known."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness.domain.bounds import DAY_S, MOST_TRACE_ROWS, MOST_TRACE_S, TOKENS, TRACE_BYTES
from harness.domain.trace import Clock, Seen, Trace
from harness.errors import BadFile, Problem
from harness.evidence.regular import bytes_of
from harness.tables.plain import shown
from harness.tables.text import UTF_16, decoded

TIMES = ("timestamp", "time", "arrived_at", "at_s", "arrival_timestamp", "start_time", "@timestamp")
INPUTS = ("contexttokens", "input_tokens", "prompt_tokens", "input_length", "num_prefill_tokens")
CLOCKS = {"": None, "_s": Clock.SECONDS, "_ms": Clock.MILLISECONDS, "_us": Clock.MICROSECONDS, "_ns": Clock.NANOSECONDS}
# Since 1970: below this it is seconds (the year 5138); the same instant is a thousand times that in each finer unit.
MOST_SECONDS = 1e11
OUTPUTS = ("generatedtokens", "output_tokens", "completion_tokens", "output_length", "num_decode_tokens")
MOST_PROBLEMS = 20


def read_trace(path: Path) -> Trace:
    """Times as ISO 8601, seconds, or milli-, micro- or nanoseconds since 1970, in any order.

    A column whose name ends in ``_ms``, ``_us`` or ``_ns`` says its unit itself, since 1970
    or not. Raises BadFile with up to 20 problems and their lines.
    """
    raw = bytes_of(path, most=TRACE_BYTES)
    if raw.startswith(UTF_16):
        decoded(path, raw)  # raises with the mend
    rows = csv.DictReader(io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8-sig", newline=""))
    problems: list[Problem] = []
    try:
        clock, seen = _seen(rows, path, problems)
    except csv.Error as error:
        raise BadFile(path, [Problem(f"line {rows.line_num + 1}", f"is not CSV: {error}")]) from None
    except UnicodeDecodeError:
        decoded(path, raw)  # raises with the line
        raise
    if not problems:
        problems += _unusable(seen)
    if problems:
        raise BadFile(path, problems)
    first = seen[0].at_s
    shifted = tuple(Seen(s.at_s - first, s.input_tokens, s.output_tokens) for s in seen)
    return Trace(str(path), "sha256:" + hashlib.sha256(raw).hexdigest(), shifted, clock)


def _seen(rows: csv.DictReader[str], path: Path, problems: list[Problem]) -> tuple[Clock, list[Seen]]:
    fields = rows.fieldnames or ()
    if twice := sorted({name for name in fields if name and list(fields).count(name) > 1}):
        raise BadFile(path, [Problem("line 1", f"{', '.join(twice)[:80]!r} names two columns")])
    times = {f"{name}{suffix}": clock for name in TIMES for suffix, clock in CLOCKS.items()}
    at, asked, answered = (_column(fields, names) for names in (tuple(times), INPUTS, OUTPUTS))
    if at is None:
        found = shown(", ".join(fields)) or "none"
        raise BadFile(path, [Problem("line 1", f"want a column of times ({', '.join(TIMES)}), found {found}")])
    clock = said = times[at.strip().lower()]
    seen: list[Seen] = []
    for row in rows:
        where = f"line {rows.line_num}"
        number, own = _instant(row[at], f"{where}, {at}", problems)
        tokens = [_tokens(row, column, where, problems) for column in (asked, answered)]
        if number is not None:
            clock = clock or own
            if not said and own is not clock:
                words = (
                    f"looks like {own}, the lines before it like {clock}: name the column {at}_ms, {at}_us or {at}_ns"
                )
                problems.append(Problem(f"{where}, {at}", words))
            seen.append(Seen(number, *tokens))
        if len(seen) > MOST_TRACE_ROWS:
            problems.append(Problem(where, f"is one too many: want at most {MOST_TRACE_ROWS} requests"))
        if row.get(None):  # where csv puts what has no column
            problems.append(Problem(where, "has more values than the first line has names"))
        if len(problems) >= MOST_PROBLEMS:
            break
    clock = clock or Clock.SECONDS
    return clock, [Seen(s.at_s / clock.per_second, s.input_tokens, s.output_tokens) for s in seen]


def _unusable(seen: list[Seen]) -> list[Problem]:
    """What is wrong with the whole, each row being right; puts them in order."""
    if len(seen) < 2:
        return [Problem("", "want at least two requests")]
    seen.sort(key=lambda s: s.at_s)
    length_s = seen[-1].at_s - seen[0].at_s
    if length_s > MOST_TRACE_S:
        days = MOST_TRACE_S / DAY_S
        return [Problem("", f"spans {length_s / DAY_S:.4g} days: want at most {days:g}, or is a time in another unit?")]
    return [] if length_s > 0 else [Problem("", "every request has the same time")]


def _column(found: Sequence[str], wanted: tuple[str, ...]) -> str | None:
    by_name = {name.strip().lower(): name for name in found}
    return next((by_name[name] for name in wanted if name in by_name), None)


def _instant(value: str | None, where: str, problems: list[Problem]) -> tuple[float | None, Clock]:
    """A number as it stands and what it would count as a time since 1970; an ISO 8601 time counts seconds."""
    text = (value or "").strip()
    try:
        number = float(text)
    except ValueError:
        try:
            parsed = datetime.fromisoformat(_microseconds(text))
        except ValueError:
            problems.append(Problem(where, f"want seconds or a time like 2026-11-25T09:00:00.123, not {text[:80]!r}"))
            return None, Clock.SECONDS
        number = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    for clock in Clock:
        if abs(number) < MOST_SECONDS * clock.per_second:
            return number, clock
    problems.append(Problem(where, f"want a time before the year 5138, not {text[:80]!r}"))
    return None, Clock.SECONDS


def _microseconds(text: str) -> str:
    """Python reads at most six decimals; traces have seven and nine."""
    head, dot, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{head}.{rest[: min(digits, 6)]}{rest[digits:]}" if dot else text


def _tokens(row: dict[str, str], column: str | None, where: str, problems: list[Problem]) -> int | None:
    text = (row.get(column) or "").strip() if column else ""
    if not text:
        return None
    try:
        count = float(text)
    except ValueError:
        count = -1.0
    if count not in TOKENS or not count.is_integer():
        problems.append(Problem(f"{where}, {column}", f"want a number of tokens {TOKENS}, not {text[:80]!r}"))
        return None
    return int(count)
