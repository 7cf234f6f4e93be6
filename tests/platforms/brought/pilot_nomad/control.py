"""The control side."""

from __future__ import annotations

from harness.domain.target import Cold


class Control:
    def __init__(self, target, base_url):
        self._job = target.runtime.job
        self._base_url = base_url

    def facts(self):
        return {"kind": "nomad", "job": self._job, "kill_timeout": 30.0}

    def make_cold(self):
        return Cold("restarted", f"every allocation of {self._job} replaced")

    def wait_ready(self):
        return None


def control(target, root, base_url):
    del root
    return Control(target, base_url)
