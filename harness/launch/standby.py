"""``python -m harness.launch.standby``: a place that sends load, standing by for the campaign that it calls.

It is told by one line of JSON on its input (then it leaves when that input ends), or by its environment:

    {"to": "10.0.0.5:5560", "secret": "…", "member": "load-1"}
    PILOT_STANDBY=10.0.0.5:5560  PILOT_WORKER_SECRET=…  PILOT_STANDBY_MEMBER=load-1

It begins workers of this workspace's own load profiles and nothing else, and leaves when its campaign has been silent for 30 s.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

import harness
from harness.domain.lines import lines_of, names_in
from harness.errors import Exit, PilotError, Refused
from harness.keys import LEAST, VARIABLE
from harness.launch.launcher import Launched, Launcher
from harness.launch.line import ALONE_S, BEAT_S, Caller
from harness.platforms.generator import CALL_VARIABLE, MEMBER_VARIABLE
from harness.secrecy import KNOWN
from harness.workspace import find

FIRST_S = 300.0  # a campaign may be reached late, as behind a service that is only being made
POLL_S = 0.05
GIVEN = ("PILOT_CAMPAIGN", "PILOT_BASE_URL", "PILOT_LANE_URLS")  # variables that a campaign may set
HINT = "only the campaign that this machine stands by for sends command lines: python -m harness.launch.standby"
OPTIONS = names_in(
    """
    --target --seed --rate --duration --warmup --arrivals --cv --trace --speed --noisy --variant --jobs --drain --poll --callback --p95
    --loglevel --master-host --master-port
    """
)  # with a value each: what a campaign says to a worker


@dataclass(frozen=True)
class Told:
    """Whom to call, as who."""

    to: str
    secret: bytes
    member: str


def told(line: str, environment: Mapping[str, str] = os.environ) -> Told:
    """By its input, else by its environment; raises Refused where a part is missing."""
    said: Any = {}
    if line.strip():
        try:
            said = json.loads(line)
        except ValueError:
            raise Refused(
                "the first line of the input is not valid JSON", 'as {"to": …, "secret": …, "member": …}'
            ) from None
    said = said if isinstance(said, dict) else {}
    names = {"to": CALL_VARIABLE, "secret": VARIABLE, "member": MEMBER_VARIABLE}
    found = {name: str(said.get(name) or environment.get(variable, "")) for name, variable in names.items()}
    if lacking := [f"{name} ({names[name]})" for name, value in found.items() if not value]:
        raise Refused(f"not told: {', '.join(lacking)}", "pilot run starts standbys itself: docs/generator.md")
    if len(found["secret"].encode()) < LEAST:
        raise Refused(f"the secret has fewer than {LEAST} bytes", "openssl rand -hex 32")
    KNOWN.learn(VARIABLE, found["secret"])
    return Told(found["to"], found["secret"].encode(), found["member"])


def allowed(argv: object, root: Path) -> list[str]:
    """A worker's command line of a load profile of this workspace; raises Refused for any other."""
    if not isinstance(argv, list) or not all(isinstance(word, str) for word in argv):
        raise Refused("a command line is a list of words", HINT)
    file, rest = (argv[1], argv[2:]) if argv[:1] == ["-f"] and len(argv) > 1 else ("", argv)
    profiles = (root / "loadprofiles").resolve()
    if not file or not (root / file).resolve().is_relative_to(profiles):
        raise Refused(f"-f {file}: not a load profile of {root}", HINT)
    if len(rest) % 2 or (wrong := [name for name in rest[::2] if name not in OPTIONS]):
        raise Refused(f"{' '.join(wrong if not len(rest) % 2 else rest)}: not for a worker", HINT)
    return ["-f", file, *rest, "--worker"]


class Standby:
    """Begins what it is told to, and says how that ended."""

    def __init__(self, told: Told, root: Path, launcher: Launcher, logs: Path) -> None:
        self._told, self._root, self._launcher, self._logs = told, root, launcher, logs
        self._caller = Caller(told.to, told.secret)
        self._running: dict[int, list[tuple[Launched, Path]]] = {}
        self._leaving = threading.Event()

    def leave(self) -> None:
        """From any thread or signal."""
        self._leaving.set()

    def serve(self) -> None:
        """Until it is told to leave, or its campaign is silent; what it began ends first."""
        self._caller.send({"hello": self._hello()})
        beat_at = heard_at = time.monotonic()
        patience_s = FIRST_S
        while not self._leaving.is_set():
            now = time.monotonic()
            if self._caller.hear(POLL_S, self._take):
                heard_at, patience_s = time.monotonic(), ALONE_S
            if now - heard_at > patience_s:
                print(f"the campaign at {self._told.to} was silent for {patience_s:g} s", file=sys.stderr)
                break
            if now - beat_at >= BEAT_S:
                beat_at = now
                self._caller.send({"hello": self._hello()})
            self._tell_ended()
        for number in list(self._running):
            self._end(number)
        self._caller.close()

    def _hello(self) -> dict[str, Any]:
        """Said again and again: the campaign may have begun anew."""
        return {
            "member": self._told.member,
            "machine": f"{socket.gethostname()}:{int(psutil.boot_time())}",
            "cores": psutil.cpu_count(),
            "harness": harness.__version__,
            "python": platform.python_version(),
        }

    def _take(self, said: dict[str, Any]) -> None:
        number = said.get("begin", said.get("end"))
        if "leave" in said:
            self.leave()
        elif "begin" in said and isinstance(number, int):
            self._begin(number, said)
        elif "end" in said and isinstance(number, int):
            self._end(number)

    def _begin(self, number: int, said: dict[str, Any]) -> None:
        try:
            argv = allowed(said.get("argv"), self._root)
            asked = said.get("env")
            env = {k: str(v) for k, v in asked.items() if k in GIVEN} if isinstance(asked, dict) else {}
            env |= {VARIABLE: self._told.secret.decode()}
            self._running[number] = []
            for k in range(int(said.get("processes", 1))):
                log = self._logs / f"run-{number}-{k}.log"
                self._running[number].append((self._launcher.begin(argv, env, log), log))
        except (PilotError, ValueError) as error:
            self._end(number)
            self._caller.send({"ended": number, "code": int(Exit.REFUSED), "words": str(error)})

    def _end(self, number: int) -> None:
        for launched, _ in self._running.get(number, ()):
            launched.terminate(signal.SIGTERM)

    def _tell_ended(self) -> None:
        for number, all_of_it in list(self._running.items()):
            if not all(launched.wait(0) for launched, _ in all_of_it):
                continue
            del self._running[number]
            bad = next((pair for pair in all_of_it if pair[0].code), None)
            words = lines_of(bad[1].read_text(encoding="utf-8", errors="replace").strip())[-3:] if bad else []
            code = bad[0].code if bad else 0
            self._caller.send({"ended": number, "code": code, "words": " ".join(words)})
            for _, log in all_of_it:
                log.unlink(missing_ok=True)


def main() -> int:
    """Exit code 0 when it was told to leave, or its campaign is gone."""
    by_input = CALL_VARIABLE not in os.environ
    try:
        mine = told(sys.stdin.readline() if by_input else "")
        root = find().root
        with (
            tempfile.TemporaryDirectory(prefix="pilot-standby-") as logs,
            Launcher(root, Path(logs) / "nursery.err") as launcher,
        ):
            standby = Standby(mine, root, launcher, Path(logs))
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, lambda *_: standby.leave())
            if by_input:
                threading.Thread(target=_until_closed, args=(standby,), daemon=True).start()
            standby.serve()
    except PilotError as error:
        print(f"refused: {error}\n  {error.hint or ''}".rstrip(), file=sys.stderr)
        return int(error.exit_code)
    return 0


def _until_closed(standby: Standby) -> None:
    """Who holds the other end is gone when it closes."""
    while os.read(0, 4096):
        pass
    standby.leave()


if __name__ == "__main__":
    sys.exit(main())
