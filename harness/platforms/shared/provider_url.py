"""The model provider's address as a deployment has it: a runtime that was given none, or half of one, answers nothing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.shared.tls_names import Names, certificate, names_for

VARIABLE = "RAG_PROVIDER_URL"
FIX = f"deploy again with the provider's base URL in {VARIABLE}"


def provider_url(target: Target, variables: Mapping[str, str], names: Names | None = None) -> list[Finding]:
    """Of the variables that a runtime was deployed with; nothing where another service than ours was deployed."""
    name = f"the provider's address, {target.name}"
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
