"""``region`` of a whole target.toml: one place for what its tables each want."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from harness.errors import Problem
from harness.platforms import registry

REGION = "region"
SIGNED = "aws-sigv4"  # the one kind of authorisation that is of a region


def with_region(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The tables, each that has a region and says none with the file's; and what is wrong with that one."""
    region = data.get(REGION)
    if region is None:
        return dict(data), []
    if not isinstance(region, str) or not region:
        return dict(data), [Problem(REGION, "want the name of a region")]

    def told(table: Any, *, wanted: bool) -> Any:  # noqa: ANN401 - whatever the file holds
        return {REGION: region, **table} if wanted and isinstance(table, dict) else table

    out = {name: value for name, value in data.items() if name != REGION}
    runtime, auth, sources = out.get("runtime"), out.get("auth"), out.get("sources")
    out |= {"runtime": told(runtime, wanted=_of_a_runtime(runtime))} if runtime is not None else {}
    out |= (
        {"auth": told(auth, wanted=isinstance(auth, dict) and auth.get("kind") == SIGNED)} if auth is not None else {}
    )
    out |= {"prices": told(out["prices"], wanted=True)} if "prices" in out else {}
    if isinstance(sources, list):
        out["sources"] = [told(source, wanted=_of_a_source(source)) for source in sources]
    return out, []


def _of_a_runtime(table: Any) -> bool:  # noqa: ANN401
    platform = registry.runtimes().get(_kind(table))
    config = platform.config if platform else None
    return config is not None and is_dataclass(config) and REGION in {f.name for f in fields(config)}


def _of_a_source(table: Any) -> bool:  # noqa: ANN401
    known = registry.source_kinds().get(_kind(table))
    return known is not None and REGION in known.table.model_fields


def _kind(table: Any) -> str:  # noqa: ANN401
    return str(table.get("kind")) if isinstance(table, dict) else ""
