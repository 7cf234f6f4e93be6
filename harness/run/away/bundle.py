"""What another machine needs to run this campaign: the workspace, this package with the versions beside it, and its services.

workspace/   pilot.toml, targets, profiles, questions, the corpus, the evidence so far; never a secret or a virtual environment
package/     this checkout, or what is installed with requirements.txt
machine/     targets/generator/machine
options      of ``pilot run`` there
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from importlib.metadata import distribution, distributions
from pathlib import Path

import harness
from harness.evidence.walking import files_below, is_never
from harness.workspace import Workspace
from harness.workspace.shipped import is_own_checkout, shipped

NOT_OF_WORKSPACE = ("reports/rendered", ".pilot")
OF_STATE = ".pilot/corpus"
OF_CHECKOUT = ("harness", "targets", "reports", "loadprofiles", "docs", "pyproject.toml", "README.md", "LICENSE")
PINS = "constraints-base.txt"
ONLY_CHECKOUTS = ("harness", "tests", "bench", "tools", "docs")  # of a workspace that is this package's own repository
DISTRIBUTION = "runtime-pilot"
INSTALLERS = (DISTRIBUTION, "pip", "setuptools", "wheel")


def write(workspace: Workspace, path: Path, options: str) -> Path:
    """The bundle at ``path``."""
    with tarfile.open(path, "w:gz", dereference=True, compresslevel=6) as tar:
        for at, file in _of_workspace(workspace):
            tar.add(file, f"workspace/{at}", recursive=False)
        _add_package(tar)
        machine = shipped("targets") / "generator" / "machine"
        for at, file in files_below(machine):
            tar.add(file, f"machine/{at}", recursive=False)
        _add_text(tar, "options", f"PILOT_RUN_OPTIONS={options}\n")
    return path


def _of_workspace(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    root = workspace.root
    own = ONLY_CHECKOUTS if is_own_checkout(root) else ()
    yield from files_below(root, (*NOT_OF_WORKSPACE, *own))
    corpus = root / OF_STATE
    if corpus.is_dir():
        yield from ((f"{OF_STATE}/{at}", file) for at, file in files_below(corpus.resolve()))


def _add_package(tar: tarfile.TarFile) -> None:
    checkout = Path(harness.__file__).parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / PINS).is_file():
        for name in (*OF_CHECKOUT, PINS):
            found = files_below(checkout / name) if (checkout / name).is_dir() else [("", checkout / name)]
            for at, file in found:
                tar.add(file, f"package/{name}/{at}".rstrip("/"), recursive=False)
        return
    for one in distribution(DISTRIBUTION).files or ():
        file = Path(str(one.locate()))
        if ".." not in one.parts and file.is_file() and not is_never(one.parts):
            tar.add(file, f"package/site/{one}", recursive=False)
    pins = {d.metadata["Name"]: d.version for d in distributions() if d.metadata["Name"].lower() not in INSTALLERS}
    _add_text(tar, "package/requirements.txt", "".join(f"{n}=={v}\n" for n, v in sorted(pins.items())))


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
