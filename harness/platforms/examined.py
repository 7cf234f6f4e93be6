"""A target examined: by its platform, by its sources, and behind a router by each side's."""

from __future__ import annotations

import os
from collections.abc import Sequence

from harness.domain.finding import Finding
from harness.domain.target import Target
from harness.platforms import registry
from harness.platforms.examining import Reach


def reaching() -> Reach:
    """The clouds themselves, as this shell's credentials reach them."""
    return Reach(environ=dict(os.environ))


def examined(target: Target, reach: Reach) -> list[Finding]:
    """Every finding, in the order in which they stop a first contact."""
    out = list(registry.platform_of(target).examine(target, reach))
    kinds = registry.source_kinds()
    for kind in dict.fromkeys(s.kind for s in target.sources if s.kind in kinds):
        out += kinds[kind].examine(target, reach)
    for side in target.behind:
        out += examined(side, reach)
    return list(dict.fromkeys(out))


def named_regions(targets: Sequence[Target]) -> dict[str, str]:
    """Where each target's control side says that it is; nothing of one that has no region."""
    found = {target.name: getattr(target.runtime, "region", None) for target in targets}
    return {name: str(region) for name, region in found.items() if region}
