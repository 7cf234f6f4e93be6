"""Pages for a terminal: aligned, coloured where a person looks, plain where a program reads."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.domain.verdict import Judgement, Relation
from harness.status.board import BlockState

# word and colour say the same, so that colour carries nothing alone
STYLES = {
    Judgement.PASS.value: "bold blue",
    Judgement.FAIL.value: "bold yellow",
    Judgement.INCONCLUSIVE.value: "dim",
    Relation.BETTER.value: "bold blue",
    Relation.WORSE.value: "bold yellow",
    Relation.EQUIVALENT.value: "blue",
    Relation.UNRESOLVED.value: "dim",
    BlockState.DONE.value: "blue",
    BlockState.INVALID.value: "bold yellow",
    BlockState.GIVEN_UP.value: "bold yellow",
    BlockState.BEGUN.value: "bold",
    BlockState.DUE.value: "dim",
}
WIDE = 4096  # nothing wraps where a program reads


def console() -> Console:
    """Standard output: as wide as the terminal, or as wide as the longest line."""
    made = Console(highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(highlight=False, width=WIDE, no_color=True)


def rows(
    out: Console, title: str, head: Sequence[str], body: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> None:
    """A table without lines; columns of ``right`` hold numbers."""
    if not body:
        return
    table = Table(title=title, title_style="bold", title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for k, name in enumerate(head):
        table.add_column(name, header_style="dim", justify="right" if k in right else "left", overflow="fold")
    for row in body:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    out.print(table)
    out.print()


def lines(out: Console, title: str, texts: Sequence[str], mark: str = "·") -> None:
    """A list with a heading; nothing where it is empty."""
    if not texts:
        return
    out.print(Text(title, style="bold"))
    for text in texts:
        out.print(Text(f"  {mark} {text}"))
    out.print()
