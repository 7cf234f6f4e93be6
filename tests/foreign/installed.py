"""What a service needs, installed from its pins once and kept beside the checkout; a test that cannot have it is skipped."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

APPS = Path(__file__).parent / "apps"
KEPT = Path(__file__).parent.parent.parent / ".venv-foreign"
MARK = "installed"


def installed(folder: str) -> Path:
    """A virtual environment, or a folder with node_modules; skips with the installer's own words where it fails."""
    app = APPS / folder
    pins = app / "package-lock.json" if (app / "package.json").exists() else app / "requirements.txt"
    where = KEPT / f"{folder}-{hashlib.sha256(pins.read_bytes()).hexdigest()[:12]}"
    KEPT.mkdir(exist_ok=True)
    with (KEPT / f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (where / MARK).exists():
            shutil.rmtree(where, ignore_errors=True)
            (_npm if pins.suffix == ".json" else _pip)(where, pins)
            (where / MARK).touch()
    return where


def _pip(where: Path, pins: Path) -> None:
    _run([sys.executable, "-m", "venv", str(where)])
    pip = [str(where / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    _run([*pip, "install", "--no-compile", "--quiet", "--requirement", str(pins)])


def _npm(where: Path, pins: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"{pins.parent.name}: npm is not installed")
    where.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(pins.parent / name, where)
    _run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=where)


def _run(command, **given) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900, **given)
    if done.returncode != 0:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        pytest.skip(f"does not install here: {said[-1].strip()[:200] if said else done.returncode}")
