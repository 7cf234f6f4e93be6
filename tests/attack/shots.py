"""Signals sent at chosen instants to a process tree, and what became of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from tests.attack.ways import MARK, Begun, Way

END_S = 45.0
GONE_S = 30.0
ASKS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Aim = Callable[[Begun], Sequence[int]]


@dataclass(frozen=True)
class Shot:
    """So long after the one before it."""

    after_s: float
    number: signal.Signals
    aim: Aim


@dataclass
class Fate:
    """How one attack ended."""

    code: int | None  # None: it hung
    folders: list[Path] = field(default_factory=list)
    without_ledger: list[Path] = field(default_factory=list)
    ledgers: list[dict] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    words: str = ""
    took_s: float = 0.0  # from the last shot
    missed: bool = False  # it was to be running when it was shot at, and was not

    @property
    def bad(self) -> bool:
        """It hung, a run has no ledger, or somebody was left behind."""
        return self.code is None or self.missed or bool(self.without_ledger) or bool(self.orphans)

    @property
    def cut(self) -> list[dict]:
        return [ledger for ledger in self.ledgers if ledger["stopped_by"]]


def first(begun: Begun) -> list[int]:
    """The process that a person started."""
    return [begun.process.pid]


def everyone(begun: Begun) -> list[int]:
    """As a terminal sends Ctrl-C: the whole group, and those beside it."""
    return [-p.pid for p in (begun.process, *begun.beside)]


def beside(begun: Begun) -> list[int]:
    """One of those that were started apart."""
    return [begun.beside[0].pid]


def named(words: str) -> Aim:
    """Any process below whose command line has these words, the youngest first."""

    def aim(begun: Begun) -> list[int]:
        found = []
        for child in psutil.Process(begun.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if words in " ".join(child.cmdline()):
                    found.append(child.pid)
        return found[-1:]

    return aim


def running(begun: Begun, least: int = 1) -> bool:
    """Whether so many runs have begun."""
    return len(begun.folders) >= least


def attack(way: Way, folder: Path, url: str, shots: Sequence[Shot], *, once: Callable[[Begun], bool] | None) -> Fate:
    """Begin, shoot once the run is there (None: from the start), and wait for the end of all of it."""
    folder.mkdir(parents=True)
    mark = f"{folder.name}-{os.urandom(4).hex()}"
    begun = way(folder, url, mark)
    family: dict[int, psutil.Process] = {}
    deadline = time.monotonic() + END_S
    while once is not None and not once(begun) and begun.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    missed = once is not None and not once(begun)
    for shot in shots:
        time.sleep(shot.after_s)
        _note(begun, family)
        with contextlib.suppress(psutil.Error):
            _fire(shot, begun)
    shot_at = time.monotonic()
    code = _end_of(begun)
    took_s = time.monotonic() - shot_at
    for other in begun.beside:
        with contextlib.suppress(Exception):
            other.wait(END_S)
    orphans = _orphans(family, mark)
    folders = begun.folders
    kept = [f for f in folders if (f / "ledger.json").exists()]
    return Fate(code, folders, [f for f in folders if f not in kept], begun.ledgers if kept == folders else [], orphans,
                begun.words, took_s, missed)  # fmt: skip


def _fire(shot: Shot, begun: Begun) -> None:
    for pid in shot.aim(begun):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid < 0:
                os.killpg(-pid, shot.number)
            else:
                os.kill(pid, shot.number)


def _end_of(begun: Begun) -> int | None:
    try:
        return begun.process.wait(END_S)
    except subprocess.TimeoutExpired:  # that is what is counted
        return None


def _note(begun: Begun, family: dict[int, psutil.Process]) -> None:
    for one in (begun.process, *begun.beside):
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(one.pid)
            family |= {p.pid: p for p in root.children(recursive=True)}


def _orphans(family: dict[int, psutil.Process], mark: str) -> list[str]:
    """Whoever is left after a while, of those that were seen and of those that carry the mark."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark:
                family[process.pid] = process
    _, alive = psutil.wait_procs(list(family.values()), timeout=GONE_S)
    left = []
    for process in alive:
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                left.append(f"{process.pid} {' '.join(process.cmdline())[:150]}")
                process.kill()
    return left


def drawn(rng: Random, aim: Aim, most_wait_s: float) -> list[Shot]:
    """One to three signals, the first anywhere within this time, the others as an impatient person sends them."""
    shots = [Shot(rng.uniform(0, most_wait_s), rng.choice(ASKS), aim)]
    for _ in range(rng.choice((0, 0, 1, 2))):
        shots.append(Shot(rng.choice((0.0, 0.05, 0.3, 1.0)) * rng.random(), rng.choice(ASKS), aim))
    return shots
