"""A campaign's runs over several generators: the master here, as any run's process; its workers where the fleet's members are."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harness.errors import PilotError
from harness.keys import VARIABLE
from harness.launch.launcher import Launched, Launcher
from harness.launch.line import Door
from harness.launch.roll import Roll, names
from harness.platforms.generator import Call, Fleet, FleetConfig
from harness.secrecy import KNOWN

PORTS = 9  # of masters: as many runs may go side by side
GRACE_S, FORCE_S = 10.0, 20.0  # workers end by themselves when their master does
WAIT_S = "60"  # of a master for its workers, which stand by
ONLY_MASTERS = ("--headless", "--only-summary")
WITH_VALUE = ("--evidence",)


class Led(Launcher):
    """Each run a master of its own with workers on every member; ``ready`` before it brings back who is gone."""

    def __init__(
        self,
        folder: Path,
        words: Path,
        config: FleetConfig,
        make: Callable[[Call], Fleet],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(folder, words)
        self._config, self._make, self._say = config, make, say
        self._numbers = itertools.count(1)
        self._free = list(range(config.port + 1, config.port + 1 + PORTS))
        self._going: list[tuple[Launched, threading.Thread]] = []
        self._guard = threading.Lock()

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self._secret = secrets.token_hex(32)
            KNOWN.learn(VARIABLE, self._secret)
            to, campaign = f"{self._config.address}:{self._config.port}", f"pilot-{secrets.token_hex(4)}"
            call = Call(to, self._secret.encode(), campaign, self._folder, self._words.parent)
            door = Door(self._config.listens, self._config.port, call.secret)
            try:
                self._fleet = self._make(call)
            except BaseException:
                door.close()
                raise
            self._roll = Roll(self._fleet, door, self._say)
        except BaseException:
            super().__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing of it is left anywhere; raises PilotError that names what is, unless something else is raised."""
        super().__exit__(kind, error, trace)
        self._wait_over(every=True)
        self._roll.close()
        try:
            self._fleet.stop()
        except PilotError as left:
            if error is None:
                raise
            self._say(f"{left}\n  {left.hint or ''}")

    def ready(self) -> list[dict[str, Any]]:
        self._wait_over()
        return names(self._roll.gather(self._config.start_s))

    def begin(self, argv: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path | None = None) -> Launched:
        """The master here, its workers there; raises PilotError where more runs go at once than there are ports."""
        with self._guard:
            if not self._free:
                raise PilotError(f"more than {PORTS} runs at once", "measure fewer targets side by side")
            port, number = self._free.pop(0), next(self._numbers)
        workers = len(self._fleet.members) * self._config.processes
        master = ["--master", "--master-bind-host", self._config.listens, "--master-bind-port", str(port)]
        master += ["--expect-workers", str(workers), "--expect-workers-max-wait", WAIT_S]
        try:
            launched = super().begin([*argv, *master], {**env, VARIABLE: self._secret}, log, cwd)
        except BaseException:
            with self._guard:
                self._free.append(port)
            raise
        mine = [*_of_worker(argv), "--master-host", self._config.address, "--master-port", str(port)]
        self._roll.begin(number, {"argv": mine, "env": dict(env), "processes": self._config.processes})
        thread = threading.Thread(target=self._follow, args=(launched, number, port), daemon=True)
        with self._guard:
            self._going.append((launched, thread))
        thread.start()
        return launched

    def _follow(self, launched: Launched, number: int, port: int) -> None:
        """Until its master has ended, and then its workers."""
        launched.wait()
        for words in self._roll.over(number, GRACE_S, FORCE_S):
            self._say(words)
        with self._guard:
            self._free.append(port)

    def _wait_over(self, *, every: bool = False) -> None:
        """Runs whose master has ended are left by their workers too; others may still go on side by side."""
        with self._guard:
            ended = [one for one in self._going if every or one[0].wait(0)]
            self._going = [one for one in self._going if one not in ended]
        for _, thread in ended:
            thread.join()


def _of_worker(argv: Sequence[str]) -> list[str]:
    """Without what only a master does."""
    out: list[str] = []
    words = iter(argv)
    for word in words:
        if word in WITH_VALUE:
            next(words)
        elif word not in ONLY_MASTERS:
            out.append(word)
    return out
