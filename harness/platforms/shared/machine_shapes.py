"""What a Compute Engine machine is made of: how much of which parts, and the SKU of each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

from harness.errors import PilotError
from harness.tables.problems import nearest

FILE = "gcp-2026-11.toml"
BY_THE_MONTH = frozenset({"ssd_gib"})  # parts whose SKU is priced by the month; others by the hour


@dataclass(frozen=True)
class Part:
    """A quantity of one SKU, by its description without the place it runs in."""

    name: str
    quantity: Decimal
    sku: str


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    file = resources.files("harness.platforms.shared") / "shapes" / FILE
    return tomllib.loads(file.read_text(encoding="utf-8"))


def parts_of(machine: str) -> tuple[Part, ...]:
    """vCPUs, memory, and accelerators and local SSDs where it has them; raises PilotError for a type of unknown shape."""
    family = _family(machine)
    parts: Mapping[str, str] = _tables()["families"].get(family, {}).get("parts", {})
    amounts = _amounts(machine, family)
    if not amounts or amounts.keys() != parts.keys():
        raise PilotError(f"the shape of {machine} is not known{nearest(machine, _known())}")
    return tuple(Part(name, Decimal(amounts[name]), sku) for name, sku in parts.items())


def _family(machine: str) -> str:
    families = _tables()["families"]
    first, _, rest = machine.partition("-")
    both = f"{first}-{rest.partition('-')[0]}"
    return both if both in families else first


def _amounts(machine: str, family: str) -> Mapping[str, str]:
    known: Mapping[str, str] | None = _tables()["machines"].get(machine)
    if known:
        return known
    size, _, count = machine.removeprefix(f"{family}-").rpartition("-")
    each = _tables()["families"].get(family, {}).get("gib_per_vcpu", {}).get(size)
    if each is None or not count.isdigit() or int(count) == 0:
        return {}
    return {"vcpus": count, "gib": str(Decimal(count) * Decimal(each))}


def _known() -> Iterable[str]:
    known: Mapping[str, Any] = _tables()["machines"]
    return known
