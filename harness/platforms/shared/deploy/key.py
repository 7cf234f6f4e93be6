"""The bearer key that a model provider of one's own wants."""

from __future__ import annotations

import secrets

BYTES = 24


def new_key() -> str:
    """Random, as hexadecimal digits: it goes through shells, URLs and manifests as it is."""
    return secrets.token_hex(BYTES)
