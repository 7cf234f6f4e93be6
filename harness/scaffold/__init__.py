"""A new workspace: what ``pilot init`` writes, from files that came with this package."""

from harness.scaffold.answers import Answers, Side
from harness.scaffold.kinds import kinds
from harness.scaffold.write import write

__all__ = ["Answers", "Side", "kinds", "write"]
