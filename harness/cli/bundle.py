"""``pilot bundle``: a pilot as one file, for whoever checks or reads it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness import aside
from harness.cli.output import emit, file_for
from harness.words.numbers import counted
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bundle")(bundle)


def bundle(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="The file to write; default: NAME-bundle.tar.gz, by the workspace's folder."
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write pilot.toml, targets, profiles and evidence into one file, without secrets; pilot verify checks it anywhere."""
    workspace = find()
    made = aside.bundle(workspace, file_for("--out", out or Path(f"{workspace.root.name}-bundle.tar.gz")))
    size, files = made.path.stat().st_size, len(made.carried.files)
    if as_json:
        said = {"file": made.path, "bytes": size, "sha256": made.sha256, "files": files, "seal": made.seal}
        emit(said | {"left_out": made.carried.left_out})
        return
    print(f"{made.path}: {counted(files, 'file')}, {size} bytes")
    print(f"sha256 {made.sha256}")
    print(f"seal   {made.seal or 'none: the plan was never sealed'}")
    for line in made.carried.left_out:
        print(f"left out: {line}")
    print(f"check it anywhere: pilot verify {made.path.name}")
