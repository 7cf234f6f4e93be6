"""Where a campaign stops: budget, stop file; the worst case is reserved before each run."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from harness.errors import LimitReached


@dataclass
class Limits:
    """Spend so far against the budget, in modelled US dollars."""

    budget_usd: Decimal
    stop_file: Path
    spent_usd: Decimal = field(default=Decimal(0))

    def reserve(self, worst_case_usd: Decimal) -> None:
        """Raises LimitReached when the next run could exceed the budget, or the stop file lies there."""
        self.check_stop_file()
        if self.spent_usd + worst_case_usd > self.budget_usd:
            raise LimitReached(
                f"the next run may cost up to {worst_case_usd:.4f} USD; {self.spent_usd:.4f} of "
                f"{self.budget_usd} USD are spent (limits.budget_usd)",
                "raise the budget in pilot.toml and seal again, or decide on what there is",
            )

    def check_stop_file(self) -> None:
        if self.stop_file.exists():
            raise LimitReached(f"the stop file {self.stop_file} is there", "remove it to go on")

    def settle(self, cost_usd: Decimal) -> None:
        self.spent_usd += cost_usd
