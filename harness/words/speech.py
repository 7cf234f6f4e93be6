"""From a reason to its sentence, by a book that can be exchanged: whoever translates or rewrites it changes nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields
from typing import Any

from harness.domain.reason import Reason

Sentence = str | Callable[[Any], str]  # a template over the figures, or what makes it of the reason
Book = Mapping[type[Reason], Sentence]

BOOK: dict[type[Reason], Sentence] = {}  # every kind; filled where the room is put together
_SPOKEN: ContextVar[Book] = ContextVar("book", default=BOOK)


def said(reason: Reason) -> str:
    """The sentence, its reasons within included."""
    sentence = _SPOKEN.get()[type(reason)]
    if not isinstance(sentence, str):
        return sentence(reason)
    return sentence.format_map({field.name: _figure(getattr(reason, field.name)) for field in fields(reason)})


def all_said(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """One sentence each, in their order."""
    return tuple(map(said, reasons))


@contextmanager
def spoken(book: Book) -> Iterator[None]:
    """Within it, sentences are those of ``book``."""
    before = _SPOKEN.set(book)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def _figure(value: object) -> object:
    return said(value) if isinstance(value, Reason) else value
