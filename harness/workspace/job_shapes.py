"""jobs.jsonl: what is submitted, one kind of job a line, with how often it comes and how large it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from harness.domain.bounds import MOST_ITEMS, QUESTIONS_BYTES
from harness.domain.job import JobShape
from harness.domain.lines import lines_of
from harness.domain.placeholders import placeholders
from harness.errors import BadFile, Problem
from harness.tables.said import told
from harness.tables.table import Table
from harness.tables.text import text_of
from harness.tables.values import Weight
from harness.workspace.api_toml import secret_fields
from harness.workspace.questions import problem_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_PROBLEMS = 20
MOST_SIZE_KB = 1024.0
USUAL = Path(__file__).with_name("usual_jobs.jsonl")  # of rag-jobs/1, where nobody names a file


class _ShapeLine(Table):
    id: str = Field(min_length=1, max_length=100)
    kind: str = Field(min_length=1, max_length=100)
    input: dict[str, Any]
    weight: Weight = 1.0
    size_kb: float = Field(0.0, ge=0, le=MOST_SIZE_KB)

    @field_validator("id", "kind")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("holds a control character")
        return value

    @field_validator("input")
    @classmethod
    def _without_secrets(cls, value: dict[str, Any]) -> dict[str, Any]:
        if names := secret_fields(value):
            raise ValueError(f"{', '.join(names)}: looks like a secret, which does not belong in a jobs file")
        return value

    @model_validator(mode="after")
    def _sized(self) -> _ShapeLine:
        if self.size_kb and "text" not in placeholders(self.input):
            raise ValueError('size_kb: nothing in input has that size: put "{text}" where it belongs')
        return self


def read_shapes(path: Path) -> tuple[JobShape, ...]:
    """Every kind of job; raises BadFile with up to 20 problems and their line numbers."""
    out: dict[str, JobShape] = {}
    problems: list[Problem] = []
    for number, line in enumerate(lines_of(text_of(path, most=QUESTIONS_BYTES)), start=1):
        if len(problems) >= MOST_PROBLEMS or len(out) > MOST_ITEMS:
            break
        if not line.strip():
            continue
        try:
            row = _ShapeLine.model_validate_json(line, strict=True)
        except ValidationError as error:
            problems += [problem_of(number, e) for e in told(error.errors())]
            continue
        if row.id in out:
            problems.append(Problem(f"line {number}, id", f"{row.id!r} stands twice"))
        out[row.id] = JobShape(row.id, row.kind, row.input, row.weight, row.size_kb)
    problems = problems or _of_all(out)
    if problems:
        raise BadFile(path, problems[:MOST_PROBLEMS])
    return tuple(out.values())


def _of_all(shapes: Mapping[str, JobShape]) -> list[Problem]:
    if not shapes:
        return [Problem("", 'holds no job: a line is {"id": …, "kind": …, "input": {…}}')]
    if len(shapes) > MOST_ITEMS:
        return [Problem("", f"holds more than {MOST_ITEMS} kinds of jobs")]
    if not sum(shape.weight for shape in shapes.values()) > 0:
        return [Problem("weight", "the weights add up to nothing")]
    return []


def digest(shapes: Sequence[JobShape]) -> str:
    """Equal digests are equal jobs."""
    text = json.dumps([asdict(shape) for shape in shapes], sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
