"""Environment variables that a workspace's targets name, wherever in target.toml they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.errors import Refused
from harness.tables.text import text_of
from harness.workspace.read import Workspace

_NAMED = re.compile(
    r"""\$\{([A-Za-z_]\w*)\}|\{env:([A-Za-z_]\w*)\}|^\s*(?:env|token_env)\s*=\s*"(\w+)"|[{,]\s*env\s*=\s*"(\w+)\"""",
    re.MULTILINE,
)
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*")
FOR_OTHERS = 0o077


def named_by(workspace: Workspace, targets: Iterable[str]) -> tuple[str, ...]:
    """In the order of the files; a target that lies before others counts with them."""
    found: dict[str, None] = {}
    for name in targets:
        folders = [name, *workspace.target(name).runtime.behind]
        for folder in folders:
            text = text_of(workspace.root / "targets" / folder / "target.toml", "")
            lines = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))
            found |= dict.fromkeys(next(filter(None, match.groups())) for match in _NAMED.finditer(lines))
    return tuple(found)


def from_file(path: Path) -> dict[str, str]:
    """Lines of ``NAME=VALUE``; empty without the file. Raises Refused for one that others can read, and for any other line."""
    if not path.exists():
        return {}
    if path.stat().st_mode & FOR_OTHERS:
        raise Refused(f"{path}: other users can reach it", f"chmod 600 {path}")
    out: dict[str, str] = {}
    for number, line in enumerate(text_of(path, "").split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise Refused(f"{path}:{number}: want NAME=VALUE", "one variable a line")
        out[match[1]] = _unquoted(match[2])
    return out


def as_file(values: Mapping[str, str]) -> str:
    """As systemd reads it; raises Refused for a value of several lines."""
    if wrong := [name for name, value in values.items() if not value.isprintable()]:
        raise Refused(f"{', '.join(wrong)}: a value must be one line of printable text", "encode it, as in base64")
    quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in values.items()}
    return "".join(f'{name}="{value}"\n' for name, value in quoted.items())


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
