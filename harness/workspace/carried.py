"""What of a workspace goes into a bundle: its declarations, the files that they name, and the evidence; never a secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.domain.bounds import TRACE_BYTES
from harness.domain.shown import visible
from harness.errors import Refused
from harness.evidence.regular import bytes_of
from harness.evidence.walking import files_below, is_never
from harness.secrecy import KNOWN, Secrets
from harness.workspace.corpus import MARK as CORPUS_MARK
from harness.workspace.read import Workspace
from harness.workspace.sweep_toml import FILE as SWEEP_FILE
from harness.workspace.target_toml import tables_of

PILOT, TARGETS, PROFILES, EVIDENCE = "pilot.toml", "targets", "loadprofiles", "evidence"
OF_TARGET = ("target.toml", SWEEP_FILE)
OWN_BOOK = ".toml"  # how the name of a price book of a team's own ends
KEY = b" PRIVATE KEY-----"


@dataclass
class Carried:
    """Files by their place in the workspace, and in words what was left out though it is named or lies there."""

    files: dict[str, Path] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def carried(workspace: Workspace, secrets: Secrets = KNOWN) -> Carried:
    """Raises Refused where a file that would go holds a secret, or pilot.toml or the evidence is a link; BadFile."""
    root, out = workspace.root, Carried()
    for name in (PILOT, EVIDENCE):
        if (root / name).is_symlink():
            raise Refused(f"{root / name} is a link, and a bundle has no links", "put what it leads to in its place")
    declared = [f"{TARGETS}/{name}/{file}" for name in workspace.target_names for file in OF_TARGET]
    for at in (PILOT, *(at for at in declared if os.path.lexists(root / at))):
        _take(root, at, at, out)
    for where, name in named(workspace):
        _take(root, name, f"{where}: {name}", out)
    _take_all(root, PROFILES, out)
    _without_secrets(out, secrets)
    _take_all(root, EVIDENCE, out)  # secrets are hidden where it is written
    return out


def named(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Files that the declarations name, by the field; those of the corpus are built anew. Raises BadFile."""
    config = workspace.config
    said = {
        "load.questions": config.load.questions,
        "quality.set": config.quality.set,
        "traffic.trace": config.traffic.trace,
        **{f"profiles.{name}.trace": profile.trace for name, profile in config.profiles.items()},
    }
    yield from ((where, name) for where, name in said.items() if name and CORPUS_MARK not in name)
    for target in workspace.target_names:
        prices = tables_of(workspace.root / TARGETS / target / "target.toml")[0].get("prices")
        book = prices.get("book") if isinstance(prices, dict) else None
        if isinstance(book, str) and book.endswith(OWN_BOOK):
            yield f"{TARGETS}/{target}/target.toml: prices.book", book


def is_inside(name: str) -> bool:
    """Whether a file that is named so lies in the workspace that names it, if no link leads out."""
    return Path(os.path.normpath(name)).parts[:1] not in ((os.sep,), (os.pardir,))


def _take(root: Path, name: str, said: str, out: Carried) -> None:
    at = Path(os.path.normpath(name))
    problem = (
        "lies outside the workspace"
        if not is_inside(name)
        else "is kept where it is: it may hold secrets"
        if is_never(at.parts)
        else "is not a file"
        if not (root / at).is_file()
        else "is a link, or behind one"
        if (root / at).resolve() != root / at
        else None
    )
    if problem:
        out.left_out.append(f"{visible(said)} {problem}")
    else:
        out.files[at.as_posix()] = root / at


def _take_all(root: Path, folder: str, out: Carried) -> None:
    out.files |= {f"{folder}/{at}": file for at, file in files_below(root / folder, links=False)}
    links = sorted(path for path in (root / folder, *(root / folder).rglob("*")) if path.is_symlink())
    out.left_out += [f"{visible(path.relative_to(root).as_posix())} is a link" for path in links]


def _without_secrets(out: Carried, secrets: Secrets) -> None:
    for at, file in out.files.items():
        data = bytes_of(file, most=TRACE_BYTES)
        if KEY in data or secrets.holds(data.decode("utf-8", errors="replace")):
            raise Refused(
                f"{visible(at)} holds a secret, so nothing was written",
                "take it out; where a value is needed, name the variable that holds it",
            )
