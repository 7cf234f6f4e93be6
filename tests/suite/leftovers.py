"""Processes that a test started and left behind, also those whose parent is gone: they carry the suite's mark."""

import os
from pathlib import Path

import psutil

MARK = "RUNTIME_PILOT_SUITE"
GRACE_S = 30.0


def mark() -> None:
    """Whatever is started from now on inherits the mark; a worker of the suite already has it."""
    os.environ.setdefault(MARK, f"{os.getpid()}-{os.urandom(4).hex()}")


def left_running(folder: Path) -> list[str]:
    """Command lines of processes with our mark, or at work below ``folder``, that do not end by themselves."""
    mine = {os.getpid(), *(p.pid for p in psutil.Process().parents())}
    found = [p for p in psutil.process_iter() if p.pid not in mine and _is_ours(p, folder)]
    _, alive = psutil.wait_procs(found, timeout=GRACE_S)
    return [f"{p.pid} {' '.join(_said(p.cmdline, []))}" for p in alive]


def _is_ours(process: psutil.Process, folder: Path) -> bool:
    if _said(process.status, psutil.STATUS_ZOMBIE) == psutil.STATUS_ZOMBIE:
        return False
    if "exec(eval(sys.stdin.readline()))" in " ".join(_said(process.cmdline, [])):
        return False  # another worker of this suite
    marked = _said(process.environ, {}).get(MARK) == os.environ[MARK]
    return marked or Path(_said(process.cwd, "/")).is_relative_to(folder)


def _said(ask, otherwise):
    try:
        return ask()
    except (psutil.Error, OSError):  # gone meanwhile, or somebody else's
        return otherwise
