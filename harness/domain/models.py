"""Names of models: whether two of them are one model, as providers write them."""

from __future__ import annotations

import re
from functools import lru_cache

# "gpt-4o" is asked and "gpt-4o-2024-08-06" answers; "gpt-4o-mini" is another one. A date, a revision or a tag ends a name.
_VERSION = re.compile(
    r"(?:[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|\d{3}|latest)|:latest|@latest|[-:]v\d+(?::\d+)?)+"
)


@lru_cache(1024)
def same_model(one: str, other: str) -> bool:
    """Whatever the provider's prefix (``openai/``), case and version behind the name, where only one of them has it."""
    a, b = _bare(one), _bare(other)
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    return long.startswith(short) and _VERSION.fullmatch(long[len(short) :]) is not None


def _bare(name: str) -> str:
    return name.strip().lower().rpartition("/")[2]
