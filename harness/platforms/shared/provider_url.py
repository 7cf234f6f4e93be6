"""The model provider's address as a deployment has it: a runtime that was given none, or half of one, answers nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.examining import guarded
from harness.platforms.shared.answer import Answer
from harness.platforms.shared.tls_names import Names, certificate, names_for

VARIABLE = "RAG_PROVIDER_URL"
FIX = f"deploy again with the provider's base URL in {VARIABLE}"


def provider_url_in(target: Target, variables: Callable[[], Mapping[str, str]]) -> list[Finding]:
    """The same of what is read only now: variables of an unknown shape are "can't tell"."""
    return guarded(_name(target), lambda: provider_url(target, variables()))


def variables_of(containers: Answer, field: str = "env") -> dict[str, str]:
    """Those of the first container whose value is given; not those that a secret holds."""
    rows = next((one[field].rows() for one in containers.rows()), [])
    return {one["name"].text(): one["value"].text() for one in rows if one["value"].given}


def provider_url(target: Target, variables: Mapping[str, str], names: Names | None = None) -> list[Finding]:
    """Of the variables that a runtime was deployed with; nothing where another service than ours was deployed."""
    name = _name(target)
    if not any(variable.startswith("RAG_") for variable in variables):
        return []
    said = variables.get(VARIABLE)
    if said is None:
        return [Finding(name, State.LATER, f"no {VARIABLE}: its model is not reached by a URL")]
    parts = urlsplit(said)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [Finding(name, State.WRONG, f"{VARIABLE} is not a URL: it begins with {said[:12]!r}", FIX)]
    held = certificate(f"the provider's certificate, {target.name}", said, names or names_for(target))
    return held or [Finding(name, State.GOOD, "http, without TLS")]


def _name(target: Target) -> str:
    return f"the provider's address, {target.name}"
