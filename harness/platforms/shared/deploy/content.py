"""What an image is built from, and the tag that says which content that was."""

from __future__ import annotations

import fnmatch
import hashlib
import io
import json
import re
import shlex
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.domain.bounds import COPIED_BYTES
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import BadFile, Problem, Refused
from harness.evidence.regular import bytes_of
from harness.tables.text import text_of

COPY = re.compile(r"(?mi)^[ \t]*(?:COPY|ADD)[ \t]+((?:--\S+[ \t]+)*)(.+?)\s*$")
CONTINUED = re.compile(r"\\[ \t]*\r?\n")
IMAGE = "targets/aws_base/Dockerfile"  # one makes the image of every cloud
NEVER = (".git", ".venv*", ".pilot", "evidence", "build", "__pycache__", "*.pyc", "*.env", "STOP")
DIGITS = 20
EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Content:
    """A Dockerfile and the files that it copies, by their place in the workspace."""

    root: Path
    dockerfile: str
    files: tuple[str, ...]
    platform: str = "linux/amd64"
    target: str | None = None

    @cached_property
    def tag(self) -> str:
        """The same content has the same tag, on any machine."""
        made = hashlib.sha256(f"{self.platform}\n{self.target or ''}\n".encode())
        for name in self.files:
            inner = hashlib.sha256(self.read(name)).hexdigest()
            made.update(f"{name}\n{(self.root / name).stat().st_mode & 0o111 != 0}\n{inner}\n".encode())
        return f"content-{made.hexdigest()[:DIGITS]}"

    def read(self, name: str) -> bytes:
        """One of its files; raises BadFile."""
        return bytes_of(self.root / name, most=COPIED_BYTES)

    def zipped(self) -> bytes:
        """The files alone, the same bytes for the same content."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for name in self.files:
                entry = zipfile.ZipInfo(name, EPOCH)
                entry.external_attr = ((self.root / name).stat().st_mode & 0o777) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                made.writestr(entry, self.read(name))
        return out.getvalue()


def content_of(root: Path, dockerfile: Path, target: str | None = None) -> Content:
    """Raises Refused where the Dockerfile, or something that it copies, is missing; BadFile where it cannot be read."""
    if not dockerfile.is_file():
        raise Refused(
            f"there is no {dockerfile}, and an image is built from it",
            "--image names one that is there already; pilot init copies the Dockerfile that came with this package",
        )
    found = {str(dockerfile.relative_to(root))}
    for place in _copied(dockerfile):
        matches = [] if ".." in Path(place).parts else sorted(root.glob(place)) if place != "." else [root]
        if not matches:
            raise Refused(f"{dockerfile} copies {place}, which is not in {root}", "build it from the workspace's root")
        found |= {name for path in matches for name in _files(root, path)}
    return Content(root, str(dockerfile.relative_to(root)), tuple(sorted(found)), target=target)


def _copied(dockerfile: Path) -> list[str]:
    """Sources of COPY, but of those from other stages and from a URL; raises BadFile for a line that nobody can read."""
    out: list[str] = []
    for flags, line in COPY.findall(CONTINUED.sub(" ", text_of(dockerfile))):
        try:
            words = json.loads(line) if line.startswith("[") else shlex.split(line)
        except ValueError as error:
            field = visible(f"COPY {line}", MOST_SHOWN)
            raise BadFile(dockerfile, [Problem(field, f"cannot be read: {error}")]) from None
        if "--from" not in flags:
            out += [str(w).strip("/") or "." for w in words[:-1] if "://" not in str(w)]
    return out


def _files(root: Path, path: Path) -> list[str]:
    if path.is_file():
        return [str(path.relative_to(root))]
    inner = (p for p in path.rglob("*") if p.is_file())
    names = (p.relative_to(root) for p in inner)
    return [str(n) for n in names if not any(fnmatch.fnmatch(part, never) for part in n.parts for never in NEVER)]
