"""The targets that a router stands before: declared beside it, of the same API, reachable by what it can send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.domain.target import Dialect, Target
from harness.errors import BadFile, Problem
from harness.platforms import registry
from harness.tables.problems import nearest, read_toml


def sides_in(tables: Mapping[str, Any]) -> list[str]:
    """Names of other targets in [runtime], as the file has them; whether there are any is not asked."""
    runtime = tables.get("runtime")
    if not isinstance(runtime, dict):
        return []
    return [name for field in _fields(runtime.get("kind")) if isinstance(name := runtime.get(field), str)]


def problems_of_sides(tables: Mapping[str, Any], path: Path) -> list[Problem]:
    """A side that nobody declares, and one that is a router itself."""
    runtime = tables.get("runtime")
    if not isinstance(runtime, dict):
        return []
    found = []
    for field in _fields(runtime.get("kind")):
        name = runtime.get(field)
        if not isinstance(name, str):
            continue  # its own table says so
        file = path.parent.parent / name / "target.toml"
        if not file.is_file():
            beside = sorted(p.parent.name for p in path.parent.parent.glob("*/target.toml") if p != path)
            found.append(
                Problem(f"runtime.{field}", f"there is no target {name!r} beside this one{nearest(name, beside)}")
            )
        elif file == path or _is_router(file):
            found.append(Problem(f"runtime.{field}", f"{name!r} is a router: name a target that answers by itself"))
    return found


def _is_router(file: Path) -> bool:
    try:
        return bool(sides_in(read_toml(file)))
    except BadFile:
        return False  # said where that file is read


def _fields(kind: object) -> Sequence[str]:
    known = registry.runtimes().get(kind) if isinstance(kind, str) else None
    return known.config.names_targets if known is not None and known.config is not None else ()


def before(router: Target, sides: Sequence[Target], path: Path) -> Target:
    """The router speaks the API of its sides; raises BadFile where they differ, or ask for what it can't send."""
    problems = []
    first = sides[0]
    fields = dict(zip(type(router.runtime).names_targets, sides, strict=True))
    if any(_api(side) != _api(first) for side in sides):
        problems.append(Problem("runtime", f"{' and '.join(s.name for s in sides)} do not speak the same API"))
    if router.dialect not in (Dialect.RAG_CHAT, first.dialect):
        problems.append(Problem("dialect", f"is {first.name}'s, {first.dialect.value!r}: leave it out"))
    for field, side in fields.items():
        if side.auth is not None:
            words = f"{side.name} wants auth.kind = {side.auth.kind!r}: the router adds headers and signs nothing"
            problems.append(Problem(f"runtime.{field}", words))
    if problems:
        raise BadFile(path, problems)
    return replace(
        router,
        behind=tuple(sides),
        dialect=first.dialect,
        fields=first.fields,
        openai=first.openai,
        header_names=first.header_names,
        model=first.model,
        preset=first.preset,
    )


def _api(target: Target) -> tuple[object, ...]:
    return target.dialect, target.fields, target.openai, target.header_names, target.model
