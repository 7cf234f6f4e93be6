"""The secret that a master and its workers share, so that nobody else is heard by either.

--processes          made anew for each run; the workers have it by the fork
started by hand      on one machine: kept for this user and this workspace, in a file that only the user can read
several machines     from the environment or a file, the same on each
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from harness.domain.address import is_loopback
from harness.errors import Refused
from harness.keys import LEAST, MOST, VARIABLE
from harness.load.hosts import nearest_workspace

if TYPE_CHECKING:
    import argparse

OPTION = "--worker-secret-file"
HOW = f"openssl rand -hex 32, the same for the master and every worker, in {VARIABLE} or in a file of mode 600 that {OPTION} names"
FOR_OTHERS = 0o077


def secret_of(parsed: argparse.Namespace) -> bytes | None:
    """The fleet's secret, None where there is no fleet.

    Raises Refused for a secret that is weak or that others can read, and where one side is
    beyond this machine and none is given.
    """
    joins, forks = bool(parsed.worker), bool(parsed.processes)
    if not (joins or forks or parsed.master):
        return None
    given = _given(parsed)
    option, host = ("--master-host", parsed.master_host) if joins else ("--master-bind-host", parsed.master_bind_host)
    if given is None and not is_loopback(host):
        raise Refused(f"{option} {host}: beyond this machine the master and its workers want a secret", HOW)
    if given is not None:
        return given
    return _new() if forks and not joins else _of_this_user()


def _new() -> bytes:
    return secrets.token_hex(32).encode()


def _given(parsed: argparse.Namespace) -> bytes | None:
    """Said by the environment or a file; what is empty was not said."""
    said, file = os.environ.get(VARIABLE), parsed.worker_secret_file
    if said and file:
        raise Refused(f"{OPTION} and {VARIABLE}: both hold the secret of the workers", "give one of them")
    if file:
        return _sound(read_private(Path(file), OPTION), f"{OPTION} {file}")
    return _sound(said.encode("utf-8", "surrogateescape"), VARIABLE) if said else None


def _sound(secret: bytes, where: str) -> bytes:
    secret = secret.strip()
    if not LEAST <= len(secret) <= MOST:
        raise Refused(f"{where}: want a secret of {LEAST} to {MOST} bytes, this one has {len(secret)}", HOW)
    return secret


def read_private(path: Path, what: str) -> bytes:
    """A regular file of this user that nobody else can read; raises Refused."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"{what} {path}: {error.strerror}", HOW) from None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise Refused(f"{what} {path}: not a regular file", HOW)
        if found.st_mode & FOR_OTHERS:
            mode = stat.S_IMODE(found.st_mode)
            raise Refused(f"{what} {path}: other users can reach it (mode {mode:o})", f"chmod 600 {path}")
        if found.st_uid not in (os.geteuid(), 0):
            raise Refused(f"{what} {path}: it belongs to another user (uid {found.st_uid})", HOW)
        return os.read(handle, MOST + 2)
    finally:
        os.close(handle)


def _of_this_user() -> bytes:
    """Outside the workspace, whose files may be a stranger's; another workspace's workers join another master."""
    workspace = nearest_workspace()
    said = Path(os.environ.get("XDG_STATE_HOME", ""))
    try:
        root = (said if said.is_absolute() else Path.home() / ".local" / "state") / "runtime-pilot"
    except RuntimeError:
        raise Refused("there is no home folder to keep the secret of the workers in", HOW) from None
    name = hashlib.sha256(str(workspace.root if workspace else "").encode("utf-8", "surrogateescape")).hexdigest()[:16]
    path = root / f"worker-secret-{name}"
    try:
        if not path.exists():
            _keep(path)
    except OSError as error:
        raise Refused(f"the secret of the workers cannot be kept in {root}: {error.strerror}", HOW) from None
    return _sound(read_private(path, "the workers' secret"), str(path))


def _keep(path: Path) -> None:
    """Whole and at once, for a master and its workers are started side by side; the first one's counts."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile(dir=path.parent) as made:  # its mode is 600
        made.write(_new())
        made.flush()
        try:
            os.link(made.name, path)
        except FileExistsError:
            return
