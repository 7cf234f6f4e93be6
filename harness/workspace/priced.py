"""What targets say under [prices], before anybody asks whether a book holds it."""

from __future__ import annotations

from pathlib import Path

from harness.workspace.target_toml import tables_of


def priced_targets(root: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Model and names of the parameters by target; raises BadFile for one that is not TOML."""
    out = {}
    for path in sorted((root / "targets").glob("*/target.toml")):
        prices = tables_of(path)[0].get("prices")
        if isinstance(prices, dict) and isinstance(prices.get("parameters"), dict):
            out[path.parent.name] = (str(prices.get("model")), tuple(prices["parameters"]))
    return out
