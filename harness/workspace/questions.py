"""questions.jsonl: what is asked, one question a line, most popular first."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from harness.domain.lines import lines_of
from harness.domain.questions import Message, Question
from harness.errors import BadFile, Problem
from harness.workspace.table import Table
from harness.workspace.text import text_of

MOST_PROBLEMS = 20


class _MessageLine(Table):
    role: Annotated[str, Field(pattern="^(system|user|assistant)$")]
    content: str = Field(max_length=32_000)


class _QuestionLine(Table):
    id: str = Field(min_length=1, max_length=100)
    messages: tuple[_MessageLine, ...] = Field(min_length=1, max_length=64)
    top_k: int = Field(6, ge=0, le=50)
    max_tokens: int = Field(512, ge=1, le=4096)
    session_id: str | None = None

    @model_validator(mode="after")
    def _user_last(self) -> _QuestionLine:
        if self.messages[-1].role != "user":
            raise ValueError("the last message must be from the user")
        return self


def read_questions(path: Path, max_tokens: int | None = None) -> tuple[Question, ...]:
    """Every question; raises BadFile with up to 20 problems and their line numbers."""
    out: list[Question] = []
    problems: list[Problem] = []
    ids: set[str] = set()
    for number, line in enumerate(lines_of(text_of(path)), start=1):
        if not line.strip():
            continue
        try:
            row = _QuestionLine.model_validate(json.loads(line))
        except ValidationError as error:
            problems += [
                Problem(f"line {number}, {'.'.join(map(str, e['loc']))}", str(e["msg"])) for e in error.errors()
            ]
            continue
        except (ValueError, RecursionError) as error:
            problems.append(Problem(f"line {number}", f"is not valid JSON: {error}"))
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


def digest(questions: tuple[Question, ...]) -> str:
    """Equal digests mean the same questions in the same order."""
    text = json.dumps([[q.id, [(m.role, m.content) for m in q.messages], q.top_k, q.max_tokens] for q in questions])
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
