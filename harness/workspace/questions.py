"""questions.jsonl: what is asked, one question a line, most popular first."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError, field_validator, model_validator

from harness.domain.bounds import MAX_TOKENS, MOST_QUESTIONS, PASSAGES, QUESTIONS_BYTES
from harness.domain.lines import lines_of
from harness.domain.questions import Expectation, Message, Question
from harness.errors import BadFile, Problem
from harness.tables.plain import shown
from harness.tables.said import told, words_of
from harness.tables.table import Table
from harness.tables.text import text_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST_PROBLEMS = 20
MOST_CHECKS = 50
PassageId = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^\S+$")]
Said = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"\S")]
Passages = Annotated[tuple[PassageId, ...], Field(max_length=MOST_CHECKS)]
Sayings = Annotated[tuple[Said, ...], Field(max_length=MOST_CHECKS)]


class _MessageLine(Table):
    role: Annotated[str, Field(pattern="^(system|user|assistant)$")]
    content: str = Field(max_length=32_000)


class _QuestionLine(Table):
    id: str = Field(min_length=1, max_length=100)
    messages: tuple[_MessageLine, ...] = Field(min_length=1, max_length=64)
    top_k: int = Field(6, ge=PASSAGES.least, le=PASSAGES.most)
    max_tokens: int = Field(512, ge=MAX_TOKENS.least, le=MAX_TOKENS.most)
    session_id: str | None = Field(None, min_length=1, max_length=100)
    passages: Passages = ()

    @property
    def expects(self) -> Expectation | None:
        return None

    @field_validator("id", "session_id")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("holds a control character")
        return value

    @property
    def turns(self) -> tuple[_MessageLine, ...]:
        """What is asked, oldest first."""
        return self.messages

    @model_validator(mode="after")
    def _user_last(self) -> _QuestionLine:
        if self.turns[-1].role != "user":
            raise ValueError("messages: the last one must be from the user")
        if not self.turns[-1].content.strip():
            raise ValueError("messages: the last one asks nothing")
        return self


class _EvaluationLine(_QuestionLine):
    """``question`` stands for messages of one turn."""

    messages: tuple[_MessageLine, ...] = Field((), max_length=64)
    question: str | None = Field(None, max_length=32_000)
    must_cite: Passages = ()
    must_contain: Sayings = ()
    must_not_contain: Sayings = ()

    @property
    def turns(self) -> tuple[_MessageLine, ...]:
        if self.messages or self.question is None:
            return self.messages
        return (_MessageLine(role="user", content=self.question),)

    @field_validator("question")
    @classmethod
    def _something(cls, value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise ValueError("asks nothing")
        return value

    @model_validator(mode="after")
    def _user_last(self) -> _EvaluationLine:
        if bool(self.messages) is (self.question is not None):
            raise ValueError("want question or messages, one of the two")
        super()._user_last()  # type: ignore[operator]
        return self

    @model_validator(mode="after")
    def _checks_something(self) -> _EvaluationLine:
        if not (self.must_cite or self.must_contain or self.must_not_contain):
            raise ValueError("checks nothing: want must_cite, must_contain or must_not_contain")
        return self

    @property
    def expects(self) -> Expectation:
        return Expectation(self.must_cite, self.must_contain, self.must_not_contain)


def read_questions(path: Path, max_tokens: int | None = None) -> tuple[Question, ...]:
    """Every question; raises BadFile with up to 20 problems and their line numbers."""
    return _read(path, max_tokens, _QuestionLine)


def read_evaluation(path: Path, max_tokens: int | None = None) -> tuple[Question, ...]:
    """The evaluation set: questions with what their answers must hold; raises BadFile like ``read_questions``."""
    return _read(path, max_tokens, _EvaluationLine)


def with_evaluation(path: Path, evaluation: Path | None, max_tokens: int | None = None) -> tuple[Question, ...]:
    """Questions, then those of the evaluation set; raises BadFile for an id that is in both."""
    asked = read_questions(path, max_tokens)
    if evaluation is None:
        return asked
    graded = read_evaluation(evaluation, max_tokens)
    known = {q.id for q in asked}
    if twice := [q.id for q in graded if q.id in known]:
        raise BadFile(evaluation, [Problem("id", f"{one!r} is in {path.name} too") for one in twice[:MOST_PROBLEMS]])
    return (*asked, *graded)


def _read(path: Path, max_tokens: int | None, line_of: type[_QuestionLine]) -> tuple[Question, ...]:
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
            row = line_of.model_validate_json(line, strict=True)
        except ValidationError as error:
            problems += [problem_of(number, e) for e in told(error.errors())]
            continue
        if row.id in ids:
            problems.append(Problem(f"line {number}, id", f"{row.id!r} stands twice"))
        ids.add(row.id)
        out.append(
            Question(
                id=row.id,
                messages=tuple(Message(m.role, m.content) for m in row.turns),
                top_k=row.top_k,
                max_tokens=min(row.max_tokens, max_tokens or row.max_tokens),
                session_id=row.session_id,
                passages=row.passages,
                expects=row.expects,
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
    return Problem(f"line {number}, {place}" if place else f"line {number}", words_of(said, "an object"))


def digest(questions: tuple[Question, ...]) -> str:
    """Equal digests mean the same questions, known passages and checks in the same order."""
    text = json.dumps([_plain(q) for q in questions])
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _plain(q: Question) -> list[object]:
    """What older files do not hold is left out, so that their digests stay what they were."""
    own: list[object] = [q.id, [(m.role, m.content) for m in q.messages], q.top_k, q.max_tokens]
    more = {"passages": q.passages} if q.passages else {}
    return [*own, *([more | (asdict(q.expects) if q.expects else {})] if more or q.expects else [])]
