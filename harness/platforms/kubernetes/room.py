"""What a cluster has room for: the nodes' allocatable processors and memory without what pods ask for, and a namespace's quotas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.platforms.shared.answer import Answer

QUANTITY = re.compile(r"([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(m|k|[MGTPE]|[KMGTPE]i)?")
DECIMAL = "kMGTPE"
BINARY = "KMGTPE"
GIB = 2**30
ENDED = ("Succeeded", "Failed")


def quantity(text: str) -> Decimal:
    """As Kubernetes writes amounts: ``500m``, ``2Gi``; raises ValueError."""
    found = QUANTITY.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a quantity")
    number, suffix = Decimal(found.group(1)), found.group(2) or ""
    if suffix == "m":
        return number / 1000
    if suffix.endswith("i"):
        return number * Decimal(1024) ** (BINARY.index(suffix[0]) + 1)
    return number * Decimal(1000) ** (DECIMAL.index(suffix) + 1) if suffix else number


@dataclass(frozen=True)
class Asks:
    """Of one pod, or left on one node: processors and bytes."""

    cpu: Decimal
    memory: Decimal

    def __add__(self, other: Asks) -> Asks:
        return Asks(self.cpu + other.cpu, self.memory + other.memory)

    def holds(self, one: Asks) -> int:
        """How many of these fit."""
        fits = [int(have // want) for have, want in ((self.cpu, one.cpu), (self.memory, one.memory)) if want > 0]
        return max(0, min(fits, default=0))


def _amount(said: Answer) -> Decimal:
    """Nothing where nothing is asked; raises UnknownShape."""
    if not said.given:
        return Decimal(0)
    try:
        return quantity(str(said.value))
    except ValueError:
        raise said.unlike("a quantity") from None


def asks_of(resources: Answer) -> Asks:
    """Raises UnknownShape for what is not a quantity."""
    return Asks(_amount(resources["cpu"]), _amount(resources["memory"]))


def free_by_node(nodes: Sequence[Answer], pods: Sequence[Answer]) -> list[Asks]:
    """Of nodes that take pods; what containers ask for beyond that they use."""
    used: dict[str, Asks] = {}
    for pod in pods:
        node = pod["spec"]["nodeName"].value
        if node is None or pod["status"]["phase"].value in ENDED:
            continue
        for container in pod["spec"]["containers"].rows():
            asked = asks_of(container["resources"]["requests"])
            used[str(node)] = used.get(str(node), Asks(Decimal(0), Decimal(0))) + asked
    out = []
    for node in nodes:
        if node["spec"]["unschedulable"].value:
            continue
        if not node["status"]["allocatable"].given:
            raise node["status"]["allocatable"].unlike("an object")
        whole = asks_of(node["status"]["allocatable"])
        mine = used.get(node["metadata"]["name"].text(), Asks(Decimal(0), Decimal(0)))
        out.append(Asks(whole.cpu - mine.cpu, whole.memory - mine.memory))
    return out


def exceeded(hard: Mapping[str, Answer], used: Mapping[str, Answer], wanted: Mapping[str, Decimal]) -> list[str]:
    """Limits of a ResourceQuota that would not hold this more, in words."""
    out = []
    for name, more in wanted.items():
        if name in hard:
            limit, now = _amount(hard[name]), _amount(used[name]) if name in used else Decimal(0)
            if now + more > limit:
                shown = [f"{n / GIB:.1f} GiB" if name.endswith("memory") else f"{n:f}" for n in (now, limit, more)]
                out.append(f"{name}: {shown[0]} of {shown[1]} are used, {shown[2]} more are wanted")
    return out
