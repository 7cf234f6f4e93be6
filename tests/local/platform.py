"""Starts embedded targets in a workspace of their own, as a person would."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

from tests.builders import with_corpus
from tests.suite import processes, warm

DEMO = Path(__file__).parent.parent.parent / "harness" / "demo"


def workspace(folder: Path, corpus: Path, *, jobs: bool = False) -> Path:
    """The demo's workspace with a corpus that is already there; without ``jobs`` nobody starts processes that would do them."""
    import shutil

    for layer in ("workspace", "full"):  # the longer one: its figures leave room on a busy machine
        shutil.copytree(DEMO / layer, folder, dirs_exist_ok=True)
    for path in () if jobs else folder.glob("targets/*/target.toml"):
        path.write_text(re.sub(r"(?ms)^\[runtime\.jobs\].*?(?=^\[)", "", path.read_text()))
    return with_corpus(folder, corpus)


def pilot(folder: Path, *words: str, timeout: float = 60, light: bool = False) -> subprocess.CompletedProcess[str]:
    return warm.run("pilot", *words, cwd=folder, timeout=timeout, light=light)


class Up:
    """``pilot up`` as a context: base URLs by target, and no process afterwards."""

    def __init__(self, folder: Path, *targets: str) -> None:
        self.process = warm.start("pilot", "up", *targets, cwd=folder)
        assert self.process.stdout is not None
        self.urls = {}
        self.lanes = {}
        for _ in targets:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read() if self.process.stderr else ""
            entry = json.loads(line)
            self.urls[entry["target"]] = entry["base_url"]
            self.lanes[entry["target"]] = entry["lanes"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(15)
        processes.end(self.process)
