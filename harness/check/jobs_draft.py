"""[jobs] of a target.toml drafted from an openapi.json alone: nothing is submitted to see how a job is done.

A path is a job's where what is posted to it is asked for below it by an id, and either the post is answered with 202 or
what is asked for has a state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.check.draft import Draft
from harness.check.openapi import fields_of, json_of, names_of, paths_of, resolved, schema_of
from harness.domain.job import Status
from harness.domain.job_map import IN_A_BODY, OF_INPUT
from harness.domain.lines import names_in
from harness.errors import BadFile
from harness.platforms import registry
from harness.workspace.target_toml import target_of

STATES = ("status", "state")
KINDS = names_in("kind type name task task_name task_type job_type job_name")
INPUTS = names_in("input inputs payload args kwargs params parameters data")
KEYS = names_in("idempotency_key idempotencykey key client_token")
RESULTS = names_in("result results output outputs")
CANCELS = names_in("cancel abort revoke stop")
SUCCESSES = range(200, 300)
WORDS: Mapping[Status, tuple[str, ...]] = {
    Status.QUEUED: names_in("queued pending received created submitted accepted waiting scheduled retry new"),
    Status.RUNNING: names_in("running started processing in_progress active working progress executing"),
    Status.DONE: names_in("done success succeeded successful completed complete finished"),
    Status.FAILED: names_in("failed failure error errored timeout timed_out"),
    Status.CANCELLED: names_in("cancelled canceled revoked aborted interrupted"),
    Status.DEAD: names_in("dead dead_letter dead_lettered"),
}
BY_DOCUMENT = "its openapi.json"
UNNAMED = "its openapi.json does not name it"


@dataclass(frozen=True)
class _Steps:
    """Where a job is submitted, where it is asked for, and what the document says of both."""

    submit: str
    post: Mapping[str, Any]
    status_path: str
    get: Mapping[str, Any]


def jobs_draft(base: Mapping[str, Any], document: Mapping[str, Any]) -> Draft | None:
    """``base``: the tables that a person said, with the URL. None where it has no job endpoint, or none that a file could say."""
    for steps in _job_steps(document):
        guesses: dict[str, str] = {}
        jobs = _jobs(steps, document, guesses)
        tables = {**base, "dialect": "jobs", "jobs": jobs}
        try:
            target_of({**tables, "runtime": {"kind": registry.uncontrolled()}}, "drafted")
        except BadFile:
            continue
        return Draft(tables, guesses)
    return None


def without_jobs(document: Mapping[str, Any], jobs: Draft) -> Mapping[str, Any]:
    """The document without the path that submits its jobs, where a 202 says so: to ask it a question would submit one."""
    table = jobs.tables["jobs"]
    if 202 not in table["accepted"]:
        return document
    return {**document, "paths": {path: said for path, said in document["paths"].items() if path != table["submit"]}}


def _job_steps(document: Mapping[str, Any]) -> Iterator[_Steps]:
    every = dict(paths_of(document))
    for below, methods in every.items():
        path, _, last = below.rpartition("/")
        get, post = methods.get("get"), every.get(path, {}).get("post")
        if not (last.startswith("{") and last.endswith("}")) or "{" in path or "{" in last[1:]:
            continue
        if isinstance(get, dict) and isinstance(post, dict):
            steps = _Steps(path, post, below, get)
            if 202 in _named(steps) or _place(_answer(get, document), document, STATES):
                yield steps


def _jobs(steps: _Steps, document: Mapping[str, Any], guesses: dict[str, str]) -> dict[str, Any]:
    answer, state = _answer(steps.post, document), _answer(steps.get, document)
    accepted = _accepted(steps)
    id_at = _place(answer, document, ("id", steps.status_path.rpartition("{")[2][:-1])) or _place(
        answer, document, ("_id",)
    )
    status = _place(state, document, STATES)
    jobs: dict[str, Any] = {
        "submit": steps.submit,
        "body": _body(schema_of(steps.post, document), document),
        "accepted": list(accepted),
        "id": id_at or "id",
        "status_path": _with_id(steps.status_path),
        "status": {"status": status or "status"},
        "words": _words(state, document, status, guesses),
        **_more(steps, document),
    }
    if header := _idempotency(steps.post, document):
        jobs["idempotency"] = header
    guesses |= {f"jobs.{name}": BY_DOCUMENT for name in ("submit", "body", "status_path")}
    guesses |= {"jobs.id": BY_DOCUMENT if id_at else UNNAMED, "jobs.status.status": BY_DOCUMENT if status else UNNAMED}
    return jobs


def _accepted(steps: _Steps) -> tuple[int, ...]:
    """Statuses of success that the document names; 202 where it names none."""
    return _named(steps) or (202,)


def _named(steps: _Steps) -> tuple[int, ...]:
    answers = steps.post.get("responses")
    codes = [str(code) for code in (answers if isinstance(answers, dict) else {})]
    return tuple(sorted(int(code) for code in codes if len(code) == 3 and code.isdecimal() and int(code) in SUCCESSES))[
        :5
    ]


def _answer(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of its first successful answer that has one."""
    answers = operation.get("responses")
    for code, answer in (answers if isinstance(answers, dict) else {}).items():
        if str(code).startswith("2") and (schema := json_of(answer, document)):
            return schema
    return {}


def _place(schema: Mapping[str, Any], document: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The path of the first property with such a name (or such an end, after _), at the top or one level down."""
    fields = fields_of(schema, document) if schema else {}

    def named(within: Mapping[str, Any]) -> str | None:
        exact = next((name for wanted in names for name in within if name.lower() == wanted.lower()), None)
        ends = tuple(name for name in names if name.startswith("_"))
        return exact or (next((name for name in within if name.lower().endswith(ends)), None) if ends else None)

    if (top := named(fields)) is not None:
        return top
    for outer, value in fields.items():
        if "properties" in value and (inner := named(fields_of(value, document))) is not None:
            return f"{outer}.{inner}"
    return None


def _body(schema: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Its fields as placeholders; one that must be there and is none of them is a field of the job's own input."""
    fields, required = (fields_of(schema, document), names_of(schema.get("required"))) if schema else ({}, [])
    body: dict[str, Any] = {}
    for names, placeholder in ((KINDS, "{kind}"), (INPUTS, "{input}"), (KEYS, "{key}")):
        name = next((n for n in fields if n.lower() in names), None)
        if name is not None:
            body[name] = placeholder
    body |= {name: f"{{{OF_INPUT}{name}}}" for name in required if name not in body}
    return body or {name: f"{{{name}}}" for name in IN_A_BODY[:2]}


def _words(
    state: Mapping[str, Any], document: Mapping[str, Any], place: str | None, guesses: dict[str, str]
) -> dict[str, list[str]]:
    """The service's words for each status: those that the document lists, else the usual ones."""
    schema = state
    for name in (place or "").split("."):
        schema = fields_of(schema, document).get(name, {}) if schema else {}
    listed = names_of(resolved(schema, document).get("enum"))
    known = {status: [word for word in listed if word.lower() in usual] for status, usual in WORDS.items()}
    told = bool(known[Status.DONE])
    words = {status.value: (known[status] if told else list(usual)) for status, usual in WORDS.items()}
    unknown = [word for word in listed if not any(word in some for some in known.values())] if told else []
    left = f"; add {', '.join(unknown)}" if unknown else ""
    guesses |= {
        f"jobs.words.{name}": f"{BY_DOCUMENT}{left}" if told else "usual words: it lists none" for name in words
    }
    return {name: some for name, some in words.items() if some}


def _more(steps: _Steps, document: Mapping[str, Any]) -> dict[str, Any]:
    """Where its result is, and how it is taken back, where the document has such a path below the job's own."""
    every, own = dict(paths_of(document)), steps.status_path
    more: dict[str, Any] = {}
    below = {path.removeprefix(f"{own}/").lower(): path for path in every if path.startswith(f"{own}/")}
    if (result := next((below[name] for name in RESULTS if name in below), None)) and "get" in every[result]:
        more["result"] = {"path": _with_id(result)}
    if "delete" in every.get(own, {}):
        more["cancel"] = {"method": "DELETE", "path": _with_id(own)}
    elif (cancel := next((below[name] for name in CANCELS if name in below), None)) and "post" in every[cancel]:
        more["cancel"] = {"method": "POST", "path": _with_id(cancel)}
    return more


def _idempotency(post: Mapping[str, Any], document: Mapping[str, Any]) -> str | None:
    """The header that carries a key, where the document has one."""
    given = post.get("parameters")
    for one in given if isinstance(given, list) else []:
        parameter = resolved(one, document)
        name = parameter.get("name")
        if parameter.get("in") == "header" and isinstance(name, str) and "idempotency" in name.lower():
            return name
    return None


def _with_id(path: str) -> str:
    """The document's own name for the id is ours."""
    head, _, tail = path.partition("{")
    return f"{head}{{id}}{tail.partition('}')[2]}"
