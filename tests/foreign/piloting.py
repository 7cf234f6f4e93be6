"""From two URLs to a report by the commands that the product itself prints, and what came of it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

SHORT = {"rate": 4, "duration_s": 3, "warmup_s": 0, "attempts": 8}  # 72 requests a target
BOTH_MODES = {"stream_share": 0.5}


@dataclass
class Pilot:
    """Every command's answer, in order; ``steps`` is by the command's name, the first where it is called twice."""

    folder: Path
    steps: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)
    took_s: dict[str, float] = field(default_factory=dict)

    def type(self, line: list[str], name: str | None = None, *, at: Path | None = None) -> str:
        """What the command prints."""
        began = time.monotonic()
        command = [sys.executable, "-m", "harness", *line]
        done = subprocess.run(command, cwd=at or self.folder, capture_output=True, text=True, check=False, timeout=900)
        self.steps[name or line[0]] = done
        self.took_s[name or line[0]] = time.monotonic() - began
        return done.stdout

    @cached_property
    def samples(self) -> list[list[dict[str, Any]]]:
        """The measured rows of each VALID run of a block."""
        import pyarrow.parquet as pq

        runs = [file.parent for file in self.folder.glob("ours/evidence/blocks/*/*/*/ledger.json")]
        valid = [run for run in runs if json.loads((run / "ledger.json").read_text())["valid"]]
        return [[row for row in pq.read_table(run / "samples.parquet").to_pylist() if row["measured"]] for run in valid]

    @property
    def blocks(self) -> tuple[int, int]:
        """Those that are valid, and those that were given up."""
        valid, given_up = re.search(r"(\d+) blocks valid, (\d+) given up", self.steps["run"].stdout).groups()
        return int(valid), int(given_up)

    @property
    def code(self) -> dict[str, int]:
        return {name: done.returncode for name, done in self.steps.items()}

    @property
    def said(self) -> str:
        """Everything, for a person who reads a failed test."""
        return "\n".join(
            f"$ pilot {name}: {done.returncode} after {self.took_s[name]:.0f} s\n{done.stdout}{done.stderr}"
            for name, done in self.steps.items()
        )

    @property
    def decision(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(
            (self.folder / "ours" / "reports" / "rendered" / "decision.json").read_text()
        )
        return value


def piloted(folder: Path, urls: list[str], *asked: str, change: dict[str, float]) -> Pilot:
    """``asked`` are the options of `pilot check` beside the URLs; ``change`` are figures of pilot.toml."""
    pilot = Pilot(folder)
    said = pilot.type(["check", *urls, *asked], "check of URLs")
    if (line := _next(said)) and line[0] == "check":
        line = _next(pilot.type(line, "check that drafts"))
    if line is None:
        return pilot
    pilot.type(line)
    ours = folder / "ours"
    _changed(ours / "pilot.toml", change)
    for words in (["check"], ["plan", "--seal"], ["run", "--now"], ["collect"], ["decide"], ["report"]):
        pilot.type(words, at=ours)
    return pilot


def _next(said: str) -> list[str] | None:
    """The command that it ends with."""
    found = re.findall(r"(?m)^next: pilot (.*)$", said)
    return shlex.split(found[-1]) if found else None


def _changed(toml: Path, fields: dict[str, float]) -> None:
    text = toml.read_text()
    for name, value in fields.items():
        text, found = re.subn(rf"(?m)^({name} *=) \S+", rf"\g<1> {value}", text)
        assert found == 1, name
    toml.write_text(text)
