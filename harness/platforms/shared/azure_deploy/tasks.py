"""ACR Tasks, where no builder works on this machine: the registry builds what is uploaded to it, and keeps nothing else."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Mapping
from typing import Any

from harness.domain.lines import lines_of
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError
from harness.platforms.deploying import Heard
from harness.platforms.shared.azure_deploy.arm import Arm, ArmError
from harness.platforms.shared.deploy.content import Content

VERSION = "2019-06-01-preview"  # of builds and runs
BUSY = ("Queued", "Started", "Running")
TIMEOUT_S = 1800
TAIL = 15
LOCAL = "--builder docker, podman or buildah builds here; --image names an image that is there already"


class Tasks:
    """Over ``path``, a registry's; ``there`` says whether it has an image with this tag."""

    name = "ACR Tasks"

    def __init__(self, arm: Arm, path: str, there: Callable[[str], bool]) -> None:
        self._arm, self._path, self._there = arm, path, there

    def push(self, content: Content, image: str, token: str, heard: Heard) -> None:
        """A run that a cut left is waited for: the registry is this deployment's own, so it may have built the same."""
        del token  # it pushes to its own registry
        if (left := self._running()) is not None:
            heard.say(f"following build {left}, which is running")
            self._followed(left, heard, must=False)
        if self._there(content.tag):  # by that one, or by one that ended while this was asked
            return
        self._followed(self._begun(content, image), heard, must=True)

    def _begun(self, content: Content, image: str) -> str:
        source = self._arm.ask("source of the build", "POST", f"{self._path}/listBuildSourceUploadUrl", VERSION).body
        upload = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/gzip"}
        url = str(source["uploadUrl"])  # signed for this one blob: it needs no token, and gets none
        self._arm.send("source of the build", "PUT", url, signed=False, content=packed(content), headers=upload)
        system, _, processor = content.platform.partition("/")
        request = {
            "type": "DockerBuildRequest",
            "imageNames": [image.partition("/")[2]],
            "isPushEnabled": True,
            "sourceLocation": str(source["relativePath"]),
            "dockerFilePath": content.dockerfile,
            "platform": {"os": system.capitalize(), "architecture": processor},
            "timeout": TIMEOUT_S,
            **({"target": content.target} if content.target else {}),
        }
        try:
            said = self._arm.ask("build", "POST", f"{self._path}/scheduleRun", VERSION, body=request)
        except ArmError as error:
            if error.code == "TasksOperationsNotAllowed":
                raise PilotError(f"{error}: this subscription may not build in its registry", LOCAL) from None
            raise
        body = self._arm.ended("build", said, self._arm.pace.build_s).body
        return str((body.get("properties") or {}).get("runId") or body["name"])

    def _running(self) -> str | None:
        for row in self._arm.every("builds", f"{self._path}/runs", VERSION):
            said = row.get("properties") or {}
            if said.get("status") in BUSY:
                return str(said.get("runId") or row["name"])
        return None

    def _run(self, number: str) -> Mapping[str, Any]:
        return self._arm.get(f"build {number}", f"{self._path}/runs/{number}", VERSION)

    def _followed(self, number: str, heard: Heard, *, must: bool) -> None:
        state = ""

        def over() -> tuple[bool, float]:
            nonlocal state
            state = str((self._run(number).get("properties") or {}).get("status", ""))
            return state not in BUSY, 0.0

        self._arm.wait(
            f"build {number}",
            over,
            self._arm.pace.build_s,
            lambda took: heard.work(f"build {number}: {state}, {took:.0f} s"),
        )
        if must and state != "Succeeded":
            lines = [f"build {number} ended as {state}:", *self._said(number)]
            raise PilotError("\n  ".join(lines), "fix what it says; " + LOCAL)

    def _said(self, number: str) -> list[str]:
        """The last lines of its log; none where nobody may read it."""
        try:
            url = str(
                self._arm.ask("log", "POST", f"{self._path}/runs/{number}/listLogSasUrl", VERSION).body["logLink"]
            )
            text = self._arm.send("log", "GET", url, signed=False).text
        except (ArmError, KeyError):
            return []
        return [visible(line, MOST_SHOWN) for line in lines_of(text) if line.strip()][-TAIL:]


def packed(content: Content) -> bytes:
    """The files alone as a .tar.gz, the same bytes for the same content."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as made:
        for name in content.files:
            data = content.read(name)
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), (content.root / name).stat().st_mode & 0o777
            made.addfile(entry, io.BytesIO(data))
    return gzip.compress(inner.getvalue(), mtime=0)
