"""A new workspace: what ``pilot init`` writes, from files that came with this package."""

from harness.scaffold.answers import EXTERNAL, Answers, Side
from harness.scaffold.kinds import kinds
from harness.scaffold.write import write

__all__ = ["EXTERNAL", "Answers", "Side", "kinds", "write"]
