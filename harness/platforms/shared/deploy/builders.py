"""Who builds an image and pushes it: docker, podman or buildah where one works here, else a service of the cloud."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from harness.domain.lines import lines_of
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError, Refused
from harness.platforms.deploying import Heard
from harness.platforms.shared.deploy.content import Content
from harness.secrecy import KNOWN

LOCAL = ("docker", "podman", "buildah")
CLOUD = "codebuild"  # builds in the account; each cloud has its own
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
WORKS_S = 20.0
TAIL = 15


class Builder(Protocol):
    """Builds once and pushes once; raises PilotError with the last lines of what the tool said."""

    name: str

    def push(self, content: Content, image: str, token: str, heard: Heard) -> None:
        """``image``: REPOSITORY:TAG. ``token``: the registry's, as base64 of USER:PASSWORD."""
        ...


def local_builder(wanted: str, cloud: str = CLOUD) -> Builder | None:
    """The first that works here, or the one that is wanted; None for ``cloud``. Raises Refused where the wanted one does not work."""
    if wanted == cloud:
        return None
    names = LOCAL if wanted == "auto" else (wanted,)
    for name in names:
        if shutil.which(name) and _works(name):
            return Local(name, cloud=cloud)
    if wanted != "auto":
        raise Refused(
            f"{wanted} is not installed, or does not run", f"start it, or --builder {cloud} builds in the account"
        )
    return None


def _works(name: str) -> bool:
    """That a client is installed does not say that its daemon runs."""
    command = [name, "version"] if name == "buildah" else [name, "info"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=WORKS_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


class Local:
    """One of the three tools, which have the same words but for a few."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic, cloud: str = CLOUD) -> None:
        self.name, self._clock, self._cloud = name, clock, cloud

    def push(self, content: Content, image: str, token: str, heard: Heard) -> None:
        user, _, password = base64.b64decode(token).decode().partition(":")
        KNOWN.learn("registry password", password)
        registry = image.partition("/")[0]
        with tempfile.TemporaryDirectory(prefix="pilot-registry-") as folder:
            auth = [] if self.name == "docker" else ["--authfile", str(Path(folder) / "auth.json")]
            self._run(self._build(content, image), content.root, heard)
            self._run(["login", *auth, "--username", user, "--password-stdin", registry], content.root, heard, password)
            try:
                self._run(["push", *auth, image], content.root, heard)
            finally:
                self._run(["logout", *auth, registry], content.root, heard, must=False)

    def publish(self, content: Content, image: str, heard: Heard) -> str:
        """To a registry that the tool is logged in to by its own means; the digest."""
        with tempfile.TemporaryDirectory(prefix="pilot-registry-") as folder:
            file = Path(folder) / "digest"
            self._run(self._build(content, image), content.root, heard)
            says = [] if self.name == "docker" else ["--digestfile", str(file)]
            self._run(["push", *says, image], content.root, heard)
            said = self._repository_digests(image) if self.name == "docker" else file.read_text(encoding="ascii")
        found = DIGEST.search(said)
        if found is None:
            raise PilotError(f"{self.name} pushed {image} and names no digest", "--image names it by its digest")
        return found.group()

    def _repository_digests(self, image: str) -> str:
        """Those of the image that was just pushed, of this repository."""
        repository = image.rpartition(":")[0]
        asked = [self.name, "image", "inspect", "--format", '{{join .RepoDigests "\\n"}}', image]
        done = subprocess.run(asked, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        return "\n".join(line for line in lines_of(done.stdout) if line.startswith(f"{repository}@"))

    def _build(self, content: Content, image: str) -> list[str]:
        """One platform and no index over it, for Lambda takes none."""
        more = {"docker": ["--provenance=false"], "podman": ["--format", "docker"], "buildah": ["--format", "docker"]}
        target = ["--target", content.target] if content.target else []
        where = ["--platform", content.platform, "-f", content.dockerfile, "-t", image]
        return ["build", *more[self.name], *target, *where, "."]

    def _run(self, words: Sequence[str], cwd: Path, heard: Heard, entry: str = "", *, must: bool = True) -> None:
        """What it says goes to the live line; its last lines are the error's."""
        began = self._clock()
        process = subprocess.Popen(
            [self.name, *words],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert process.stdin is not None
        assert process.stdout is not None
        tail: list[str] = []
        try:
            with suppress(BrokenPipeError):  # it ended before it read: its own words say why
                process.stdin.write(entry)
            with suppress(BrokenPipeError):
                process.stdin.close()
            for line in process.stdout:
                tail = [*tail, *(visible(part, MOST_SHOWN) for part in lines_of(line))][-TAIL:]
                heard.work(f"{self.name} {words[0]}, {self._clock() - began:.0f} s: {tail[-1] if tail else ''}")
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()
        if code and must:
            raise PilotError(
                "\n  ".join([f"{self.name} {words[0]} ended with {code}:", *tail]),
                f"--builder {self._cloud} builds in the account; --image names one that is there already",
            )
