"""Leads an experiment through a run: samples in, arrivals out, cold in between."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import astuple
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
import orjson
from gevent import subprocess

from harness.domain.experiments.protocol import Ask, Conditions, Done, MakeCold, Seen
from harness.domain.lines import first_line
from harness.domain.sample import COLUMNS, Outcome
from harness.domain.schedule import Arrival, Drawer
from harness.load.guard import told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.domain.experiments import Design
    from harness.domain.questions import Question
    from harness.load.spec import RunSpec

COLD_TIMEOUT_S = 600
COLD_END_S = 3.0
_AT = {name: k for k, name in enumerate(COLUMNS)}


class Conductor:
    """One run's experiment on the master; ``send`` gives arrivals to the workers."""

    def __init__(
        self,
        spec: RunSpec,
        design: Design,
        questions: Sequence[Question],
        t0: float,
        send: Callable[[list[Arrival]], None],
        workers: int = 1,
    ) -> None:
        self._spec = spec
        self._t0 = t0
        self._send = send
        self._drawer = Drawer(questions, spec.seed, spec.mix)
        self._experiment = design.begin(
            Conditions(
                spec.seed,
                spec.promise,
                spec.most_rate,
                len(spec.lanes),
                can_cold=spec.can_cold,
                slots=spec.slots * workers,
            )
        )
        self._cooling: gevent.Greenlet | None = None
        self._child: subprocess.Popen | None = None
        self._seen: set[int] = set()
        self.arrivals: list[Arrival] = []
        self.colds: list[dict[str, Any]] = []
        self.ended: str | None = None

    def see(self, lines: bytes) -> None:
        """Sample lines as they were appended to the spool; one that comes twice counts once."""
        for line in filter(None, lines.split(b"\n")):
            row = orjson.loads(line)
            if row[0] not in self._seen:
                self._seen.add(row[0])
                self._experiment.see(_seen(row))

    def step(self) -> None:
        """Do what the experiment wants now; returns at once."""
        if self.ended is not None or (self._cooling is not None and not self._cooling.ready()):
            return
        now_s = perf_counter() - self._t0
        if now_s < 0:
            return
        match self._experiment.next(now_s):
            case Ask(due) if due:
                made = self._drawer.arrivals(due)
                self.arrivals += made
                self._send(made)
            case MakeCold():
                self._cooling = gevent.spawn(self._cool)
            case Done(why):
                self.ended = why

    def _cool(self) -> None:
        """``pilot cold TARGET`` in a child: this process must not import the control plane."""
        began = perf_counter()
        command = [sys.executable, "-P", "-m", "harness", "cold", self._spec.target]
        said: dict[str, Any] = {"at_s": round(began - self._t0, 3)}
        try:
            self._child = subprocess.Popen(
                command,
                cwd=self._spec.workspace,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is the run's, which stops this
            )
            out, err = self._child.communicate(timeout=COLD_TIMEOUT_S)
            if self._child.returncode:
                said["error"] = [first_line(err.decode("utf-8", "replace")) or "no reason given"]
            else:
                said |= json.loads(out)
        except Exception as error:  # noqa: BLE001 - whatever it was, the target may have stayed warm
            said["error"] = [told(error)]
        finally:
            self.stop()
        said["took_s"] = round(perf_counter() - began, 3)
        self.colds.append(said)
        if "error" in said:  # a probe of a target that stayed warm must not be taken for a forced one
            self.ended = f"{self._spec.target} could not be made cold: {' '.join(map(str, said['error']))}"

    def stop(self) -> None:
        """Leave no ``pilot cold`` behind."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout=COLD_END_S)
            if self._child.poll() is None:
                self._child.kill()

    def words(self) -> str:
        """For the terminal."""
        return f"{self._experiment.words()}; {self.ended or 'not ended'}"

    def record(self) -> dict[str, Any]:
        """For run.json."""
        design = self._spec.load.experiment
        kind = design.kind if design else None
        return {"kind": kind, "ended": self.ended, "colds": self.colds, **self._experiment.record()}


def plain(arrivals: Sequence[Arrival]) -> list[list[Any]]:
    """Values that msgpack carries."""
    return [list(astuple(arrival)) for arrival in arrivals]


def from_plain(rows: Sequence[Sequence[Any]]) -> list[Arrival]:
    """The inverse of ``plain``."""
    history = list(Arrival.__dataclass_fields__).index("history")
    out = []
    for row in rows:
        values: list[Any] = list(row)
        values[history] = tuple(values[history])
        out.append(Arrival(*values))
    return out


def _seen(row: Sequence[Any]) -> Seen:
    return Seen(
        phase=row[_AT["phase"]],
        lane=row[_AT["lane"]] or 0,
        stream=row[_AT["stream"]],
        scheduled_s=row[_AT["scheduled_s"]],
        sent_s=row[_AT["sent_s"]],
        first_token_s=row[_AT["first_token_s"]],
        finished_s=row[_AT["finished_s"]],
        ok=row[_AT["outcome"]] == Outcome.OK,
        cold=row[_AT["cold"]],
    )
