"""A trace file: a CSV with a column of timestamps, and columns of token counts where they are known."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness.domain.trace import Seen, Trace
from harness.errors import BadFile, Problem

TIMES = ("timestamp", "time", "arrived_at", "at_s", "arrival_timestamp", "start_time", "@timestamp")
INPUTS = ("contexttokens", "input_tokens", "prompt_tokens", "input_length", "num_prefill_tokens")
OUTPUTS = ("generatedtokens", "output_tokens", "completion_tokens", "output_length", "num_decode_tokens")
MOST_PROBLEMS = 20


def read_trace(path: Path) -> Trace:
    """Times as seconds or ISO 8601, in any order; raises BadFile with up to 20 problems and their lines."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise BadFile(path, [Problem("", "no such file")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(path, [Problem("", f"cannot be read: {error}")]) from None
    rows = csv.DictReader(io.StringIO(text))
    at, asked, answered = (_column(rows.fieldnames or (), names) for names in (TIMES, INPUTS, OUTPUTS))
    if at is None:
        found = ", ".join(rows.fieldnames or ()) or "none"
        raise BadFile(path, [Problem("line 1", f"want a column of times ({', '.join(TIMES)}), found {found}")])
    problems: list[Problem] = []
    seen: list[Seen] = []
    for row in rows:
        where = f"line {rows.line_num}"
        instant = _instant(row[at], f"{where}, {at}", problems)
        tokens = [_tokens(row, column, where, problems) for column in (asked, answered)]
        if instant is not None:
            seen.append(Seen(instant, *tokens))
        if len(problems) >= MOST_PROBLEMS:
            break
    if len(seen) < 2 and not problems:
        problems.append(Problem("", "want at least two requests"))
    if problems:
        raise BadFile(path, problems)
    seen.sort(key=lambda s: s.at_s)
    first = seen[0].at_s
    shifted = tuple(Seen(s.at_s - first, s.input_tokens, s.output_tokens) for s in seen)
    return Trace(str(path), "sha256:" + hashlib.sha256(raw).hexdigest(), shifted)


def _column(found: Sequence[str], wanted: tuple[str, ...]) -> str | None:
    by_name = {name.strip().lower(): name for name in found}
    return next((by_name[name] for name in wanted if name in by_name), None)


def _instant(value: str | None, where: str, problems: list[Problem]) -> float | None:
    text = (value or "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            parsed = datetime.fromisoformat(_microseconds(text))
        except ValueError:
            problems.append(Problem(where, f"want seconds or a time like 2026-11-25T09:00:00.123, not {text!r}"))
            return None
        seconds = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    if math.isfinite(seconds):
        return seconds
    problems.append(Problem(where, f"want a finite time, not {text!r}"))
    return None


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
        count = int(float(text))
    except (ValueError, OverflowError):
        count = -1
    if count < 0:
        problems.append(Problem(f"{where}, {column}", f"want a number of tokens, not {text!r}"))
        return None
    return count
