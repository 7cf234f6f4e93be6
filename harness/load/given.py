"""Options as values: the command line's, or the web UI's, which hands numbers back as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import Refused

if TYPE_CHECKING:
    import argparse


class Given:
    """Options as values; the web UI hands numbers back as text."""

    def __init__(self, parsed: argparse.Namespace) -> None:
        self._values = vars(parsed)
        self._problems: list[str] = []

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        return str(value) if value not in (None, "", "None") else None

    def number(self, name: str, *, zero: bool = False) -> float | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not (value > 0 or (zero and value == 0)) or value != value or value == float("inf"):  # noqa: PLR0124
            self._problems.append(
                f"--{name.replace('_', '-')}: want a number {'of at least' if zero else 'above'} 0, not {text}"
            )
            return None
        return value

    def whole(self, name: str) -> int | None:
        text = self.text(name)
        try:
            value = None if text is None else float(text)
            if value is None or value == int(value):
                return None if text is None else int(text) if text.lstrip("+-").isdigit() else int(value or 0)
        except (ValueError, OverflowError):
            pass
        self._problems.append(f"--{name.replace('_', '-')}: want a whole number, not {text}")
        return None

    def share(self, name: str) -> float | None:
        value = self.number(name, zero=True)
        if value is not None and value > 1:
            self._problems.append(f"--{name.replace('_', '-')}: want a share from 0 to 1, not {value:g}")
            return None
        return value

    def flag(self, name: str) -> bool:
        return bool(self._values.get(name))

    def problem(self, text: str) -> None:
        self._problems.append(text)

    def raise_problems(self) -> None:
        if self._problems:
            raise Refused("; ".join(self._problems), "locust -f FILE --help lists the options")
