"""The corpus of a workspace: built once by its own command, then only read."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.errors import Refused

BUILD_TIMEOUT_S = 300
MARK = "{corpus}"  # in a command or a file's name: the folder


@dataclass(frozen=True)
class CorpusPaths:
    """Where the index and its questions lie."""

    folder: Path
    build: tuple[str, ...]

    @property
    def index(self) -> Path:
        return self.folder / "index.sqlite"

    @property
    def questions(self) -> Path:
        return self.folder / "questions.jsonl"

    def ensure(self, *more: str) -> None:
        """Build what is missing, ``more`` files of it too; raises Refused with the command's own words when it fails."""
        if all(path.is_file() for path in (self.index, self.questions, *(self.folder / name for name in more))):
            return
        fill = {"{python}": sys.executable, MARK: str(self.folder)}
        command = [fill.get(part, part) for part in self.build]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refused(f"the corpus cannot be built: {error}", "see [corpus] build in pilot.toml") from None
        if done.returncode:
            raise Refused(f"the corpus cannot be built: {done.stderr.strip()[-400:]}", "see [corpus] in pilot.toml")
