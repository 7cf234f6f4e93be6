"""A manifest of YAML whose texts hold ``${NAME}`` and ``${NAME:-default}``, as targets/aws_base/fill.py fills them.

Filled after it was read, so no value can break out of its quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import BadFile, Problem, Refused
from harness.tables.text import text_of

WANTED = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")


@dataclass(frozen=True)
class Manifest:
    """One document."""

    path: Path
    data: Mapping[str, Any]

    @property
    def variables(self) -> dict[str, str]:
        """Each with its default, empty where it must be given."""
        return {name: default for text in _texts(self.data) for name, default in WANTED.findall(text)}

    def filled(self, given: Mapping[str, str]) -> dict[str, Any]:
        """A copy with each name replaced; raises Refused for those that have no value."""
        known = {name: given.get(name) or default for name, default in self.variables.items()}
        if lacking := [name for name, value in known.items() if not value]:
            raise Refused(
                f"{self.path}: {', '.join(lacking)} has no value",
                f"--set {lacking[0]}=VALUE; its README says what it is",
            )
        return dict(_replaced(self.data, known))


def read_manifest(path: Path) -> Manifest:
    """Raises Refused where there is none, or nothing here reads YAML; BadFile where it is not a mapping."""
    if not path.is_file():
        raise Refused(f"there is no {path}", "pilot init copies it beside the target.toml that came with this package")
    try:
        import yaml  # noqa: PLC0415 - only who deploys manifests has it
    except ImportError:
        raise Refused(f"reading {path.name} requires PyYAML", "pip install 'runtime-pilot[gcp]'") from None
    try:
        data = yaml.safe_load(text_of(path))
    except yaml.YAMLError as error:
        raise BadFile(path, [Problem("", f"is not valid YAML: {error}")]) from None
    if not isinstance(data, dict):
        raise BadFile(path, [Problem("", "want one mapping")])
    return Manifest(path, data)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any of YAML
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def _replaced(value: Any, known: Mapping[str, str]) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return {key: _replaced(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, known) for inner in value]
    return WANTED.sub(lambda found: known[found.group(1)], value) if isinstance(value, str) else value
