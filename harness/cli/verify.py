"""``pilot verify FILE``: whether a bundle is as it was written, and its evidence as it was left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.checks import end, print_checks
from harness.cli.output import emit
from harness.decision.verified import verified
from harness.domain.shown import visible
from harness.words.numbers import counted


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A bundle that pilot bundle wrote.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
) -> None:
    """Check a bundle without a workspace: its files, the digests of its evidence, the seal; exit 5 if one fails, 6 if one can't be told."""
    found = verified(file)
    if as_json:
        emit(found.as_json())
    else:
        said = found.manifest
        print(f"{file}: {counted(len(said['files']), 'file')}, written by {visible(said['written_by'])}")
        print(f"seal {visible(said.get('seal') or 'none')}")
        print_checks(found.checks)
    end({"": found.checks})
