"""What tests of control planes share."""

import os

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "planted-secret", "region_name": "us-east-1"}


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def tool_on_path(tmp_path, monkeypatch):
    """Makes a program of this name on the path; by default it writes down in ``$CALLS`` how it was called. Returns that file."""

    def made(name, script='echo "$@" >> "$CALLS"'):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}/bin:/usr/bin")
        return tmp_path / "calls"

    return made
