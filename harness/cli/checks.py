"""How checks are printed, and with which exit code they end a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import typer

from harness.check.contract_check import Answer, Check, Weight
from harness.errors import Exit


def end(results: Mapping[str, Sequence[Check]]) -> None:
    """Exit 5 where one fails, 6 where one cannot be told or nothing was asked; what is only evidence gates nothing."""
    answers = [item for checks in results.values() for item in checks if item.weight in (Weight.GATE, Weight.ADVICE)]
    if any(item.answer is Answer.FAIL for item in answers):
        raise typer.Exit(int(Exit.GATE))
    if not answers or any(not item.stands for item in answers):  # also where nothing was asked
        raise typer.Exit(int(Exit.CANT_TELL))


def print_checks(checks: Iterable[Check]) -> None:
    """A group's; a document is printed where its command wants it."""
    for item in checks:
        if item.weight is not Weight.DOCUMENT:
            print_check(item)


def print_check(item: Check) -> None:
    """One line, and one each for what the server said and what to do."""
    print(f"  {item.answer.value:<10} {item.name}{f': {item.detail}' if item.detail else ''}")
    for label, text in (("it said", item.said), ("to do", item.mend)):
        if text:
            print(f"  {'':<10} {label}: {text}")
