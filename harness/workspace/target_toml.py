"""targets/NAME/target.toml, read into a Target."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from harness.domain.target import (
    Dialect,
    External,
    LocalContainer,
    LocalFunction,
    Need,
    PriceModel,
    RuntimeConfig,
    Target,
)
from harness.errors import BadFile, Problem
from harness.workspace.pilot_toml import Positive, Table
from harness.workspace.problems import read_toml, validate

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
Count = Annotated[int, Field(ge=1)]


class NeedTable(Table):
    """A process that embedded targets share."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    command: tuple[str, ...] = Field(min_length=1)
    env: str


class LocalTable(Table):
    """What both embedded kinds have in common."""

    command: tuple[str, ...] = Field(min_length=1)
    environment: dict[str, str] = Field(default_factory=dict)
    needs: tuple[NeedTable, ...] = ()
    timeout_s: Positive = 30.0
    port: int = Field(0, ge=0, le=65535)

    def shared(self, fill: Mapping[str, str]) -> dict[str, Any]:
        def filled(text: str) -> str:
            for name, value in fill.items():
                text = text.replace("{" + name + "}", value)
            return text

        return {
            "command": tuple(filled(part) for part in self.command),
            "environment": {name: filled(value) for name, value in self.environment.items()},
            "needs": tuple(Need(n.name, tuple(filled(p) for p in n.command), n.env) for n in self.needs),
        }


class FunctionTable(LocalTable):
    """``kind = "local-function"``."""

    kind: Literal["local-function"]
    concurrency: Count = 8
    scaling_tokens: Positive = 8.0
    scaling_per_s: Positive = 2.0
    idle_s: Positive = 300.0
    idle_jitter: float = Field(0.1, ge=0, lt=1)
    memory_mb: int = Field(1769, ge=128, le=10240)
    init_timeout_s: Positive = 10.0
    seed: int = 1

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        own = self.model_dump(exclude={"kind", "command", "environment", "needs"})
        return LocalFunction(**self.shared(fill), **own)


class ContainerTable(LocalTable):
    """``kind = "local-container"``."""

    kind: Literal["local-container"]
    workers: Count = 1
    concurrency: Count = 8
    queue: int = Field(16, ge=0)
    queue_timeout_s: Positive = 10.0
    memory_mb: int = Field(2048, ge=128)
    cpu: Positive = 1.0
    start_timeout_s: Positive = 20.0

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        own = self.model_dump(exclude={"kind", "command", "environment", "needs"})
        return LocalContainer(**self.shared(fill), **own)


class ExternalTable(Table):
    """``kind = "external"``: no control side."""

    kind: Literal["external"]

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        del fill
        return External()


class AuthTable(Table):
    """How requests are authorised; the secret itself stays in the environment."""

    kind: Literal["none", "header"] = "none"
    header: str = "Authorization"
    env: str | None = None

    @model_validator(mode="after")
    def _has_env(self) -> AuthTable:
        if self.kind == "header" and not self.env:
            raise ValueError('kind = "header" wants env: the variable that holds the header\'s value')
        return self


class TlsTable(Table):
    """Certificates are always verified; a private authority is named here."""

    ca_file: str


class PricesTable(Table):
    """Which price book entries apply, and the shape that is billed."""

    book: str
    region: str
    model: Literal["lambda-url", "fargate-alb"]
    parameters: dict[str, float] = Field(default_factory=dict)


class TargetToml(Table):
    """The whole file."""

    title: str = ""
    base_url: str | None = None
    dialect: Dialect = Dialect.RAG_CHAT
    model: str | None = None
    verified: str = "spec only"
    auth: AuthTable = AuthTable()
    headers: dict[str, str] = Field(default_factory=dict)
    tls: TlsTable | None = None
    prices: PricesTable | None = None
    runtime: Annotated[FunctionTable | ContainerTable | ExternalTable, Field(discriminator="kind")]

    @field_validator("base_url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        if value is not None and not _VARIABLE.search(value):
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("want http:// or https:// with a host")
        return value

    @model_validator(mode="after")
    def _model_has_a_field(self) -> TargetToml:
        if self.model is not None and self.dialect is not Dialect.OPENAI_CHAT:
            raise ValueError('model: only requests of dialect "openai-chat" name one')
        return self

    @field_validator("headers")
    @classmethod
    def _from_environment(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not _VARIABLE.fullmatch(text):
                raise ValueError(f'{name}: a header\'s value stays in the environment: write "${{VARIABLE}}"')
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"{name!r} is no header name")
        return value

    @model_validator(mode="after")
    def _reachable(self) -> TargetToml:
        if isinstance(self.runtime, ExternalTable) and not self.base_url:
            raise ValueError("base_url is required for an external target")
        return self


def read_target(folder: Path, fill: Mapping[str, str]) -> Target:
    """One target; raises BadFile with every problem of its file."""
    path = folder / "target.toml"
    model = validate(TargetToml, read_toml(path), path)
    base_url = model.base_url
    if base_url is not None:
        missing = [name for name in _VARIABLE.findall(base_url) if not os.environ.get(name)]
        if missing:
            raise BadFile(path, [Problem("base_url", f"environment variable {name} is not set") for name in missing])
        base_url = _VARIABLE.sub(lambda m: os.environ[m.group(1)], base_url).rstrip("/")
    return Target(
        name=folder.name,
        folder=folder,
        dialect=model.dialect,
        runtime=model.runtime.config({**fill, "python": sys.executable, "folder": str(folder)}),
        base_url=base_url,
        title=model.title,
        headers_from_env=_headers(model),
        model=model.model,
        ca_file=str(folder / model.tls.ca_file) if model.tls else None,
        prices=PriceModel(**model.prices.model_dump()) if model.prices else None,
        verified=model.verified,
    )


def _headers(model: TargetToml) -> dict[str, str]:
    """Header name to the variable that holds its value."""
    auth = {model.auth.header: model.auth.env} if model.auth.kind == "header" and model.auth.env else {}
    return {name: text[2:-1] for name, text in model.headers.items()} | auth
