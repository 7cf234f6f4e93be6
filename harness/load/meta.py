"""Asks a target which contract it speaks; by hand before a run, in a campaign only afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.dialects.shapes import json_object, too_deep
from harness.domain.bounds import KIB, META_BYTES, MOST_CODE, MOST_DEPTH
from harness.domain.sample import Outcome
from harness.domain.target import Dialect
from harness.errors import PilotError, Refused
from harness.load.ask import get

if TYPE_CHECKING:
    from harness.load.spec import RunSpec

PATH = "/v1/meta"
UNHEARD = (Outcome.TIMEOUT, Outcome.CONNECTION_ERROR, Outcome.CUT_STREAM)


def ask(spec: RunSpec, *, strict: bool = True) -> dict[str, Any]:
    """``/v1/meta`` of the target; empty when it does not answer, which the run itself will show.

    Raises Refused when something answers that speaks another contract, or more than anyone keeps.
    """
    if spec.dialect != Dialect.RAG_CHAT or not spec.base_url:
        return {}
    try:
        asked = get(spec, PATH)
    except PilotError:
        return {}
    status = asked.said.status
    if status is None or asked.sample.outcome in UNHEARD:
        return {}
    value = json_object(bytes(asked.said.body))
    wrong = problem_of(value, len(asked.said.body))
    if wrong is None:
        return value
    if strict and status < 500 and status not in (401, 403, 429):
        raise Refused(
            f"{spec.base_url} does not say that it speaks {Dialect.RAG_CHAT.value} (GET {PATH} answered {status}{wrong})",
            "name its dialect with --dialect, or check the URL",
        )
    return {}


def problem_of(value: dict[str, Any], size: int) -> str | None:
    """Why this is not kept, as the end of a sentence; None where it is."""
    if size > META_BYTES:
        return f", more than {META_BYTES // KIB} KiB"
    said = value.get("contract")
    if said != Dialect.RAG_CHAT:
        return f", contract {str(said)[:MOST_CODE]!r}" if said else ""
    return f", nested more than {MOST_DEPTH} deep" if too_deep(value) else None
