"""A person at Locust's page: reads the address that was printed, and opens it."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path

import httpx

from tests.peers.start import free_port

ADDRESS = re.compile(r"http://\S+/\?token=\S+")


def page_port() -> list[str]:
    """Tests go on side by side: two that begin at once would both find Locust's own port free."""
    return ["--web-port", str(free_port())]


def address(output: Path, seconds: float = 40) -> str:
    """As it stands in the words of a run that was begun, once it does."""
    deadline = time.monotonic() + seconds
    while not (found := ADDRESS.search(output.read_text(errors="replace"))):
        assert time.monotonic() < deadline, output.read_text(errors="replace")
        time.sleep(0.05)
    return found[0]


def opened(output: Path, seconds: float = 40) -> httpx.Client:
    """A client that has been let in; the server begins to listen a moment after its address is printed."""
    url = address(output, seconds)
    ui = httpx.Client(base_url=url.partition("/?")[0], trust_env=False, timeout=60)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            assert ui.get(url).status_code == 303
            return ui
        time.sleep(0.05)
    raise AssertionError("nobody listens at the page's address")
