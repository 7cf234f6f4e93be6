"""A function app's code: laid out by the program beside its template, published as one zip, built by the platform.

One deploy (``/api/publish``) is the only way that a Flex Consumption app takes. What was published is known by a tag of
the app.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.domain.bounds import COPIED_BYTES
from harness.domain.identities import without_identity
from harness.domain.lines import lines_of
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError, Refused
from harness.evidence.regular import bytes_of
from harness.platforms.deploying import Heard
from harness.platforms.shared.azure_deploy.arm import GROUPS, Arm, ArmError
from harness.platforms.shared.azure_deploy.part import SITE, VERSIONS, template_of

PUBLISHED = "pilot-package"  # the tag of an app that says what its code is
SUCCEEDED, BUSY = 4, (None, 0, 1, 2)  # of a deployment's status; None: it is not listed yet
WITHIN_S, LAYOUT_S = 1800.0, 600.0
TAIL, DIGITS, TRIES = 15, 20, 4
OWN_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
EPOCH = (1980, 1, 1, 0, 0, 0)
LATE = (
    "storage",
    "authoriz",
    "forbidden",
    "403",
    "not accessible",
)  # a role that was just assigned is not seen everywhere


@dataclass(frozen=True)
class Package:
    """A program and the files that it lays out; ``timeout_s``: how long a request may take, ``python``: what runs the program."""

    root: Path
    program: Path
    files: tuple[Path, ...]
    timeout_s: int
    python: str = sys.executable

    @property
    def tag(self) -> str:
        """The same content has the same tag, on any machine."""
        made = hashlib.sha256(f"{self.timeout_s}\n".encode())
        for path in sorted(self.files):
            inner = hashlib.sha256(bytes_of(path, most=COPIED_BYTES)).hexdigest()
            made.update(f"{path.relative_to(self.root)}\n{inner}\n".encode())
        return f"content-{made.hexdigest()[:DIGITS]}"


Lay = Callable[[Package, Path], bytes]  # in a folder to work in; a zip


def python_of(template: Path, own: str = OWN_PYTHON, which: Callable[[str], str | None] = shutil.which) -> str:
    """A Python of the version that its app runs: what it lays out, its index above all, depends on that. Raises Refused."""
    rows = (row.get("properties") for row in template_of(template)["resources"] if isinstance(row, dict))
    configured = (row.get("functionAppConfig") or {} for row in rows if isinstance(row, dict))
    wanted = next(
        (str(said["version"]) for one in configured if (said := one.get("runtime")) and "version" in said), own
    )
    found = sys.executable if wanted == own else which(f"python{wanted}")
    if found is None:
        raise Refused(
            f"{template}: the app runs Python {wanted}, and this is Python {own}: what is published depends on it",
            f"install python{wanted} beside this one; it needs no packages",
        )
    return found


def laid_out(package: Package, folder: Path) -> bytes:
    """What the program puts into ``folder``, as a zip; raises PilotError with the last lines of what it said."""
    program = package.program
    command = [package.python, str(program), str(folder), "--timeout-s", str(package.timeout_s)]
    try:
        done = subprocess.run(
            command,
            cwd=package.root,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=LAYOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise PilotError(
            f"{program.name} did not end within {LAYOUT_S:g} s", f"python {program} FOLDER says why"
        ) from None
    if done.returncode:
        tail = [visible(line, MOST_SHOWN) for line in lines_of(done.stdout + done.stderr)][-TAIL:]
        raise PilotError("\n  ".join([f"{program.name} ended with {done.returncode}:", *tail]), "fix what it says")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            entry = zipfile.ZipInfo(str(path.relative_to(folder)), EPOCH)
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            made.writestr(entry, path.read_bytes())
    return out.getvalue()


class Publishing:
    """To one function app, whose path below its group's providers is ``path``."""

    def __init__(self, arm: Arm, path: str, name: str, lay: Lay = laid_out) -> None:
        self._arm, self._path, self._name, self._lay = arm, path, name, lay

    def published(self) -> str | None:
        """What its code is; None where nothing was published, or there is no app."""
        there = self._arm.found(f"app {self._name}", self._path, VERSIONS[SITE])
        return ((there or {}).get("tags") or {}).get(PUBLISHED)

    def keep(self, tag: str) -> None:
        """That its code is still this: a template that was deployed anew takes the tag away, and leaves the code."""
        if self.published() != tag:
            body = {"operation": "Merge", "properties": {"tags": {PUBLISHED: tag}}}
            path = f"{self._path}/providers/Microsoft.Resources/tags/default"
            self._arm.ask(f"tags of {self._name}", "PATCH", path, GROUPS, body=body)

    def put(self, package: Package, before: str | None, heard: Heard) -> str:
        """``kept``, ``created`` or ``updated``; ``before``: what was published before its template was deployed.

        Raises PilotError with what the platform's build said last.
        """
        if before == package.tag:
            self.keep(before)
            return "kept"
        host = self._host()
        self._settled(host, heard)
        with tempfile.TemporaryDirectory(prefix="pilot-package-") as folder:
            heard.work(f"{self._name}: laying out its code")
            data = self._lay(package, Path(folder))
        for left in reversed(range(TRIES)):
            status, said = self._tried(host, data, heard)
            if status == SUCCEEDED:
                break
            late = any(word in " ".join(said).lower() for word in LATE)
            if not late or not left:
                lines = [f"publishing to {self._name} ended as {status}:", *said]
                raise PilotError("\n  ".join(lines), "fix what it says, then the same command again")
            heard.say(f"{self._name}: its storage is not open to it yet; again in {self._arm.pace.settle_s:.0f} s")
            self._arm.pace.sleep(self._arm.pace.settle_s)
        self.keep(package.tag)
        return "updated" if before else "created"

    def _tried(self, host: str, data: bytes, heard: Heard) -> tuple[object, Sequence[str]]:
        """How one try ended, and what it said."""
        url, doing = f"https://{host}/api/publish", f"publishing to {self._name}"
        kind = {"Content-Type": "application/zip"}
        for _ in range(TRIES):
            try:
                said = self._arm.send(doing, "POST", url, params={"RemoteBuild": "true"}, content=data, headers=kind)
                break
            except ArmError as error:
                if error.status != 409:  # somebody else's, or one that a cut left
                    return f"HTTP {error.status}", [str(error)]
            self._settled(host, heard)
        else:
            return "HTTP 409", ["another deployment of it is running"]
        number = said.text.strip().strip('"') or str(said.body.get("id") or "latest")
        status = self._followed(host, number, heard)
        return status, ([] if status == SUCCEEDED else self._log(host, number))

    def _followed(self, host: str, number: str, heard: Heard) -> object:
        state: Mapping[str, Any] = {}

        def over() -> tuple[bool, float]:
            nonlocal state
            state = self._deployment(host, number) or {}
            return state.get("status") not in BUSY, 0.0

        def tell(took_s: float) -> None:
            heard.work(
                f"{self._name}: {visible(str(state.get('progress') or state.get('status_text') or 'building'), 80)}, {took_s:.0f} s"
            )

        self._arm.wait(f"publishing to {self._name}", over, WITHIN_S, tell)
        return state.get("status")

    def _settled(self, host: str, heard: Heard) -> None:
        """Once no deployment of it is running."""
        there = self._deployment(host, "latest")
        if there is not None and there.get("status") in BUSY:
            heard.say(f"{self._name}: waiting for a deployment that is running")
            self._followed(host, "latest", heard)

    def _deployment(self, host: str, number: str) -> Mapping[str, Any] | None:
        """None where there is none, or it is not listed yet."""
        try:
            return self._arm.send("deployment of the code", "GET", f"https://{host}/api/deployments/{number}").body
        except ArmError as error:
            if error.status == 404:
                return None
            raise

    def _log(self, host: str, number: str) -> Sequence[str]:
        try:
            said = self._arm.send("log", "GET", f"https://{host}/api/deployments/{number}/log")
        except ArmError:
            return []
        return [visible(without_identity(line), MOST_SHOWN) for line in _messages(said.text, said.body)][-TAIL:]

    def _host(self) -> str:
        """Where its code is sent, as the app itself says."""
        there = self._arm.get(f"app {self._name}", self._path, VERSIONS[SITE])
        states = (there.get("properties") or {}).get("hostNameSslStates") or ()
        host = next((str(one["name"]) for one in states if one.get("hostType") == "Repository"), None)
        if host is None:
            raise PilotError(f"app {self._name} has no address that code could be sent to", "pilot destroy, then again")
        return host


def _messages(text: str, body: Mapping[str, Any]) -> list[str]:
    """Of a log, which is a list of entries; of anything else its lines."""
    rows = body.get("value") if body else None
    if isinstance(rows, list):
        return [str(row.get("message", "")) for row in rows if isinstance(row, Mapping)]
    return [line for line in lines_of(text) if line.strip()]
