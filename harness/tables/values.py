"""What a field of a table may hold: numbers within the bounds of the domain, names, paths and variables."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from harness.domain import bounds, headers
from harness.domain.bounds import Range
from harness.tables.plain import shown

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"(AKIA|ASIA|AIza|eyJ|sk_|pk_|rk_|gh[pousr]_|github_pat_|xox[a-z]_|glpat|npm_|hf_|dop_)\w{8,}")
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9]{20,}|[0-9a-f_]{32,}")


def _bounded(range_: Range) -> object:
    """The same as pydantic says it, whose words name the bound that was left."""
    if range_.above:
        return Field(gt=range_.least, le=range_.most)
    return Field(ge=range_.least, le=range_.most)


def whole(value: object) -> object:
    """A whole number may be written with an exponent, as 2e6."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def money(value: object) -> object:
    """A number as it was written; pydantic would also read one out of a text."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return Decimal(str(value))
    raise ValueError("want a number")


def name_problem(name: str) -> str | None:
    """Why this is not the name of a folder, a profile or a target; None where it is one."""
    if len(name) > bounds.MOST_NAME:
        return f"is longer than {bounds.MOST_NAME} characters"
    if not _NAME.fullmatch(name):
        return f"{name!r}: want letters, digits, dots, dashes and underscores, a letter or digit first"
    return None


def looks_like_a_key(text: str) -> bool:
    """Rather a key or token itself than the name of a variable that holds it."""
    return bool(_KEY.match(text) or _RANDOM.fullmatch(text))


def _name(value: str) -> str:
    if problem := name_problem(value):
        raise ValueError(problem)
    return value


def _variable(value: str) -> str:
    """Its words never repeat the value: it may be the secret itself."""
    if len(value) > bounds.MOST_NAME or not _VARIABLE.fullmatch(value) or looks_like_a_key(value):
        raise ValueError("want the name of an environment variable, as CHAT_TOKEN, never the secret itself")
    return value


def _header_name(value: str) -> str:
    if problem := headers.name_problem(value):
        raise ValueError(f"{shown(value)}: {problem}")
    return value


def _title(value: str) -> str:
    if not value.isprintable():
        raise ValueError("want one line of printable text")
    return value


def _line(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("want one line of printable text, not empty")
    return value


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """Raises ValueError with what stands twice."""
    twice = sorted({str(v) for v in values if values.count(v) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)}: stands twice")
    return values


def not_blank(text: str) -> str:
    """Raises ValueError where nothing but blanks is said."""
    if not text.strip():
        raise ValueError("says nothing")
    return text


def names_a_program(command: tuple[str, ...]) -> tuple[str, ...]:
    """Raises ValueError where the first word is empty."""
    if command and not command[0].strip():
        raise ValueError("its first word is empty: want a program")
    return command


Share = Annotated[float, _bounded(bounds.SHARE)]
Weight = Annotated[float, _bounded(bounds.WEIGHT)]
Rate = Annotated[float, _bounded(bounds.RATE)]
RunSeconds = Annotated[float, _bounded(bounds.RUN_S)]
WarmupSeconds = Annotated[float, _bounded(bounds.WARMUP_S)]
AnswerSeconds = Annotated[float, _bounded(bounds.ANSWER_S)]
PauseSeconds = Annotated[float, _bounded(bounds.PAUSE_S)]
JobSeconds = Annotated[float, _bounded(bounds.JOB_S)]
IdleSeconds = Annotated[float, _bounded(bounds.IDLE_S)]
Speed = Annotated[float, _bounded(bounds.SPEED)]
Cv = Annotated[float, _bounded(bounds.CV)]
UsdAbove0 = Annotated[float, _bounded(bounds.USD_ABOVE_0)]
Usd = Annotated[Decimal, BeforeValidator(money), _bounded(bounds.USD)]
Monthly = Annotated[int, BeforeValidator(whole), _bounded(bounds.REQUESTS_PER_MONTH)]
Seed = Annotated[int, _bounded(bounds.SEED)]
Count = Annotated[int, Field(ge=1, le=bounds.INSTANCES.most)]
CountOrNone = Annotated[int, _bounded(bounds.INSTANCES)]
Quantity = Annotated[float, _bounded(bounds.QUANTITY)]
Kilobytes = Annotated[float, _bounded(bounds.SIZE_KB)]
Megabytes = Annotated[float, _bounded(bounds.MEMORY_MB)]
Limit = Annotated[float, _bounded(bounds.LIMIT)]
MaxTokens = Annotated[int, _bounded(bounds.MAX_TOKENS)]
Zipf = Annotated[float, _bounded(bounds.ZIPF)]
Turns = Annotated[float, _bounded(bounds.TURNS)]
PromptTokens = Annotated[float, _bounded(bounds.PROMPT_TOKENS)]
PromptSigma = Annotated[float, _bounded(bounds.PROMPT_SIGMA)]
Name = Annotated[str, AfterValidator(_name)]
Variable = Annotated[str, AfterValidator(_variable)]
Title = Annotated[str, Field(max_length=200), AfterValidator(_title)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Line = Annotated[str, Field(max_length=bounds.MOST_PATH), AfterValidator(_line)]  # also a path, a region, an id
