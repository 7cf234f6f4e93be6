"""``pilot trust DIR``: what a workspace would run, send and steer, and that you trust it with that."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.cli.output import emit
from harness.errors import Refused
from harness.workspace import find, open_workspace, trust, wants
from harness.workspace.wants import Want


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("trust")(confirm)


def confirm(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="A workspace; default: this one.")] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Trust what is shown without asking.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="Stop trusting it.")] = False,
    list_all: Annotated[bool, typer.Option("--list", help="Print the workspaces that you trust.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON; trusts only with --yes.")] = False,
) -> None:
    """Show every command a workspace would run and every variable it would send, with the host; trust it once you confirm."""
    if list_all:
        _print_all(as_json=as_json)
        return
    root = find().root if folder is None else folder.resolve()
    if revoke:
        had = trust.revoke(root)
        if as_json:
            emit({"path": root, "trusted": False, "revoked": had})
        else:
            print(f"{root} is {'no longer' if had else 'not'} trusted")
        return
    workspace = open_workspace(root)
    wanted = wants.everything(workspace)
    missing = trust.lacking(workspace, wanted)
    if not as_json:
        _print(root, wanted, missing)
    trusted = not missing
    if missing and (yes or (not as_json and _said_yes(root))):
        record, trusted = trust.replace(root, wanted), True
        if not as_json:
            print(f"trusted: {len(wanted)} things, recorded in {record}; pilot asks again when one of them changes")
    if as_json:
        emit({"path": root, "trusted": trusted, "wants": [_row(want, missing, trusted=trusted) for want in wanted]})


def _row(want: Want, missing: list[Want], *, trusted: bool) -> dict[str, Any]:
    said = {"does": want.does, "what": want.what, "where": want.where, "digest": want.digest}
    return said | {"trusted": trusted or want not in missing}


def _print(root: Path, wanted: list[Want], missing: list[Want]) -> None:
    if not wanted:
        print(f"{root} runs only this package and sends no variable: nothing to confirm")
        return
    print(f"{root} would:")
    for line, want in zip(trust.told(root, wanted), wanted, strict=True):
        print(line if want in missing else f"  - {want}; trusted")
    if not missing:
        print("nothing left to confirm")


def _said_yes(root: Path) -> bool:
    if not sys.stdin.isatty():
        raise Refused(f"{root}: no terminal to ask for confirmation", f"pilot trust {root} --yes")
    if not typer.confirm("Trust this workspace?", default=False):
        raise Refused(f"{root} is not trusted", "nothing was recorded")
    return True


def _print_all(*, as_json: bool) -> None:
    records = trust.known()
    if as_json:
        emit([{"path": r["path"], "trusted_utc": r.get("trusted_utc"), "wants": r["wants"]} for r in records])
        return
    for record in records:
        print(f"{record['path']}  {len(record['wants'])} things, since {record.get('trusted_utc')}")
    if not records:
        print("no workspace is trusted, apart from what came with this package")
