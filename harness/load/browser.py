"""How a person gets to the page: by the address that is printed, or by Enter, which Locust listens for."""

from __future__ import annotations

import logging
import webbrowser
from contextlib import suppress
from html import escape
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import SimpleNamespace
from typing import TYPE_CHECKING

import gevent

from harness.load.ending import speak

if TYPE_CHECKING:
    from harness.load.gate import Page

KEPT_S = 60.0
LOCUSTS_WORDS = "Starting web interface at"  # an address that opens nothing


def install() -> None:
    """Locust's own line about its page is not said: ours is."""
    logging.getLogger("locust.main").addFilter(lambda record: not str(record.msg).startswith(LOCUSTS_WORDS))


def offer(page: Page) -> None:
    """Print the address, to nowhere but standard output, and open it when Enter is pressed."""
    speak(f"web UI: {page.address}\n  (whoever has this address can start runs; Enter opens it)")
    import locust.main  # noqa: PLC0415 - reads the command line when it is imported first

    locust.main.webbrowser = SimpleNamespace(open_new_tab=lambda _url: open_page(page))  # type: ignore[assignment,attr-defined]


def open_page(page: Page) -> bool:
    """By a file that only this user can read: a command line is seen by everybody on this machine."""
    with NamedTemporaryFile("w", prefix="pilot-page-", suffix=".html", delete=False, encoding="utf-8") as file:
        file.write(f'<!doctype html><meta http-equiv=refresh content="0; url={escape(page.address)}">')
    path = Path(file.name)

    def forget() -> None:
        with suppress(OSError):
            path.unlink()

    gevent.spawn_later(KEPT_S, forget)
    return webbrowser.open_new_tab(path.as_uri())
