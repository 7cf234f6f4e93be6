"""questions.jsonl: what is asked, one question a line, most popular first."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError, field_validator, model_validator

from harness.domain.bounds import MAX_TOKENS, MOST_QUESTIONS, PASSAGES, QUESTIONS_BYTES
from harness.domain.lines import lines_of
from harness.domain.questions import Message, Question
from harness.domain.shown import visible
from harness.errors import BadFile, Problem
from harness.tables.plain import shown
from harness.tables.table import Table
from harness.tables.text import text_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST_PROBLEMS = 20


class _MessageLine(Table):
    role: Annotated[str, Field(pattern="^(system|user|assistant)$")]
    content: str = Field(max_length=32_000)


class _QuestionLine(Table):
    id: str = Field(min_length=1, max_length=100)
    messages: tuple[_MessageLine, ...] = Field(min_length=1, max_length=64)
    top_k: int = Field(6, ge=PASSAGES.least, le=PASSAGES.most)
    max_tokens: int = Field(512, ge=MAX_TOKENS.least, le=MAX_TOKENS.most)
    session_id: str | None = Field(None, min_length=1, max_length=100)

    @field_validator("id", "session_id")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("holds a control character")
        return value

    @model_validator(mode="after")
    def _user_last(self) -> _QuestionLine:
        if self.messages[-1].role != "user":
            raise ValueError("messages: the last one must be from the user")
        if not self.messages[-1].content.strip():
            raise ValueError("messages: the last one asks nothing")
        return self


def read_questions(path: Path, max_tokens: int | None = None) -> tuple[Question, ...]:
    """Every question; raises BadFile with up to 20 problems and their line numbers."""
    out: list[Question] = []
    problems: list[Problem] = []
    ids: set[str] = set()
    for number, line in enumerate(lines_of(text_of(path, most=QUESTIONS_BYTES)), start=1):
        if len(problems) >= MOST_PROBLEMS:
            break
        if not line.strip():
            continue
        if len(out) == MOST_QUESTIONS:
            problems.append(Problem(f"line {number}", f"is one too many: want at most {MOST_QUESTIONS} questions"))
            break
        try:
            row = _QuestionLine.model_validate_json(line, strict=True)
        except ValidationError as error:
            problems += [problem_of(number, e) for e in error.errors()]
            continue
        if row.id in ids:
            problems.append(Problem(f"line {number}, id", f"{row.id!r} stands twice"))
        ids.add(row.id)
        out.append(
            Question(
                id=row.id,
                messages=tuple(Message(m.role, m.content) for m in row.messages),
                top_k=row.top_k,
                max_tokens=min(row.max_tokens, max_tokens or row.max_tokens),
                session_id=row.session_id,
            )
        )
    if not out and not problems:
        problems.append(Problem("", "holds no question"))
    if problems:
        raise BadFile(path, problems[:MOST_PROBLEMS])
    return tuple(out)


def problem_of(number: int, said: ErrorDetails) -> Problem:
    """What pydantic found wrong with a line."""
    place = ".".join(shown(str(part)) for part in said["loc"])
    if said["type"] == "json_invalid":
        return Problem(f"line {number}", f"is not valid JSON: {said['ctx']['error']}")
    words = (
        visible(str(said["ctx"]["error"]))
        if said["type"] == "value_error"
        else said["msg"][:1].lower() + said["msg"][1:]
    )
    return Problem(f"line {number}, {place}" if place else f"line {number}", words)


def digest(questions: tuple[Question, ...]) -> str:
    """Equal digests mean the same questions in the same order."""
    text = json.dumps([[q.id, [(m.role, m.content) for m in q.messages], q.top_k, q.max_tokens] for q in questions])
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
