"""Anchors: what a link to a report ends in, made of names and kinds, so that the same thing has the same one in every report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from harness.domain.reason import Reason

PAGE = "report.html"


def slug(words: str) -> str:
    """Of letters, digits and hyphens alone, whatever stood there."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "part"


def promise(profile: str, metric: str, of: str = "") -> str:
    """Of one promise under one profile; ``of`` tells a hybrid's from that of the pair."""
    return "-".join(("promise", *([slug(of)] if of else []), slug(profile), slug(metric)))


def findings(reasons: Sequence[Reason]) -> tuple[str, ...]:
    """Of each finding, by its kind."""
    return tuple(apart(f"finding-{slug(reason.kind)}" for reason in reasons))


def apart(wanted: Iterable[str]) -> list[str]:
    """Each as it is, a second of the same name with its number."""
    taken: set[str] = set()
    out = []
    for name in wanted:
        free = next(one for one in _numbered(name) if one not in taken)
        taken.add(free)
        out.append(free)
    return out


def _numbered(name: str) -> Iterator[str]:
    yield name
    k = 2
    while True:
        yield f"{name}-{k}"
        k += 1
