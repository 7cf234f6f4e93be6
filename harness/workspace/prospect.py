"""A target before it is deployed: its address, and whatever else only a deployment knows, is still to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.domain.address import NOWHERE
from harness.domain.target import Target
from harness.workspace.api_toml import VARIABLE

NOTHING_YET = "not-deployed"
KEPT = ("headers",)  # read where they are sent
DEPLOYED = ("base_url", "sources")  # tables that a deployment fills in; it wants the others whole


@dataclass(frozen=True)
class Prospect:
    """``unset``: variables of the environment that a deployment gives, and nothing has given yet; ``absent``: files that it writes."""

    target: Target
    unset: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def without_unset(data: Mapping[str, Any], known: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The tables without what names a variable that is not ``known``, and these variables; ``base_url`` leads nowhere then.

    A value of [runtime] that only a deployment gives becomes a name that nothing has.
    """
    unset: dict[str, None] = {}

    def lacks(value: Any) -> bool:  # noqa: ANN401 - whatever the file holds
        names = [n for n in VARIABLE.findall(value) if not known.get(n)] if isinstance(value, str) else []
        unset.update(dict.fromkeys(names))
        return bool(names)

    def kept(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            return {key: kept(inner) for key, inner in value.items() if not lacks(inner)}
        if isinstance(value, list):
            return [kept(inner) for inner in value if not lacks(inner) and not asks_nobody(inner)]
        return value

    def asks_nobody(value: Any) -> bool:  # noqa: ANN401
        return isinstance(value, dict) and lacks(value.get("url"))

    def named(value: Any) -> Any:  # noqa: ANN401
        return NOTHING_YET if lacks(value) else value

    out = {key: value if key in KEPT else kept(value) for key, value in data.items() if key in KEPT or not lacks(value)}
    if isinstance(data.get("runtime"), dict):
        out["runtime"] = {key: named(value) for key, value in data["runtime"].items()}
    if "base_url" in data and "base_url" not in out:
        out["base_url"] = NOWHERE
    return out, tuple(unset)
