"""Once a minute on the machine: copies evidence and state to the bucket, hears a stop, and ends the machine after its campaign.

Evidence goes first and the state last, so whoever reads "ended" finds everything that was measured. Standard library alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path

SETTLE_S = 1200  # after the last run, until what the platforms say of it can be collected
WORDS = 5


class Host:
    """What is asked of this machine; another in tests."""

    home = Path("/pilot")

    def run(self, *command: str) -> tuple[int, str]:
        """Exit code and output."""
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.home / "workspace")
        return done.returncode, done.stdout

    def now(self) -> float:
        """Unix seconds."""
        return time.time()


def stop_file(home: Path) -> Path:
    """As pilot.toml names it."""
    workspace = home / "workspace"
    said = tomllib.loads((workspace / "pilot.toml").read_text(encoding="utf-8"))
    return workspace / said.get("limits", {}).get("stop_file", "STOP")


def service(host: Host) -> tuple[str, int | None]:
    """``waiting``, ``running`` or ``over``, and how it ended."""
    names = ("ActiveState", "SubState", "ExecMainStatus", "ExecMainStartTimestampMonotonic")
    _, said = host.run("systemctl", "show", "pilot-run.service", *(f"--property={name}" for name in names))
    values = dict(line.partition("=")[::2] for line in said.strip().split("\n"))
    if values.get("ActiveState") in ("active", "activating", "reloading", "deactivating"):
        return "running", None
    if values.get("ExecMainStartTimestampMonotonic", "0") in ("", "0"):
        return "waiting", None
    return "over", int(values.get("ExecMainStatus") or 0)


def tell(host: Host, bucket: str) -> str:
    """What it told: ``waiting``, ``running`` or ``ended``; ``not copied``: nothing."""
    home = host.home
    if host.run("aws", "s3api", "head-object", "--bucket", bucket, "--key", "control/STOP")[0] == 0:
        stop_file(home).touch()
    now, code = service(host)
    ended, told = home / "state" / "ended", now
    if now == "over":
        if not ended.exists():
            ended.write_text(f"{host.now()}\n", encoding="utf-8")
        settled = host.now() - float(ended.read_text(encoding="utf-8")) >= SETTLE_S
        if settled:
            host.run("systemctl", "start", "pilot-collect.service")  # returns when it has ended
        told = "ended" if settled else "running"
    else:
        ended.unlink(missing_ok=True)  # it was started again
    store = f"s3://{bucket}"
    copied, _ = host.run(
        "aws", "s3", "sync", str(home / "workspace" / "evidence"), f"{store}/evidence", "--only-show-errors"
    )
    host.run("aws", "s3", "sync", str(home / "logs"), f"{store}/logs", "--only-show-errors")
    if copied != 0:
        return "not copied"  # no state is told of evidence that is not there; the next minute tries again
    state = home / "state" / "state.json"
    state.write_text(json.dumps(said(host, told, code)), encoding="utf-8")
    handed, _ = host.run("aws", "s3", "cp", str(state), f"{store}/state.json", "--only-show-errors")
    if told == "ended" and handed == 0:
        host.run("systemctl", "poweroff")
    return told


def said(host: Host, told: str, code: int | None) -> dict[str, object]:
    """As ``pilot run --on`` reads it."""
    failed, board = host.run(str(host.home / "venv" / "bin" / "pilot"), "status", "--json")
    log = host.home / "logs" / "run.log"
    words = log.read_text(encoding="utf-8", errors="replace").strip().split("\n")[-WORDS:] if log.exists() else []
    return {
        "utc": datetime.fromtimestamp(host.now(), UTC).isoformat(timespec="seconds"),
        "service": told,
        "exit_code": code,
        "board": json.loads(board) if failed == 0 else None,
        "words": words,
    }


if __name__ == "__main__":
    if sys.argv[1:] == ["--stop"]:
        stop_file(Host.home).touch()
    else:
        tell(Host(), os.environ["BUCKET"])
