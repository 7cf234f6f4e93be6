"""What a workspace would run, send, read and steer: each a line that a person can confirm, with a digest of all that it rests on.

Read from the files as they stand, before any variable is filled in and before any program of theirs runs.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from harness.domain.address import NOWHERE
from harness.domain.shown import visible
from harness.errors import PilotError
from harness.platforms import registry
from harness.platforms.shared.deploy.content import IMAGE, NEVER, content_of
from harness.tables.problems import read_toml
from harness.workspace import deployed, shipped
from harness.workspace.api_toml import VARIABLE
from harness.workspace.pilot_toml import Corpus
from harness.workspace.platform_tables import is_embedded
from harness.workspace.read import Workspace
from harness.workspace.sides import sides_in
from harness.workspace.sweep_toml import FILE as SWEEP_FILE
from harness.workspace.target_toml import tables_of

_IN_MESSAGE = re.compile(r"\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_IMPORTABLE = (".py", ".pyc", ".so", ".pyd", ".pth")
_OF_CLOUDS = {"aws-sigv4": "a signature", "google-id-token": "an ID token", "azure-token": "an access token"}
MOST_LINE = 400
OF_TARGET = ("target.toml", SWEEP_FILE, deployed.FILE)  # what they want is told field by field
TOLD = (".md", ".pem")  # for people, and whom to trust
COMMANDS = ("command", "environment", "needs", "jobs")


class Does(StrEnum):
    """What is wanted."""

    RUNS = "runs"
    SENDS = "sends"
    READS = "reads"
    DEPLOYS = "deploys"
    STEERS = "steers"
    SHOWS = "shows"


@dataclass(frozen=True)
class Want:
    """One thing; ``digest`` is of all that it rests on, ``what`` is what a person reads."""

    does: Does
    where: str  # the file, seen from the workspace
    what: str
    digest: str

    def __str__(self) -> str:
        verb = "" if self.does is Does.STEERS else f"{self.does.value} "  # what steers is told with verbs of its own
        return f"{verb}{self.what} ({self.where})"


def everything(workspace: Workspace) -> list[Want]:
    """Of every target, profile and page; raises BadFile for a file that cannot be read."""
    targets = [want for name in workspace.target_names for want in of_target(workspace, name)]
    files = of_files(workspace, _deployable(workspace.root))
    return list(
        dict.fromkeys([*of_profiles(workspace), *of_generator(workspace), *targets, *files, *of_page(workspace)])
    )


def of_target(workspace: Workspace, name: str) -> list[Want]:
    """One target with its sweep, and those that it stands before; raises BadFile."""
    folder = workspace.root / "targets" / name.partition("@")[0]
    tables, _ = tables_of(folder / "target.toml")
    beside = _of_modules(workspace) if is_embedded(tables.get("runtime")) else []
    own = [*beside, *_Tables(f"targets/{folder.name}/target.toml", tables), *_of_sweep(folder), *_of_deployed(folder)]
    sides = [side for side in sides_in(tables) if side in workspace.target_names and side != folder.name]
    behind = [want for side in sides for want in of_target(workspace, side)]
    return [*of_corpus(workspace), *own, *behind]


def of_profiles(workspace: Workspace) -> list[Want]:
    """Files of loadprofiles/ that a run imports and that did not come with this package, and what else it could import."""
    out = of_corpus(workspace)
    for path in sorted((workspace.root / "loadprofiles").rglob("*")):
        where = str(path.relative_to(workspace.root))
        if path.is_symlink() and path.is_dir():  # what lies in it is not seen from here
            to = str(path.readlink())
            out.append(Want(Does.RUNS, where, f"the code of {visible(where)}, a link to {visible(to)}", _digest(to)))
        if path.suffix not in _IMPORTABLE or not path.is_file() or ("__pycache__" in path.parts and _removed(path)):
            continue
        digest = shipped.content_digest(path)
        if digest not in shipped.file_digests("loadprofiles"):
            out.append(Want(Does.RUNS, where, f"the code of {visible(where)} (sha256 {digest[:12]})", digest))
    return [*out, *_of_modules(workspace)]


def _removed(compiled: Path) -> bool:
    """Python may run a compiled file in place of its source, whoever wrote it; without it the source is compiled again."""
    with suppress(OSError):
        compiled.unlink()
    return not compiled.exists()


def _of_modules(workspace: Workspace) -> list[Want]:
    """What a program that is started in the workspace could import."""
    out = []
    for path in sorted(workspace.root.iterdir()):
        if path.name.startswith((".", "__")) or (path.is_file() and path.suffix not in _IMPORTABLE):
            continue
        if path.is_file() or (path / "__init__.py").is_file():
            what = f"{visible(path.name)}, where a program that is started here imports it"
            out.append(Want(Does.RUNS, path.name, what, _digest(path.name)))
    return out


def of_files(workspace: Workspace, files: Sequence[Path]) -> list[Want]:
    """Templates that are deployed, and what an image is built from, where they did not come with this package."""
    out = []
    for path in files:
        digest = shipped.content_digest(path)
        if path.is_relative_to(workspace.root) and digest not in shipped.image_digests():
            where = str(path.relative_to(workspace.root))
            what = (
                f"{visible(where)} with this machine's credentials, or builds an image from it (sha256 {digest[:12]})"
            )
            out.append(Want(Does.DEPLOYS, where, what, digest))
    return out


def _deployable(root: Path) -> list[Path]:
    """What a deployment could take: which of it one does take is known when it is asked for, with credentials."""
    found = {p for p in (root / "targets").rglob("*") if p.is_file() and not _read_here(p.relative_to(root))}
    with suppress(PilotError):  # pilot deploy refuses what cannot be built
        found |= {root / name for name in content_of(root, root / IMAGE).files}
    return sorted(found)


def _read_here(place: Path) -> bool:
    own = place.name in OF_TARGET or place.suffix in TOLD
    return own or any(fnmatch(part, never) for part in place.parts for never in NEVER)


def of_page(workspace: Workspace) -> list[Want]:
    """Template, style and program of the report's page, which a reader's browser runs."""
    out = []
    for folder in ("templates", "style"):
        for path in sorted((workspace.root / "reports" / folder).glob("*")):
            if path.is_file() and (digest := shipped.content_digest(path)) not in shipped.file_digests("reports"):
                where = str(path.relative_to(workspace.root))
                what = f"{visible(where)} in the report's page (sha256 {digest[:12]})"
                out.append(Want(Does.SHOWS, where, what, digest))
    return out


def of_generator(workspace: Workspace) -> list[Want]:
    """Commands that bring up who sends the load, or what is done for that with this machine's credentials."""
    table, on = workspace.config.generator, workspace.config.on
    places = [(f"makes and removes a machine as [on.{visible(name)}] says", said) for name, said in on.items()]
    out = [_steered(f"{words}, with this machine's credentials", said) for words, said in places]
    kind = registry.generators().get(table.kind) if table.said else None
    if kind is None:
        return out
    commands, steers = kind.runs(table.said), kind.steers(table.said)
    out += [Want(Does.RUNS, "pilot.toml", f"{_line(c)} to send load from there", _digest(c)) for c in commands]
    return [*out, *([_steered(steers, table.said)] if steers else [])]


def _steered(words: str, rests_on: object) -> Want:
    return Want(Does.STEERS, "pilot.toml", visible(words, MOST_LINE), _digest(rests_on))


def of_corpus(workspace: Workspace) -> list[Want]:
    """A command of its own that builds what the service searches."""
    build = workspace.config.corpus.build
    if build == Corpus().build:
        return []
    return [Want(Does.RUNS, "pilot.toml", f"{_line(build)} to build the corpus", _digest(build))]


def _of_deployed(folder: Path) -> Iterator[Want]:
    """Values that fill target.toml in where the environment has none: they say where requests go."""
    for name, value in sorted(deployed.values(folder).items()):
        if value != NOWHERE:
            what = f"fills in {visible(value, MOST_LINE)} as {name}"
            yield Want(Does.STEERS, f"targets/{folder.name}/{deployed.FILE}", what, _digest([name, value]))


def _of_sweep(folder: Path) -> Iterator[Want]:
    """Commands that apply its settings, and settings that are commands."""
    path = folder / SWEEP_FILE
    if not path.is_file():
        return
    data = read_toml(path)
    settings = data.get("settings")
    changed = [s for s in settings if _changes_command(s)] if isinstance(settings, list) else []
    commands = [c for c in data.get("apply") or () if isinstance(c, list)]
    if commands or changed:
        said = "; ".join(_line(c) for c in commands) or "its settings' own commands"
        yield Want(Does.RUNS, f"targets/{folder.name}/{SWEEP_FILE}", said, _digest([data.get("apply"), settings]))


def _changes_command(setting: object) -> bool:
    runtime = setting.get("runtime") if isinstance(setting, dict) else None
    return isinstance(runtime, dict) and any(name in runtime for name in COMMANDS)


class _Tables:
    """Iterates over what one target.toml wants."""

    def __init__(self, where: str, data: Mapping[str, Any]) -> None:
        self._where = where
        self._data = data
        lanes = data.get("lanes")
        self._to = [data.get("base_url") or "its own address", *(lanes if isinstance(lanes, list) else ())]
        self._host = visible(", ".join(map(str, self._to)), MOST_LINE)

    def __iter__(self) -> Iterator[Want]:
        yield from self._runtime()
        yield from self._credentials()
        yield from self._variables()
        for table in self._list("sources"):
            yield from self._source(table)
        for table in self._list("quotas"):
            if table.get("code"):
                yield self._steers(f"asks AWS for the quota {table.get('code')} with this machine's credentials", table)

    def _runtime(self) -> Iterator[Want]:
        runtime = self._table("runtime")
        kind = str(runtime.get("kind", ""))
        if is_embedded(runtime) and not any(name in runtime for name in COMMANDS):
            return  # a program of this package, and nothing of the file's
        if is_embedded(runtime):
            digest, jobs = shipped.command_digest(runtime), shipped.job_commands(runtime)
            known = digest in shipped.command_digests()
            if jobs:
                known = known and shipped.job_digest(runtime) in shipped.job_digests()
                digest = _digest([digest, shipped.job_digest(runtime)])
            if not known:
                needs = [n.get("command") for n in runtime.get("needs") or () if isinstance(n, dict)]
                said = "; ".join(_line(c) for c in (runtime.get("command"), *needs, *jobs))
                names = ", ".join(map(str, runtime.get("environment") or {}))
                yield Want(Does.RUNS, self._where, said + (f", with {visible(names)}" if names else ""), digest)
        elif kind not in ("", registry.uncontrolled()):
            token, place = runtime.get("token_env"), runtime.get("api")
            if token:
                yield self._sends(f"{token} to {place}", [token, place])
            named = " ".join(str(v) for k, v in runtime.items() if k not in ("kind", "token_env", "ca_file"))
            yield self._steers(f"asks and restarts {kind} {named} with this machine's credentials", runtime)

    def _credentials(self) -> Iterator[Want]:
        auth = self._table("auth")
        if variable := auth.get("env"):
            header = auth.get("header", "Authorization")
            yield self._sends(f"{variable} as {header} to {self._host}", [variable, header, self._to])
        if made := _OF_CLOUDS.get(str(auth.get("kind"))):
            of = " ".join(str(v) for k, v in sorted(auth.items()) if k != "kind")
            words = f"{made} of this machine's credentials{f' for {of}' if of else ''} to {self._host}"
            yield self._sends(words, [auth, self._to])
        for name, value in self._table("headers").items():
            for variable in VARIABLE.findall(str(value)):
                yield self._sends(f"{variable} as {name} to {self._host}", [variable, name, self._to])

    def _variables(self) -> Iterator[Want]:
        """Those of messages, and those that fields are filled from."""
        apart = ("headers", "runtime") if is_embedded(self._table("runtime")) else ("headers",)
        for place, text in _texts({k: v for k, v in self._data.items() if k not in apart}):
            for variable in _IN_MESSAGE.findall(text):
                yield self._sends(f"{variable} in its messages to {self._host}", [variable, place, self._to])
            for variable in VARIABLE.findall(text):
                yield Want(Does.READS, self._where, f"{variable} for {place} = {visible(text, 100)}", _digest(text))

    def _source(self, table: Mapping[str, Any]) -> Iterator[Want]:
        kind, url = str(table.get("kind")), table.get("url")
        if variable := table.get("env"):
            yield self._sends(f"{variable} to {url}", [variable, url])
        if url:
            yield self._steers(f"asks {kind} at {url}", [kind, url])
        else:
            yield self._steers(f"asks {kind} with this machine's credentials", table)

    def _sends(self, words: str, rests_on: object) -> Want:
        return Want(Does.SENDS, self._where, visible(words, MOST_LINE), _digest(rests_on))

    def _steers(self, words: str, rests_on: object) -> Want:
        return Want(Does.STEERS, self._where, visible(words, MOST_LINE), _digest(rests_on))

    def _table(self, name: str) -> Mapping[str, Any]:
        found = self._data.get(name)
        return found if isinstance(found, dict) else {}

    def _list(self, name: str) -> list[dict[str, Any]]:
        found = self._data.get(name)
        return [t for t in found if isinstance(t, dict)] if isinstance(found, list) else []


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - whatever the file holds
    if isinstance(value, str):
        yield visible(place), value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, place)


def _line(command: object) -> str:
    parts = [str(part) for part in command] if isinstance(command, Sequence) and not isinstance(command, str) else []
    return visible(shlex.join(parts) or visible(str(command)), MOST_LINE)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
