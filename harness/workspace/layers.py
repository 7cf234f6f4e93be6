"""Tables laid over others: a variant's over its target's, a target's over its preset's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merge field by field; anything else is replaced."""
    both = {
        key: laid_over(below[key], above[key])
        for key in below.keys() & above.keys()
        if isinstance(above[key], dict) and isinstance(below[key], dict)
    }
    return {**below, **above, **both}
