"""What others answer, typed where it enters: a shape that is not the documented one has a place, a reason and no traceback."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from harness.domain.identities import without_identity
from harness.domain.shown import visible
from harness.platforms.shared.call import Call, call

MOST_PAGES = 10_000
MOST_WORDS = 300


class NoAnswer(Exception):
    """A question without an answer that can be read; its text is the reason."""


class UnknownShape(NoAnswer):
    """The answer came, and is not what its service documents."""


@dataclass(frozen=True)
class Answer:
    """One value of an answer and where it stands; what is missing is a value too, until somebody needs it."""

    value: Any
    place: str = "the answer"

    @property
    def given(self) -> bool:
        return self.value is not None

    def __getitem__(self, name: str) -> Answer:
        """A field of an object; one that is missing, or null, has no fields either. Raises UnknownShape for the rest."""
        place = f"{self.place}.{name}" if self.place != "the answer" else name
        if self.value is None:
            return Answer(None, place)
        if not isinstance(self.value, Mapping):
            raise self.unlike("an object")
        return Answer(self.value.get(name), place)

    def rows(self) -> list[Answer]:
        """Of a list; none where it is missing. Raises UnknownShape."""
        if self.value is None:
            return []
        if isinstance(self.value, str | bytes) or not isinstance(self.value, Sequence):
            raise self.unlike("a list")
        return [Answer(value, f"{self.place}[{k}]") for k, value in enumerate(self.value)]

    def fields(self) -> dict[str, Answer]:
        """Of an object; none where it is missing. Raises UnknownShape."""
        if self.value is None:
            return {}
        if not isinstance(self.value, Mapping):
            raise self.unlike("an object")
        return {str(name): Answer(value, f"{self.place}.{name}") for name, value in self.value.items()}

    def text(self) -> str:
        """Raises UnknownShape."""
        if not isinstance(self.value, str):
            raise self.unlike("a text")
        return self.value

    def figure(self) -> float | None:
        """A number or the text of one, None for NaN and the infinite ones, which say that there is no value. Raises UnknownShape."""
        try:
            if isinstance(self.value, bool) or not isinstance(self.value, int | float | str | Decimal):
                raise self.unlike("a number")
            value = float(self.value)
        except (ValueError, OverflowError):
            raise self.unlike("a number") from None
        return value if math.isfinite(value) else None

    def number(self) -> float:
        """A finite one; raises UnknownShape."""
        value = self.figure()
        if value is None:
            raise self.unlike("a finite number")
        return value

    def whole(self) -> int:
        """A 64-bit whole number or the text of one, exactly; raises UnknownShape."""
        try:
            value = int(self.value) if isinstance(self.value, str) else int(self.number())
            value = self.value if isinstance(self.value, int) else value
        except ValueError:
            raise self.unlike("a whole number") from None
        if not -(2**63) <= value < 2**64:
            raise self.unlike("a number of 64 bits")
        return value

    def decimal(self) -> Decimal:
        """A finite one, exactly as it is written; raises UnknownShape."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | str | Decimal):
            raise self.unlike("a number")
        try:
            value = Decimal(str(self.value))
        except (InvalidOperation, ValueError):
            raise self.unlike("a number") from None
        if not value.is_finite():
            raise self.unlike("a finite number")
        return value

    def moment(self) -> float:
        """Unix seconds of a time or the ISO 8601 text of one, UTC where it names no zone; raises UnknownShape."""
        try:
            at = self.value if isinstance(self.value, datetime) else datetime.fromisoformat(self.text())
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            raise self.unlike("a time") from None

    def unlike(self, wanted: str) -> UnknownShape:
        """The error that says what was wanted here and what was found."""
        found = "nothing" if self.value is None else brief(self.value)
        return UnknownShape(f"an answer of unknown shape: {self.place}: want {wanted}, found {found}")


def answered(value: object) -> Answer:
    """A whole answer, which is an object in every API that is read here; raises UnknownShape."""
    answer = Answer(value)
    if not isinstance(value, Mapping):
        raise answer.unlike("an object")
    return answer


def parsed(text: str) -> Answer:
    """An object that came as text; raises UnknownShape."""
    try:
        return answered(json.loads(text))
    except (ValueError, RecursionError):
        raise UnknownShape("is not valid JSON") from None


def answer_of(method: Call, request: Mapping[str, Any]) -> Answer:
    """One call's answer; raises NoAnswer."""
    said = call(lambda **asked: {"answer": method(**asked)}, request)  # an odd answer may be a text too
    if isinstance(said, str):
        raise NoAnswer(printable(said))
    return answered(said["answer"])


def pages(method: Call, request: Mapping[str, Any], sends: str, gives: str) -> Iterator[Answer]:
    """Every page of a question; ``gives`` is the next page's token, asked for as ``sends``.

    Raises NoAnswer where a page does not come, or where the service would send them in circles.
    """
    seen: set[str] = set()
    asked = dict(request)
    for _ in range(MOST_PAGES):
        answer = answer_of(method, asked)
        yield answer
        token = answer[gives].text() if answer[gives].value else ""
        if not token:
            return
        if token in seen:
            raise NoAnswer("the service gives the same page again and again")
        seen.add(token)
        asked[sends] = token
    raise NoAnswer(f"more than {MOST_PAGES} pages")


def said_of(error: Exception) -> str:
    """Why there is no answer; "unexpected" where the fault is this program's, or another package's."""
    if isinstance(error, NoAnswer):
        return str(error)
    return f"unexpected: {type(error).__name__}: {printable(str(error))}"


def brief(value: object) -> str:
    """A value of somebody else's for a person: its kind, and what it says where that is short."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return "a list"
    try:
        text = ascii(value)
    except ValueError:  # an integer of more digits than Python prints
        text = type(value).__name__
    return text if len(text) <= 60 else f"{text[:57]}..."


def printable(text: str) -> str:
    """A cloud's words on one line, not a page long, without what identifies who asked."""
    return visible(without_identity(text), MOST_WORDS)
