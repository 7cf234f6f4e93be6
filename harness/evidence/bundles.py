"""A bundle: one file in which a pilot travels to whoever checks or reads it elsewhere.

manifest.json                   first: SHA-256 and size of every other file, the seal's digest, who wrote it
pilot.toml  targets/  evidence/ …   in the order of their names, each a regular file

The same files make the same bytes. What is read is bounded by what the manifest lists, and only what it lists is unpacked.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from harness.domain.bounds import BUNDLE_BYTES, MIB, MOST_PATH, SAMPLES_BYTES
from harness.domain.shown import is_shown, visible
from harness.errors import BadFile, Problem, Refused
from harness.evidence.digests import CHUNK, digest_of
from harness.evidence.files import dump, parse, replacing
from harness.evidence.regular import opened
from harness.evidence.schema import BUNDLE_FORMAT, migrated

MANIFEST = BUNDLE_FORMAT.file
SPARE_BYTES = MIB  # beyond what is listed: heads, and a small file that somebody added, which is then named
HEADS_BYTES = 4_096  # of one file: its head, its padding, a long name
MOST_ADDED = 1_000  # files beyond those that are listed: more of them are no mistake
MOST_PART = 255  # bytes of one name
_KINDS = ((tarfile.TarInfo.isdir, "a folder"), (tarfile.TarInfo.issym, "a link"), (tarfile.TarInfo.islnk, "a link"))
AGAIN = "copy it again from where it was written; pilot bundle writes one"
NOT_OURS = "pilot bundle did not write this file; do not unpack it"


@dataclass(frozen=True)
class Unpacked:
    """What a bundle lists, and in which files it differs from that."""

    manifest: Mapping[str, Any]
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]


def write(path: Path, files: Mapping[str, Path], seal: str | None, utc: str | None) -> str:
    """The bundle of these files by their places, whole or not at all; returns its SHA-256.

    Raises Refused for a name that cannot be unpacked everywhere, for a file that changes while it is read, and for too much.
    """
    if wrong := [f"{visible(at)} {problem}" for at in files if (problem := problem_of(at))]:
        raise Refused("\n  - ".join(["these files can't go into a bundle:", *wrong]), "rename them")
    listed: dict[str, dict[str, Any]] = {
        at: {"sha256": digest_of(file), "bytes": file.stat().st_size} for at, file in sorted(files.items())
    }
    if sum(one["bytes"] for one in listed.values()) > BUNDLE_BYTES:
        raise Refused(
            f"{path}: the files are larger than {BUNDLE_BYTES // MIB} MiB", "copy the workspace's folder instead"
        )
    manifest = dump(BUNDLE_FORMAT.stamped({"utc": utc, "seal": seal, "files": listed})).encode()
    if len(manifest) > BUNDLE_FORMAT.most_bytes:
        raise Refused(f"{path}: {len(listed)} files are too many", "copy the workspace's folder instead")
    with replacing(path) as file:
        with (
            gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=6, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            tar.addfile(_head(MANIFEST, len(manifest)), io.BytesIO(manifest))
            for at, said in listed.items():
                _add(tar, at, files[at], said)
        file.flush()
        return digest_of(Path(file.name))


def unpack(path: Path, into: Path) -> Unpacked:
    """What the manifest lists, below ``into``, which is empty; raises Refused for what is not a bundle, BadFile, TooNew."""
    with opened(path) as file, _reading(path):
        packed = _Bounded(gzip.GzipFile(fileobj=file), path, BUNDLE_FORMAT.most_bytes + SPARE_BYTES)
        with tarfile.open(fileobj=cast("BinaryIO", packed), mode="r|") as tar:
            manifest = _manifest(tar, path)
            files: Mapping[str, Mapping[str, Any]] = manifest["files"]
            whole = sum(int(one["bytes"]) for one in files.values())
            free = shutil.disk_usage(into).free
            if whole > min(free, BUNDLE_BYTES):
                raise Refused(
                    f"{path} unpacks to {whole / MIB:.0f} MiB; {into.parent} has room for {free / MIB:.0f} MiB",
                    "free some space, or set TMPDIR to a folder on a larger disk",
                )
            packed.left = whole + len(files) * HEADS_BYTES + SPARE_BYTES
            changed, seen, added = [], set[str](), []
            while (entry := tar.next()) is not None:
                at = _place(entry, path)
                if at in seen or at == MANIFEST:
                    raise Refused(f"{path} holds {visible(at)} twice", NOT_OURS)
                seen.add(at)
                if at not in files:
                    added.append(at)
                    if len(added) > MOST_ADDED:
                        raise _more(path)
                elif not _unpacked(tar, entry, into / at, files[at], path):
                    changed.append(at)
        while packed.read(CHUNK):  # to its end, where its checksum is
            pass
    return Unpacked(manifest, tuple(changed), tuple(sorted(files.keys() - seen)), tuple(added))


def problem_of(at: str) -> str | None:
    """Why this is no place in a bundle; None where it is one."""
    parts = at.split("/")
    if at.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return "leads out of it"
    if not is_shown(at):
        return "has a name that can't be printed"
    if len(at) > MOST_PATH or any(len(part.encode()) > MOST_PART for part in parts):
        return "has a name that is too long"
    return None


class _Bounded:
    """Reads at most ``left`` bytes more; raises Refused beyond."""

    def __init__(self, file: gzip.GzipFile, path: Path, left: int) -> None:
        self._file, self._path, self.left = file, path, left

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise _more(self._path)
        return data


class _Digesting:
    """Reads a file and keeps the digest of what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.made = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.made.update(data)
        return data


def _head(at: str, size: int) -> tarfile.TarInfo:
    """The same for everybody: no time, no owner, no rights but to read."""
    head = tarfile.TarInfo(at)
    head.size, head.mode, head.mtime = size, 0o644, 0
    return head


def _add(tar: tarfile.TarFile, at: str, path: Path, said: Mapping[str, Any]) -> None:
    with opened(path, most=SAMPLES_BYTES) as file:
        reading = _Digesting(file)
        try:
            tar.addfile(_head(at, said["bytes"]), cast("BinaryIO", reading))
            same = reading.made.hexdigest() == said["sha256"]
        except OSError as error:
            if error.errno is not None:
                raise
            same = False  # it became shorter
        if not same:
            raise Refused(
                f"{at} changed while it was read", "pilot bundle again, once nothing writes into this workspace"
            )


def _manifest(tar: tarfile.TarFile, path: Path) -> Mapping[str, Any]:
    first = tar.next()
    if first is None or first.name != MANIFEST or not _is_file(first) or first.size > BUNDLE_FORMAT.most_bytes:
        raise Refused(f"{path} is not a bundle: it does not begin with {MANIFEST}", AGAIN)
    source = tar.extractfile(first)
    assert source is not None, "a regular file has content"
    where = f"{path}: {MANIFEST}"
    try:
        said = parse(source.read())
    except ValueError as error:
        raise BadFile(where, [Problem("", f"is not valid JSON: {error}")]) from None
    found = migrated(where, BUNDLE_FORMAT, said if isinstance(said, dict) else {})
    if wrong := [Problem(visible(at), problem) for at in found["files"] if (problem := problem_of(at))]:
        raise BadFile(where, wrong[:20], NOT_OURS)
    return found


def _place(entry: tarfile.TarInfo, path: Path) -> str:
    """Of a regular file; raises Refused for everything else, which is never unpacked."""
    kind = next((words for is_one, words in _KINDS if is_one(entry)), "something else than a file")
    problem = problem_of(entry.name) if _is_file(entry) else f"is {kind}"
    if problem:
        raise Refused(f"{path}: {visible(entry.name, 200)} {problem}", NOT_OURS)
    return entry.name


def _is_file(entry: tarfile.TarInfo) -> bool:
    return entry.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and entry.sparse is None


def _unpacked(tar: tarfile.TarFile, entry: tarfile.TarInfo, to: Path, said: Mapping[str, Any], path: Path) -> bool:
    """Whether it is as it was listed; of another size it is not even unpacked."""
    if entry.size != said["bytes"]:
        return False
    source = tar.extractfile(entry)
    assert source is not None, "a regular file has content"
    reading = _Digesting(cast("BinaryIO", source))
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with to.open("xb") as file:
            shutil.copyfileobj(cast("BinaryIO", reading), file, CHUNK)
    except (FileExistsError, NotADirectoryError):
        raise Refused(f"{path}: {visible(entry.name)} and another file share a name", NOT_OURS) from None
    return reading.made.hexdigest() == str(said["sha256"])


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise Refused(f"{path} ends early", AGAIN) from None
    except zlib.error:
        raise Refused(f"{path} is damaged", AGAIN) from None
    except (gzip.BadGzipFile, tarfile.TarError, ValueError, OverflowError) as error:
        raise Refused(f"{path} is not a bundle, or is damaged: {visible(str(error), 200)}", AGAIN) from None


def _more(path: Path) -> Refused:
    return Refused(f"{path} holds more than its manifest lists", NOT_OURS)
