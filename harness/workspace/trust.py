"""Which workspaces this user trusts, and with what: recorded in the user's own state folder, never in the workspace.

    $XDG_STATE_HOME/runtime-pilot/trust/<digest of the path>.json     default ~/.local/state, mode 600

What a record does not hold, word for word, is not trusted: a command, a variable or a host that has changed is asked for
anew. The checkout that this package runs from needs no record, nor what came with this package. ``PILOT_TRUST`` names
folders whose workspaces are trusted whatever they hold, for CI and for fleets.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any

from harness.domain.sweep import MARK
from harness.errors import PilotError, Refused
from harness.evidence.files import dump
from harness.workspace.read import Workspace
from harness.workspace.shipped import is_own_checkout
from harness.workspace.wants import Want, of_corpus, of_generator, of_page, of_profiles, of_target

VARIABLE = "PILOT_TRUST"
VERSION = 1
MOST_TOLD = 12


def lacking(workspace: Workspace, wants: Iterable[Want]) -> list[Want]:
    """What nobody has confirmed yet."""
    wanted = list(wants)
    if not wanted or is_own_checkout(workspace.root) or _vouched(workspace.root):
        return []
    known = {(row["does"], row["where"], row["digest"]) for row in _rows(read(workspace.root))}
    return [want for want in wanted if (want.does.value, want.where, want.digest) not in known]


def for_work(
    workspace: Workspace,
    targets: Iterable[str] = (),
    *,
    profiles: bool = False,
    page: bool = False,
    generator: bool = False,
) -> None:
    """What a command is about to run, send and show, confirmed; raises Refused, or BadFile for a target's file."""
    wants = [] if page else of_corpus(workspace)
    wants += of_profiles(workspace) if profiles else []
    wants += of_generator(workspace) if generator else []
    for name in targets:
        if name.partition(MARK)[0] in workspace.target_names:  # any other is refused by name
            wants += of_target(workspace, name)
    require(workspace, dict.fromkeys(wants + (of_page(workspace) if page else [])))


def measured(workspace: Workspace) -> tuple[str, ...]:
    """Names of the targets that a campaign drives."""
    return workspace.config.pilot.measured


def require(workspace: Workspace, wants: Iterable[Want]) -> None:
    """Return where all of it is trusted; at a terminal ask, anywhere else raise Refused with the command that shows it."""
    missing = lacking(workspace, wants)
    if not missing:
        return
    if _at_terminal() and _said_yes(workspace.root, told(workspace.root, missing)):
        add(workspace.root, missing)
        return
    lines = told(workspace.root, missing)
    more = [f"  … and {len(lines) - MOST_TOLD} more"] if len(lines) > MOST_TOLD else []
    raise Refused(
        "\n".join(
            [f"{workspace.root} is not trusted with this, and nothing was run or sent:", *lines[:MOST_TOLD], *more]
        ),
        f"pilot trust {quote(str(workspace.root))} shows all of it and asks; in CI, {VARIABLE}=DIR vouches for a folder",
    )


def told(root: Path, missing: Sequence[Want]) -> list[str]:
    """A line each; what has changed says what was confirmed before."""
    before: dict[tuple[str, str], list[str]] = {}
    for row in _rows(read(root)):
        before.setdefault((row["does"], row["where"]), []).append(row["what"])
    return [f"  - {want}{_changed(want, before.get((want.does.value, want.where), []))}" for want in missing]


def _changed(want: Want, before: Sequence[str]) -> str:
    if not before or want.what in before:
        return "; changed since it was confirmed" if before else ""
    return f"; confirmed was: {before[0]}" if len(before) == 1 else "; new, or changed since the rest was confirmed"


def add(root: Path, wants: Sequence[Want]) -> Path:
    """Confirm these too; raises PilotError where the record cannot be written."""
    kept = {(row["does"], row["where"], row["digest"]): row for row in _rows(read(root))}
    kept |= {(w.does.value, w.where, w.digest): _row(w) for w in wants}
    return _write(root, list(kept.values()))


def replace(root: Path, wants: Sequence[Want]) -> Path:
    """Confirm exactly these."""
    return _write(root, [_row(want) for want in wants])


def revoke(root: Path) -> bool:
    """Whether there was anything to forget."""
    try:
        _path(root).unlink()
    except FileNotFoundError:
        return False
    return True


def known() -> list[dict[str, Any]]:
    """Every record, by path."""
    records = (_read(path) for path in sorted(_folder().glob("*.json")))
    return sorted((r for r in records if r is not None), key=lambda r: str(r["path"]))


def read(root: Path) -> dict[str, Any] | None:
    """The record of this workspace; None where there is none, or where others could have written it."""
    try:
        record = _read(_path(root))
    except PilotError:
        return None
    return record if record is not None and record["path"] == str(root) else None


def _rows(record: Mapping[str, Any] | None) -> list[dict[str, str]]:
    rows = (record or {}).get("wants")
    names = ("does", "where", "what", "digest")
    return [r for r in rows if isinstance(r, dict) and all(isinstance(r.get(n), str) for n in names)] if rows else []


def _row(want: Want) -> dict[str, str]:
    return {"does": want.does.value, "where": want.where, "what": want.what, "digest": want.digest}


def _folder() -> Path:
    said = os.environ.get("XDG_STATE_HOME", "")
    try:
        base = Path(said) if Path(said).is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError:
        raise PilotError(
            "there is no home folder to record trust in", f"set XDG_STATE_HOME, or {VARIABLE}=DIR"
        ) from None
    return base / "runtime-pilot" / "trust"


def _path(root: Path) -> Path:
    return _folder() / f"{hashlib.sha256(str(root).encode()).hexdigest()[:32]}.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with path.open(encoding="utf-8") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
                return None
            value = json.loads(file.read(1 << 22))
    except (OSError, ValueError, RecursionError):
        return None
    right = isinstance(value, dict) and value.get("schema_version") == VERSION and isinstance(value.get("path"), str)
    return value if right and isinstance(value.get("wants"), list) else None


def _write(root: Path, rows: list[dict[str, str]]) -> Path:
    path = _path(root)
    text = dump(
        {
            "schema_version": VERSION,
            "path": str(root),
            "trusted_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "wants": rows,
        }
    )
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(file, "w", encoding="utf-8", errors="backslashreplace") as out:  # noqa: PTH123 - a descriptor
            out.write(text)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise PilotError(f"{path}: {error.strerror}", f"set XDG_STATE_HOME, or {VARIABLE}=DIR") from None
    return path


def _vouched(root: Path) -> bool:
    folders = [Path(said) for said in os.environ.get(VARIABLE, "").split(os.pathsep) if said]
    return any(folder.is_absolute() and root.is_relative_to(folder.resolve()) for folder in folders)


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _said_yes(root: Path, lines: Sequence[str]) -> bool:
    print(f"{root} was not made here. It would:", *lines, sep="\n", file=sys.stderr)
    print("Trust this workspace? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
