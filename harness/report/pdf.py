"""The report as PDF, printed by a Chromium that is installed; its bytes are the one output that may differ."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.domain.lines import last_line
from harness.errors import PilotError, Refused

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT_S = 120
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
)


def print_pdf(page: Path, *, everything: bool = False) -> Path:
    """report.pdf beside the page, with ``everything`` that is folded.

    Raises Refused without a Chromium, PilotError when it does not print.
    """
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        raise Refused("there is no Chromium to print a PDF with", "install one, or print the HTML from any browser")
    out = page.with_suffix(".pdf")
    sandbox = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()  # as root it has none
    with tempfile.TemporaryDirectory() as profile:
        shown = page.resolve()
        if everything:  # text has no "<": what is replaced is markup
            shown = Path(profile) / page.name
            shown.write_text(page.read_text(encoding="utf-8").replace("<details", "<details open"), encoding="utf-8")
        command = [
            program,
            *FLAGS,
            *sandbox,
            f"--user-data-dir={profile}/browser",
            f"--print-to-pdf={out}",
            shown.as_uri(),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise PilotError(
                f"{program} did not print within {TIMEOUT_S} s", "print the HTML by hand: it has a style for paper"
            ) from None
    if done.returncode or not out.is_file():
        words = last_line(done.stderr) or "no words"
        raise PilotError(f"{program} did not print: {words}", "print the HTML by hand: it has a style for paper")
    return out
