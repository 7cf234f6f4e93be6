"""One run of the generator, as a person would start it, against one server of a known law."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import harness
from harness.domain.lines import lines_of
from harness.errors import PilotError
from harness.evidence import parquet
from harness.launch import Launcher

PROFILE = Path(harness.__file__).parent / "demo" / "workspace" / "loadprofiles" / "steady.py"
COLUMNS = (
    "measured",
    "scheduled_s",
    "sent_s",
    "first_token_s",
    "last_token_s",
    "finished_s",
    "token_events",
    "outcome",
)
START_S = 60.0


@dataclass(frozen=True)
class Trial:
    """What one run recorded; durations in seconds, in the order of arrival."""

    valid: bool
    reasons: tuple[str, ...]
    all_ok: bool
    responses_s: tuple[float, ...]
    ttfts_s: tuple[float, ...]
    gaps_s: tuple[float, ...]  # mean gap of each stream
    lags_s: tuple[float, ...]
    generator: Mapping[str, Any]  # of ledger.json


@contextlib.contextmanager
def law_server(law: str, parameters: Mapping[str, float]) -> Iterator[str]:
    """Its base URL, for as long as the context lasts."""
    command = [sys.executable, "-P", "-m", "harness.calibration.server", law, json.dumps(dict(parameters))]
    process = subprocess.Popen(
        [*command, str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is ours, which stops this
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise PilotError(
                f"the calibration server {law} did not start",
                "is something else using this machine up? try again; its words are above",
            )
        yield url
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


class Generator:
    """The generator as a person would start it, in a folder with one short question; several may be driven at once."""

    def __init__(self, folder: Path, launcher: Launcher) -> None:
        self._folder = folder
        self._launcher = launcher
        self._runs = count(1)
        self._stopped = False
        question = {"id": "q", "messages": [{"role": "user", "content": "?"}]}
        (folder / "questions.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")

    def stop(self) -> None:
        """End the runs that are going, and begin no more."""
        self._stopped = True
        self._launcher.terminate()

    def drive(self, url: str, rate: float, seconds: float, **options: object) -> Trial:
        """One run to its end; raises PilotError when it leaves no evidence."""
        if self._stopped:
            raise PilotError("the calibration was stopped", "pilot calibrate begins it anew")
        folder = self._folder / f"run-{next(self._runs)}"
        log = folder.with_suffix(".log")
        given = {
            "host": url,
            "rate": rate,
            "duration": seconds,
            "warmup": 0,
            "arrivals": "constant",
            "deadline": 10,
            "questions": self._folder / "questions.jsonl",
            "evidence": folder,
            **options,
        }
        argv = ["-f", str(PROFILE), "--headless", "--only-summary", "--loglevel", "WARNING"]
        launched = self._launcher.begin([*argv, *(p for k, v in given.items() for p in (f"--{k}", str(v)))], {}, log)
        if not launched.wait(seconds + START_S):
            launched.terminate()
        if not (folder / "ledger.json").exists():
            words = lines_of(log.read_text(encoding="utf-8", errors="replace").strip())[-3:] if log.exists() else []
            raise PilotError(
                f"the generator did not run (exit code {launched.code}): {' '.join(words)}",
                "run it again; if it stays, pilot check and its log say more",
            )
        return _read(folder)


@contextlib.contextmanager
def generator() -> Iterator[Generator]:
    """For as long as the context lasts; its runs' files go with it."""
    with tempfile.TemporaryDirectory(prefix="pilot-calibrate-") as name:
        folder = Path(name)
        with Launcher(folder, folder / "nursery.err") as launcher:
            made = Generator(folder, launcher)
            try:
                yield made
            except BaseException:
                made.stop()  # their files go with the folder
                raise


def _read(folder: Path) -> Trial:
    ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
    rows = [r for r in parquet.read(folder / "samples.parquet", COLUMNS).to_pylist() if r["measured"]]
    done = [r for r in rows if r["finished_s"] is not None]
    streams = [r for r in done if r["first_token_s"] is not None]
    return Trial(
        valid=bool(ledger["valid"]),
        reasons=tuple(ledger["reasons"]),
        all_ok=all(r["outcome"] == "ok" for r in rows),
        responses_s=tuple(r["finished_s"] - r["scheduled_s"] for r in done),
        ttfts_s=tuple(r["first_token_s"] - r["scheduled_s"] for r in streams),
        gaps_s=tuple(
            (r["last_token_s"] - r["first_token_s"]) / (r["token_events"] - 1) for r in streams if r["token_events"] > 1
        ),
        lags_s=tuple(r["sent_s"] - r["scheduled_s"] for r in done if r["sent_s"] is not None),
        generator=ledger,
    )
