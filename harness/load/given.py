"""Options as values within the bounds of the domain: the command line's, or the web UI's, which hands numbers back as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.domain import bounds
from harness.domain.bounds import Range
from harness.errors import Refused
from harness.tables.plain import CONTROL, shown

if TYPE_CHECKING:
    import argparse

WITHIN: Mapping[str, Range] = {
    "rate": bounds.RATE,
    "duration": bounds.RUN_S,
    "warmup": bounds.WARMUP_S,
    "speed": bounds.SPEED,
    "cv": bounds.CV,
    "deadline": bounds.ANSWER_S,
    "p95": bounds.ANSWER_S,
    "seed": bounds.SEED,
    "slots": bounds.SLOTS,
    "stream_share": bounds.SHARE,
    "repeats": bounds.SHARE,
    "zipf": bounds.ZIPF,
    "turns": bounds.TURNS,
    "max_tokens": bounds.MAX_TOKENS,
    "drain": bounds.ANSWER_S,
    "poll": bounds.POLL_S,
    "poll_rate": bounds.POLL_RATE,
}


class Given:
    """Options as values; what lies outside its bounds is None, with a problem that names the option."""

    def __init__(self, parsed: argparse.Namespace) -> None:
        self._values = vars(parsed)
        self._problems: list[str] = []

    def text(self, name: str) -> str | None:
        """Of one line, as it was said; None where nothing was."""
        value = self._values.get(name)
        if value in (None, "", "None"):
            return None
        text = str(value)
        if len(text) > bounds.MOST_PATH or CONTROL.search(text) or "\n" in text or "\r" in text:
            self._wrong(name, f"one line of at most {bounds.MOST_PATH} characters without control characters", text)
            return None
        return text

    def number(self, name: str) -> float | None:
        """Within the bounds of this option."""
        text = self.text(name)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if value not in WITHIN[name]:
            self._wrong(name, f"a number {WITHIN[name]}", text)
            return None
        return value

    def whole(self, name: str) -> int | None:
        """The same without a part behind the point; a number of many digits keeps each."""
        text = self.text(name)
        if text is None:
            return None
        try:
            value = int(text) if text.lstrip("+-").isdecimal() else float(text)
        except ValueError:
            value = float("nan")
        if value not in WITHIN[name] or value != int(value):
            self._wrong(name, f"a whole number {WITHIN[name]}", text)
            return None
        return int(value)

    def flag(self, name: str) -> bool:
        return bool(self._values.get(name))

    def problem(self, text: str) -> None:
        self._problems.append(text)

    def _wrong(self, name: str, wanted: str, text: str) -> None:
        self._problems.append(f"--{name.replace('_', '-')}: want {wanted}, not {shown(text)}")

    def raise_problems(self) -> None:
        if self._problems:
            told = dict.fromkeys(self._problems)  # an option may be asked for twice
            raise Refused("; ".join(told), "locust -f FILE --help lists the options")
