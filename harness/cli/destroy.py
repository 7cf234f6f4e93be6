"""``pilot destroy [TARGET…]``, which stands with ``pilot deploy``."""

from __future__ import annotations

from harness.cli.deploy import register_destroy as register

__all__ = ["register"]
