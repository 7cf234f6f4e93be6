"""The tables of target.toml that say how any API is asked: plain headers, names of headers, options of openai-chat."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from harness.domain import headers
from harness.domain.header_names import USUAL_NAMES, HeaderNames
from harness.domain.openai_options import USUAL_OPTIONS, OpenAiOptions
from harness.domain.placeholders import placeholders
from harness.tables.table import Table
from harness.tables.values import HeaderName

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET_NAME = re.compile(r"(?i)auth|api-?_?key|[-_]key$|^key$|token|secret|passw|cookie|credential|signature")
_SECRET_VALUE = re.compile(
    r"(?i:bearer|basic|digest|token|negotiate|aws4-hmac\S*)\s+\S|sk-|pk-|gh[pousr]_|xox[abp]-|AKIA|ASIA|AIza|eyJ|-----BEGIN"
)
_SECRET_FIELD = re.compile(r"(?i)^authorization$|api[-_]?key|secret|password|^cookie$|access[-_]?token|bearer")
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_=-]{24,}|(?=.*[0-9])(?=.*[a-f])[0-9a-f]{32,}")


def header_problem(name: str, value: str) -> str | None:
    """Why a header of target.toml is refused; None where it may be sent."""
    if problem := headers.name_problem(name):
        return f"{name!r}: {problem}" if not name.isprintable() else f"{name}: {problem}"
    if name.lower() == USUAL_NAMES.request_id.lower():
        return f"{name}: the load generator sets it itself"
    if VARIABLE.fullmatch(value):
        return None
    if "${" in value:
        return f'{name}: a variable holds the whole value: write "${{VARIABLE}}" alone'
    if _SECRET_NAME.search(name) or looks_secret(value):
        return f'{name}: looks like a secret, which stays in the environment: write "${{VARIABLE}}"'
    fits = value.isascii() and value.isprintable() and value == value.strip() != ""
    return None if fits else f"{name}: want printable ASCII without blanks around it"


def looks_secret(value: str) -> bool:
    """A scheme's credentials, a known prefix of keys, or what is long and random; a UUID or a model's id is an id."""
    return bool(_SECRET_VALUE.match(value) or _RANDOM.fullmatch(value))


def secret_fields(value: Any) -> list[str]:  # noqa: ANN401 - a JSON value
    """Names of fields that hold a secret as it is: by what they are called, or by its looks."""
    if isinstance(value, list | tuple):
        return [name for one in value for name in secret_fields(one)]
    out = []
    for name, inner in value.items() if isinstance(value, dict) else ():
        bare = isinstance(inner, str) and inner and "{" not in inner
        if bare and (_SECRET_FIELD.search(name) or looks_secret(inner)):
            out.append(name)
        out += secret_fields(inner)
    return out


def looks_like_its_name(variable: str) -> bool:
    """Whether a variable is called as secrets are."""
    return bool(_SECRET_NAME.search(variable) or variable.lower().endswith("key"))


class HeaderNamesTable(Table):
    """Headers under the API's own names; ``request_id`` and ``tenant`` are sent too."""

    request_id: HeaderName = USUAL_NAMES.request_id
    platform_request_id: HeaderName = USUAL_NAMES.platform_request_id
    instance_id: HeaderName = USUAL_NAMES.instance_id
    instance_requests: HeaderName = USUAL_NAMES.instance_requests
    instance_age_ms: HeaderName = USUAL_NAMES.instance_age_ms
    init_type: HeaderName = USUAL_NAMES.init_type
    tenant: HeaderName = USUAL_NAMES.tenant
    route: HeaderName = USUAL_NAMES.route
    route_from: HeaderName = USUAL_NAMES.route_from
    router_ms: HeaderName = USUAL_NAMES.router_ms
    instance_memory_mb: HeaderName = USUAL_NAMES.instance_memory_mb

    def made(self) -> HeaderNames:
        return HeaderNames(**self.model_dump())


class OpenAiTable(Table):
    """What this server wants otherwise than most."""

    path: str = Field(default=USUAL_OPTIONS.path, pattern=r"^/\S*$")
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    stream_options: bool = USUAL_OPTIONS.stream_options
    extra: dict[str, Any] = Field(default_factory=dict)

    @field_validator("path")
    @classmethod
    def _only_the_model(cls, value: str) -> str:
        if unknown := [name for name in placeholders(value) if name != "model"]:
            raise ValueError(f"{{{unknown[0]}}} stands for nothing in a path: want {{model}}, or a value of [api]")
        return value

    @field_validator("extra")
    @classmethod
    def _not_what_is_measured(cls, value: dict[str, Any]) -> dict[str, Any]:
        drawn = ("messages", "stream", "max_tokens", "max_completion_tokens", "model", "stream_options")
        if taken := [name for name in drawn if name in value]:
            raise ValueError(f"{', '.join(taken)}: comes from the question, the plan or its own field")
        return value

    def made(self) -> OpenAiOptions:
        return OpenAiOptions(**self.model_dump())


def from_environment(headers: Mapping[str, str]) -> dict[str, str]:
    """Header name to the variable that holds its value."""
    return {name: value[2:-1] for name, value in headers.items() if VARIABLE.fullmatch(value)}


def plain(headers: Mapping[str, str]) -> dict[str, str]:
    """Those whose value stands in the file."""
    return {name: value for name, value in headers.items() if not VARIABLE.fullmatch(value)}
