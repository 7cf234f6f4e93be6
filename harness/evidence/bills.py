"""Bills by day as they were pulled: every answer kept, the last one counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from harness.errors import BadFile
from harness.evidence.files import dump, read_json, write_text
from harness.evidence.schema import BILL_FORMAT, UNREAD_BILL_FORMAT

FOLDER = "bills"
FINAL_AFTER_S = 48 * 3600


def latest(folder: Path, day: date) -> dict[str, Any] | None:
    """The last answer about a day; None where there is none."""
    for path in sorted(folder.glob(f"{day.isoformat()}.*.json"), key=_number)[::-1]:
        try:
            return read_json(path, BILL_FORMAT)
        except BadFile:
            continue
    return None


def all_days(folder: Path) -> list[dict[str, Any]]:
    """The last answer about each day that was asked for, in order."""
    days = sorted({path.name.split(".")[0] for path in folder.glob("????-??-??.*.json")})
    return [bill for day in days if (bill := latest(folder, date.fromisoformat(day))) is not None]


def final(bill: Mapping[str, Any]) -> bool:
    """Whether it can no longer change: once it is no estimate, or two days after the day's end."""
    end = datetime.combine(date.fromisoformat(bill["day"]), datetime.min.time(), UTC).timestamp() + 86_400
    return not bill["estimated"] or bool(bill["pulled_unix_s"] - end >= FINAL_AFTER_S)


def write(folder: Path, day: date, content: Mapping[str, Any]) -> None:
    """One more answer; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob(f"{day.isoformat()}.*.json"))) + 1
    said = BILL_FORMAT.stamped({"day": day.isoformat(), **content})
    write_text(folder / f"{day.isoformat()}.{number}.json", dump(said))


def write_unread(folder: Path, day: date, raw: Sequence[Any]) -> None:
    """Answers about a day that could not be read, as they came; raises OSError."""
    unread = folder / "unread"
    unread.mkdir(parents=True, exist_ok=True)
    number = len(list(unread.glob(f"{day.isoformat()}.*.json"))) + 1
    write_text(unread / f"{day.isoformat()}.{number}.json", dump(UNREAD_BILL_FORMAT.stamped({"answers": raw})))


def _number(path: Path) -> int:
    text = path.name.split(".")[1]
    return int(text) if text.isdigit() else 0
