"""Lines of a text: JSON Lines, logs and program output are split at line feeds alone."""

from __future__ import annotations

BOM = "\ufeff"


def lines_of(text: str) -> list[str]:
    """Without their ends; ``str.splitlines`` would also cut at U+2028, U+0085 or a form feed, which a line may hold.

    A byte order mark before a line is dropped: editors on Windows write one, and joined files carry it inside.
    """
    pieces = text.split("\n")
    if not pieces[-1]:
        pieces.pop()
    return [piece.removesuffix("\r").removeprefix(BOM) for piece in pieces]


def first_line(text: str) -> str:
    """Empty where there is none."""
    return next(iter(lines_of(text.strip())), "")


def last_line(text: str) -> str:
    """Empty where there is none."""
    return (lines_of(text.strip()) or [""])[-1]


def names_in(text: str) -> tuple[str, ...]:
    """Names with blanks between them: many in few lines."""
    return tuple(text.split())
