"""A target.toml drafted from real answers: every guess says so, and what it rests on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.check.guess import Guess
from harness.check.openapi import Asking
from harness.domain.shown import visible
from harness.platforms import registry

BARE = re.compile(r"[A-Za-z0-9_-]+")
PARTS = {"mapping": ("answer", "stream"), "jobs": ("status", "words", "result", "cancel")}  # tables of their own
HEAD = "# Drafted by pilot check from answers of {url}. Confirm each line that says guess; targets/README.md explains the fields."


@dataclass(frozen=True)
class Draft:
    """Tables of a target.toml, and why each guessed field is as it is, by its dotted name."""

    tables: Mapping[str, Any]
    guesses: Mapping[str, str]

    def of(self, name: str) -> str:
        """One of its tables, as the file has it."""
        return "\n".join(self._table(name, self.tables[name])) + "\n"

    @property
    def text(self) -> str:
        """The file."""
        lines = [HEAD.format(url=self.tables["base_url"])]
        tables = {**self.tables, "runtime": {"kind": registry.uncontrolled()}}
        plain = {k: v for k, v in tables.items() if not isinstance(v, dict)}
        lines += [self._line(name, value, name) for name, value in plain.items()]
        for name, table in tables.items():
            if isinstance(table, dict):
                lines += self._table(name, table)
        return "\n".join(lines) + "\n"

    def _table(self, name: str, table: Mapping[str, Any]) -> list[str]:
        inner = {k: v for k, v in table.items() if isinstance(v, dict) and k in PARTS.get(name, ())}
        own = {k: v for k, v in table.items() if k not in inner}
        lines = ["", f"[{name}]", *(self._line(k, v, f"{name}.{k}") for k, v in own.items())]
        for key, value in inner.items():
            lines += ["", f"[{name}.{key}]", *(self._line(k, v, f"{name}.{key}.{k}") for k, v in value.items())]
        return lines

    def _line(self, key: str, value: Any, name: str) -> str:  # noqa: ANN401 - a TOML value
        line = f"{_key(key)} = {_value(value)}"
        why = self.guesses.get(name)
        return line if why is None else f"{line:<40} # guess: {visible(why)}"


def drafted(base: Mapping[str, Any], asking: Asking, parts: Mapping[str, Sequence[Guess]]) -> Draft:
    """The tables of ``base`` with a mapping that asks so, and has those parts, ``answer`` and ``stream``, that were seen."""
    mapping = {"path": asking.path, "request": dict(asking.request), **asking.more}
    tables = {name: {guess.field: guess.value for guess in guesses} for name, guesses in parts.items() if guesses}
    notes = {f"mapping.{name}.{g.field}": g.because for name, guesses in parts.items() for g in guesses}
    notes |= {f"mapping.{name}": asking.because for name in asking.guessed if asking.because}
    whole = {**base, "dialect": "mapped", "mapping": {**mapping, **tables}}
    return Draft(whole, notes)


def _value(value: Any) -> str:  # noqa: ANN401
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            text = json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False)
            return text.replace("\x7f", "\\u007f")
        case Mapping():
            inner = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            return f"[{', '.join(_value(one) for one in value if one is not None)}]"
        case _:
            return json.dumps(value)


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else json.dumps(key)
