"""Makes a deployed target what a setting of its sweep says, by the team's own commands, and holds it to its control plane's word."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.campaign.commands import run_command
from harness.campaign.progress import Progress, duration
from harness.domain.sweep import MARK, Setting, Sweep
from harness.domain.target import Runtime, Target
from harness.errors import PilotError
from harness.evidence.store import Store
from harness.platforms.control import facts_of

EVENT = "setting applied"


class Applied:
    """What a campaign calls before each run; nothing happens where the setting is the one that is on."""

    def __init__(self, sweep: Sweep, store: Store, root: Path, words: Path, progress: Progress) -> None:
        self._sweep = sweep
        self._store = store
        self._root = root
        self._words = words  # where what the commands say goes
        self._progress = progress
        self._on: str | None = None

    def __call__(self, target: Target, runtime: Runtime) -> None:
        """Raises PilotError where a command fails, or the control plane then says something else than is expected."""
        if target.name == self._on:
            return
        self._on = None
        setting = self._sweep.setting(target.name)
        began = time.monotonic()
        for command in setting.apply:
            self._run(setting, command)
        if setting.apply:
            runtime.wait_ready()
            took_s = round(time.monotonic() - began, 1)
            self._progress.say(f"{target.name}: applied in {duration(took_s)}")
            self._store.note(EVENT, target=self._sweep.target, setting=setting.name, seconds=took_s)
        if setting.expect:
            self._held(setting, runtime)
        self._on = target.name

    def _run(self, setting: Setting, command: tuple[str, ...]) -> None:
        what = f"{setting.name}: {' '.join(command[:3])} …"
        self._progress.work(what)
        self._words.parent.mkdir(parents=True, exist_ok=True)
        with self._words.open("ab") as log:
            try:
                code = run_command(command, cwd=self._root, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            except OSError as error:
                raise PilotError(f"{what}: {error.strerror}", "apply in sweep.toml names it") from None
        if code:
            raise PilotError(f"{what} ended with {code}", f"its words are in {self._words}")

    def _held(self, setting: Setting, runtime: Runtime) -> None:
        """Settings that were never applied would differ by chance alone."""
        facts = facts_of(runtime)
        wrong = [
            f"{path} is {_shown(said)}, not {wanted}"
            for path, wanted in setting.expect.items()
            if not _same(said := _at(facts, path), wanted)
        ]
        if wrong:
            raise PilotError(
                f"{self._sweep.target}{MARK}{setting.name} was not applied: its control plane says that {'; '.join(wrong)}",
                "look at apply in sweep.toml; what was measured before is kept, and pilot sweep goes on",
            )


def _at(facts: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - whatever a control plane says
    """The value at names joined by dots; None where there is none."""
    here: Any = facts
    for name in path.split("."):
        here = here.get(name) if isinstance(here, Mapping) else None
    return here


def _same(said: object, wanted: object) -> bool:
    """As numbers where both are: control planes write 1, 1.0 and "1" for the same."""
    try:
        return float(str(said)) == float(str(wanted))
    except ValueError:
        return str(said) == str(wanted)


def _shown(value: object) -> str:
    return "untold" if value is None else str(value)
