"""Who of a fleet is there: one thread keeps the line to every standby, and brings up again who has gone."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import PilotError
from harness.launch.line import BEAT_S, SILENT_S, Door
from harness.platforms.generator import Fleet
from harness.signals import ENDING

HEAR_S = 0.02
LEAVE_S = 1.0
ASK_S, TRIES = 1.0, 3


@dataclass
class Present:
    """A member that called."""

    sender: bytes
    heard_at: float
    said: dict[str, Any]


@dataclass
class Begun:
    """One run's workers; ``out`` are the members that have not said that theirs ended."""

    out: set[str]
    failed: list[str] = field(default_factory=list)


class Roll:
    """A context; the thread is its own, every method may be called from any other."""

    def __init__(self, fleet: Fleet, door: Door, say: Callable[[str], None]) -> None:
        self._fleet, self._door, self._say = fleet, door, say
        self._lock = threading.Condition()
        self._present: dict[str, Present] = {}
        self._runs: dict[int, Begun] = {}
        self._to_send: list[tuple[bytes, dict[str, Any]]] = []
        self._closing = False
        self._seen: set[str] = set()
        self._gathering = threading.Lock()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def gather(self, within_s: float) -> list[dict[str, Any]]:
        """Return when every member is there, with what each said of itself; who is not is started, and started again.

        Raises PilotError that names who did not come, and why.
        """
        until, tries = time.monotonic() + within_s, Counter[str]()
        with self._gathering:  # of runs side by side only one brings them up
            while absent := self._absent():
                ENDING.check()
                if time.monotonic() > until:
                    raise PilotError(
                        f"{', '.join(absent)} of the generator did not call within {within_s:g} s",
                        "generator.address must be this machine as they see it, and its ports open to them: docs/generator.md",
                    )
                for member in absent:
                    self._bring_up(member, tries)
                self._wait_for_calls(ASK_S)
        with self._lock:
            return [self._present[m].said for m in self._fleet.members]

    def _bring_up(self, member: str, tries: Counter[str]) -> None:
        why = self._fleet.ended(member)
        if why is None:
            return
        if tries[member] >= TRIES:
            raise PilotError(f"the generator {member} does not stay up: {why}", "fix it, then pilot run goes on")
        if tries[member] or member in self._seen:
            self._say(f"generator {member}: {why}; starting it again")
        tries[member] += 1
        self._fleet.start(member)

    def _wait_for_calls(self, seconds: float) -> None:
        """Until each has called, or this time is over: their platform is not asked more often."""
        until = time.monotonic() + seconds
        while self._absent() and time.monotonic() < until:
            with self._lock:
                self._lock.wait(0.1)

    def begin(self, number: int, job: dict[str, Any]) -> None:
        """On every member."""
        with self._lock:
            self._runs[number] = Begun(set(self._fleet.members))
            self._queue({"begin": number, **job})

    def over(self, number: int, grace_s: float, force_s: float) -> list[str]:
        """Return when every member's workers of this run have ended, told to after the grace; what went wrong there, in words."""
        run = self._runs[number]
        for seconds in (grace_s, force_s):
            if self._all_out(run, seconds):
                break
            with self._lock:
                self._queue({"end": number})
        with self._lock:
            del self._runs[number]
            return [*run.failed, *(f"{member}: its workers did not end" for member in sorted(run.out))]

    def close(self) -> None:
        """Everybody leaves."""
        with self._lock:
            self._queue({"leave": True})
            self._closing = True
        self._thread.join(LEAVE_S + 5 * HEAR_S)
        self._door.close()

    def _all_out(self, run: Begun, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            absent = set(self._absent())
            with self._lock:
                run.out -= absent  # it is gone, and its workers with it
                if not run.out:
                    return True
                self._lock.wait(0.1)
        return False

    def _absent(self) -> list[str]:
        now = time.monotonic()
        with self._lock:
            silent = {m for m, p in self._present.items() if now - p.heard_at > SILENT_S}
            for member in silent:
                del self._present[member]
            return [m for m in self._fleet.members if m not in self._present]

    def _queue(self, message: dict[str, Any]) -> None:
        self._to_send += [(one.sender, message) for one in self._present.values()]

    def _keep(self) -> None:
        """The only thread that touches the door."""
        beat_at = 0.0
        while True:
            for sender, said in self._door.hear(HEAR_S):
                self._take(sender, said)
            with self._lock:
                if time.monotonic() - beat_at >= BEAT_S:
                    beat_at = time.monotonic()
                    self._queue({"beat": True})
                out, self._to_send = self._to_send, []
                closing = self._closing
            for sender, message in out:
                self._door.send(sender, message)
            if closing:
                return

    def _take(self, sender: bytes, said: dict[str, Any]) -> None:
        hello, number = said.get("hello"), said.get("ended")
        with self._lock:
            if isinstance(hello, dict) and hello.get("member") in self._fleet.members:
                self._seen.add(str(hello["member"]))
                self._present[str(hello["member"])] = Present(sender, time.monotonic(), hello)
            member = next((m for m, p in self._present.items() if p.sender == sender), None)
            if member is not None and isinstance(number, int) and (run := self._runs.get(number)):
                run.out.discard(member)
                if said.get("code"):
                    run.failed.append(f"{member}: a worker ended with {said['code']}: {said.get('words', '')}")
            self._lock.notify_all()


def names(members: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What evidence keeps of each."""
    return [{k: m.get(k) for k in ("member", "machine", "cores", "harness", "python")} for m in members]
