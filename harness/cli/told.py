"""Options of ``pilot check URL`` that say how an endpoint is asked, in the words of target.toml."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.check.endpoint import EndpointHints
from harness.check.openapi import Asking
from harness.domain.target import Dialect
from harness.errors import Refused


@dataclass(frozen=True)
class HowAsked:
    """The options as they were typed; None and empty where they were not."""

    path: str | None = None
    body: str | None = None
    stream_path: str | None = None
    header: Sequence[str] = ()
    model: str | None = None
    dialect: str | None = None
    auth: str | None = None
    api: Sequence[str] = ()

    @property
    def said(self) -> list[str]:
        """Names of those that were typed."""
        return [f"--{name.replace('_', '-')}" for name, value in vars(self).items() if value]

    @property
    def words(self) -> list[str]:
        """The options again, as a command has them."""
        out: list[str] = []
        for name, value in vars(self).items():
            option = f"--{name.replace('_', '-')}"
            for one in [value] if isinstance(value, str) else value or ():
                out += [option, one]
        return out

    def told(self) -> EndpointHints:
        """What of it stands in any target.toml; raises Refused with every problem at once."""
        problems: list[str] = []
        tables: dict[str, Any] = {}
        if self.header:
            tables["headers"] = _pairs("--header", self.header, problems)
        if self.auth:
            kind, *options = self.auth.split()
            tables["auth"] = {"kind": kind, **_pairs("--auth", options, problems)}
        if self.api:
            tables["api"] = _pairs("--api", self.api, problems)
            problems += [] if self.dialect else ["--api requires --dialect"]
        if self.dialect:
            tables |= {"dialect": self.dialect} | ({"model": self.model} if self.model else {}) | self._otherwise()
        elif (self.body or self.stream_path) and not self.path:
            problems.append(f"{' and '.join(self._own())} requires --path or --dialect")
        if problems:
            raise Refused("\n  ".join(problems), "pilot check --help shows an example of each")
        return EndpointHints(tables, self.model)

    def asking(self) -> Asking | None:
        """How its own API is asked, where ``--path`` says so; raises Refused for a body that is not a JSON object."""
        if self.path is None or self.dialect is not None:
            return None
        more = {"stream_path": self.stream_path} if self.stream_path else {}
        return Asking(self.path, _body(self.body) if self.body else {}, more=more, guessed=("request",))

    def _otherwise(self) -> dict[str, Any]:
        """What differs from the API that ``--dialect`` names, as its own table."""
        own = {"path": self.path, "stream_path": self.stream_path, "request": _body(self.body) if self.body else None}
        said = {name: value for name, value in own.items() if value is not None}
        return {"openai" if self.dialect == Dialect.OPENAI_CHAT else "mapping": said} if said else {}

    def _own(self) -> list[str]:
        own = {"--path": self.path, "--body": self.body, "--stream-path": self.stream_path}
        return [name for name, value in own.items() if value]


def _pairs(option: str, texts: Sequence[str], problems: list[str]) -> dict[str, str]:
    """NAME=VALUE as a table; what is not written so is a problem, told without what may be a secret."""
    pairs = [one.partition("=") for one in texts]
    problems += [f"{option} must be NAME=VALUE" for name, equals, _ in pairs if not (name and equals)]
    return {name.strip(): value.strip() for name, _, value in pairs}


def _body(text: str) -> dict[str, Any]:
    """JSON as typed, or of a file that is named after an @."""
    file = text[1:] if text.startswith("@") else None
    try:
        value = json.loads(Path(file).read_text(encoding="utf-8-sig") if file else text)
    except OSError as error:
        raise Refused(f"--body @{file}: {error.strerror}", "name a JSON file") from None
    except ValueError as error:
        raise Refused(
            f"--body is not valid JSON: {error}", "put it into single quotes, or into a file: --body @FILE"
        ) from None
    if not isinstance(value, dict):
        raise Refused("--body is not a JSON object", """for example '{"question": "{prompt}"}'""")
    return value
