"""The kinds of work that most products of this sort have, as ``pilot init`` asks for them and as pilot.toml shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.domain.workload import WorkKind
from harness.errors import BadFile, Refused
from harness.tables.problems import validate
from harness.workspace.workloads_toml import WorkloadSlos, WorkloadTable

CHAT = "chat"


@dataclass(frozen=True)
class Seed:
    """What a product may do; ``example`` is what a comment shows, and nothing is taken from it."""

    name: str
    words: str
    kind: WorkKind
    waited_for: bool
    example: Mapping[str, Any]

    @property
    def said(self) -> dict[str, Any]:
        """What is asked first, as the answers that Enter accepts."""
        return {"kind": self.kind.value, "waited_for": self.waited_for}


SEEDS = (
    Seed(CHAT, "user-facing inference: a person reads the answer", WorkKind.REQUEST, waited_for=True, example={}),
    Seed(
        "retrieval",
        "passages are retrieved, and no answer is generated",
        WorkKind.REQUEST,
        waited_for=True,
        example={"per_month": 500_000, "slo": {"response_p95_s": 0.5}},
    ),
    Seed(
        "ingestion",
        "documents are parsed, chunked, embedded and indexed",
        WorkKind.JOB,
        waited_for=False,
        example={
            "title": "Ingestion of changed documents",
            "per_month": 40_000,
            "size_kb": 250,
            "duration_s": 90,
            "memory_mb": 900,
            "slo": {"freshness_p95_s": 900, "done_within_s": 900, "lost": 0, "usd_per_thousand": 4},
        },
    ),
    Seed(
        "orchestration",
        "steps and tools are called one after another, each waiting for others",
        WorkKind.REQUEST,
        waited_for=True,
        example={"per_month": 60_000, "duration_s": 45, "slo": {"response_p95_s": 60}},
    ),
    Seed(
        "evaluation",
        "answers are scored in batches, every night or before a release",
        WorkKind.JOB,
        waited_for=False,
        example={"per_month": 3_000, "duration_s": 60, "slo": {"done_within_s": 21_600, "lost": 0}},
    ),
    Seed(
        "webhooks",
        "other systems call when something happens, and retry when nothing answers",
        WorkKind.JOB,
        waited_for=False,
        example={"per_month": 200_000, "size_kb": 20, "slo": {"response_p95_s": 5, "done_within_s": 60, "lost": 0}},
    ),
)
Tables = Mapping[str, WorkloadTable]


def read(options: Sequence[str]) -> dict[str, WorkloadTable]:
    """Of ``NAME,field=value,…`` each; raises Refused with everything that is wrong with any of them."""
    found: dict[str, WorkloadTable] = {}
    wrong: list[str] = []
    for option in options:
        name, *fields = (part.strip() for part in option.split(","))
        said: dict[str, Any] = {"slo": {}}
        for field in fields:
            key, equals, value = (part.strip() for part in field.partition("="))
            if not equals or not value:
                wrong.append(f"--workload {name}: {field!r}: want FIELD=VALUE")
                continue
            (said["slo"] if key in WorkloadSlos.model_fields else said)[key] = _value(value)
        if name in found:
            wrong.append(f"--workload {name}: given twice")
        try:
            found[name] = made(name, said)
        except BadFile as bad:
            wrong += [f"--workload {name}: {p.field} {p.message}".replace("  ", " ") for p in bad.problems]
    if wrong:
        raise Refused("\n  - ".join(["the workloads do not fit together:", *wrong]), "pilot init --help")
    return found


def made(name: str, said: Mapping[str, Any]) -> WorkloadTable:
    """With the kind that a seed of this name has where none is said; raises BadFile."""
    seed = next((one for one in SEEDS if one.name == name), None)
    return validate(WorkloadTable, {**(seed.said if seed else {}), **said}, "--workload")


def _value(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    try:
        number = float(text.replace("_", ""))
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def tables(declared: Tables, requests_per_month: int) -> str:
    """Of pilot.toml: chat, what was declared, and every other kind as a comment to fill in."""
    chat = made(CHAT, {"measured_by": "steady", "per_month": requests_per_month})
    every = {CHAT: chat, **declared}
    own = [_table(name, _words(name), _plain(table)) for name, table in every.items()]
    others = [
        "".join(f"# {line}\n" for line in _lines(seed.name, seed.words, {**seed.said, **seed.example}))
        for seed in SEEDS
        if seed.name not in every
    ]
    return "\n".join([*own, *others])


def _words(name: str) -> str:
    return next((seed.words for seed in SEEDS if seed.name == name), "")


def _plain(table: WorkloadTable) -> dict[str, Any]:
    said = table.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in said.items() if value != {}}


def _table(name: str, words: str, said: Mapping[str, Any]) -> str:
    return "".join(f"{line}\n" for line in _lines(name, words, said))


def _lines(name: str, words: str, said: Mapping[str, Any]) -> Iterator[str]:
    head = f"[workloads.{name}]"
    yield f"{head}  # {words}" if words else head
    for field, value in said.items():
        yield f"{field} = {_toml(value)}"


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, float):
        return f"{value:.15g}"
    return json.dumps(value, ensure_ascii=False)
