"""Any host, function service or edge that has no room here: billed by the prices that its target.toml states."""

from __future__ import annotations

from harness.platforms.custom.bill import BILLINGS
from harness.platforms.platform import Platform

PLATFORM = Platform(kind="custom", title="Any host, by stated prices", verified="spec only", billings=BILLINGS)
