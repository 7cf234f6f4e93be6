"""The master's part of a run, also when there is only one process: plan, collect, account, close."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
import gevent.event
import locust
import psutil
from locust.runners import STATE_MISSING

import harness
from harness.domain.ledger import GeneratorHealth, Ledger, close
from harness.domain.sample import COLUMNS, Outcome, Sample
from harness.domain.schedule import Schedule
from harness.errors import Exit
from harness.evidence.run_folder import RunFolder
from harness.load import meta, options, summary
from harness.load.machine import machine_id

if TYPE_CHECKING:
    from locust.env import Environment

    from harness.load.spec import RunSpec

LEAD_S = 0.4
LEAD_PER_SLOT_S = 0.0006
DISTRIBUTED_LEAD_S = 1.5
REPORT_SETTLE_S = 3.5  # Locust's workers report every 3 s
DONE_WAIT_S = 3.0
SEQ, OUTCOME = COLUMNS.index("seq"), COLUMNS.index("outcome")
SCHEDULED, SENT = COLUMNS.index("scheduled_s"), COLUMNS.index("sent_s")


class Coordinator:
    """One run at a time: stripes out, batches in, a ledger at the end."""

    def __init__(self, environment: Environment, *, master: bool) -> None:
        self._environment = environment
        self._master = master
        self.exit_code = Exit.DONE
        self.schedule = Schedule(())
        self.running = False
        self._finished = gevent.event.Event()
        assert environment.runner is not None
        environment.runner.register_message("pilot_batch", self._on_batch)
        environment.runner.register_message("pilot_done", self._on_done)

    @property
    def users(self) -> int:
        """Locust users in all: slots times workers."""
        spec = options.PREPARED.spec
        return (spec.slots if spec else 1) * max(1, len(self._clients()))

    def reset(self) -> None:
        self._finished.clear()

    # -- start

    def start(self, spec: RunSpec, base_url: str | None) -> None:
        """Open the folder and send every worker its stripe; raises Refused before anything is sent."""
        self.schedule = options.PREPARED.schedule or Schedule(())
        self._spec = replace(spec, base_url=base_url or spec.base_url)
        self._target_meta = meta.ask(self._spec) if self._spec.ask_meta_first else {}
        self._folder = RunFolder(Path(options.evidence_folder(spec, self._environment)))
        self._folder.open()
        self._rows: dict[int, list[Any]] = {}
        self._gauges: list[list[Any]] = []
        self._dones: dict[int, dict[str, Any]] = {}
        clients = self._clients()
        self._stripes: dict[int, str | None] = dict(enumerate(clients or [None]))
        self._lost: set[int] = set()
        self._stopped_by: str | None = None
        lead = (DISTRIBUTED_LEAD_S if self._master else LEAD_S) + LEAD_PER_SLOT_S * spec.slots
        self._t0, self._t0_unix = perf_counter() + lead, time.time() + lead
        self._folder.write_run(self._run_json("running"))
        self.running = True
        assert self._environment.runner is not None
        for number, client in self._stripes.items():
            plan = {
                "spec": self._spec.to_message(),
                "digest": self.schedule.digest,
                "worker": number,
                "workers": len(self._stripes),
                "t0_perf": self._t0,
                "t0_unix_s": self._t0_unix,
                "machine": machine_id(),
            }
            self._environment.runner.send_message("pilot_plan", plan, client)
        gevent.spawn(self._watch)

    def _clients(self) -> list[str]:
        if not self._master:
            return []
        clients = self._environment.runner.clients  # type: ignore[union-attr]
        return sorted(c.id for c in clients.ready + clients.spawning + clients.running)

    # -- while it runs

    def _on_batch(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        del environment
        data = msg.data
        if not self.running:
            return
        for row in data["rows"]:
            self._rows[row[SEQ]] = row
        self._gauges += data["gauges"]
        if self._folder.append(data["rows"]):
            self._ack(data)

    def _ack(self, data: dict[str, Any]) -> None:
        assert self._environment.runner is not None
        client = self._stripes.get(data["worker"])
        self._environment.runner.send_message("pilot_ack", {"batch": data["batch"]}, client)

    def _on_done(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        del environment
        if self.running:
            self._dones[msg.data["worker"]] = msg.data

    def _watch(self) -> None:
        """Until every stripe is done or lost."""
        while self.running:
            self._note_lost()
            if all(k in self._dones or k in self._lost for k in self._stripes):
                self._finish()
                return
            if any("error" in done for done in self._dones.values()):
                self._stopped_by = "a worker could not start"
                self.interrupt(self._stopped_by)
                return
            gevent.sleep(0.05)

    def _note_lost(self) -> None:
        if not self._master:
            return
        clients = self._environment.runner.clients  # type: ignore[union-attr]
        for number, client in self._stripes.items():
            if number in self._dones or number in self._lost:
                continue
            if client not in clients or clients[client].state == STATE_MISSING:
                self._lost.add(number)

    def interrupt(self, reason: str = "interrupted") -> None:
        """Stop now: in-flight requests become aborted, the rest not sent, the ledger says why."""
        if not self.running or self._stopped_by == "interrupted":
            return
        self._stopped_by = reason
        assert self._environment.runner is not None
        for client in self._stripes.values():
            self._environment.runner.send_message("pilot_stop", {}, client)
        deadline = perf_counter() + DONE_WAIT_S
        while perf_counter() < deadline:
            self._note_lost()
            if all(k in self._dones or k in self._lost for k in self._stripes):
                break
            gevent.sleep(0.02)
        self._finish()

    # -- end

    def _finish(self) -> None:
        if not self.running:
            return
        self.running = False
        for done in self._dones.values():
            self._stopped_by = self._stopped_by or done.get("limit")
        rows = [self._rows.get(a.seq) or self._missing(a) for a in self.schedule.arrivals]
        lags = [row[SENT] - row[SCHEDULED] for row in rows if row[SENT] is not None]
        outcomes = [row[OUTCOME] for row in rows]
        self._folder.write_samples(rows, self._gauges)
        self._folder.write_target(self._target_json())
        self._folder.write_run(self._run_json("done"))
        ledger = close(len(rows), outcomes, lags, self._health(), self._spec.p95_limit_s, self._stopped_by)
        self._folder.close(ledger)
        self._judge(ledger)
        print(summary.text(rows, ledger, self._spec, self._folder.path), flush=True)
        if self._master and not ledger.stopped_by:
            gevent.sleep(REPORT_SETTLE_S)
        self._finished.set()

    def _missing(self, arrival: Any) -> list[Any]:  # noqa: ANN401
        """A sample for an arrival that nobody reported."""
        sample = Sample(
            arrival.seq, arrival.phase, arrival.measured, arrival.question_id, arrival.stream, arrival.scheduled_s
        )
        stripe = arrival.seq % len(self._stripes)
        sample.worker = stripe
        sample.outcome = Outcome.LOST if stripe in self._lost else Outcome.NOT_SENT
        sample.layer = "generator"
        return sample.row()

    def _health(self) -> GeneratorHealth:
        dones = self._dones.values()

        def worst(name: str) -> float | None:
            values = [d[name] for d in dones if d.get(name) is not None]
            return max(values, key=abs, default=None)

        errors = [str(d["error"]) for d in dones if "error" in d]
        return GeneratorHealth(
            no_free_slot=sum(d.get("no_free_slot", 0) for d in dones),
            lost_workers=len(self._lost),
            late_joiners=max(0, len(self._clients()) + len(self._lost) - len(self._stripes)),
            write_errors=tuple(self._folder.errors),
            worker_errors=tuple(dict.fromkeys(errors)),
            interrupted=self._stopped_by is not None and not any(d.get("limit") for d in dones),
            loop_lag_p99_s=worst("loop_lag_p99_s"),
            cpu_p95_pct=worst("cpu_p95_pct"),
            clock_step_s=worst("clock_step_s"),
        )

    def _judge(self, ledger: Ledger) -> None:
        if ledger.stopped_by == "interrupted":
            self.exit_code = Exit.INTERRUPTED
        elif ledger.stopped_by and ledger.outcomes.get(Outcome.UNAUTHORIZED):
            self.exit_code = Exit.LIMIT
        else:
            self.exit_code = Exit.DONE if ledger.valid else Exit.INVALID

    def wait_finished(self, seconds: float) -> bool:
        return bool(self._finished.wait(seconds)) or (not self.running and self._finished.is_set())

    def _target_json(self) -> dict[str, Any]:
        if not self._target_meta:
            self._target_meta = meta.ask(self._spec, strict=False)
        return {"name": self._spec.target, "dialect": self._spec.dialect, "meta": self._target_meta or None}

    def _run_json(self, state: str) -> dict[str, Any]:
        spec = self._spec
        return {
            "state": state,
            "profile": spec.profile,
            "target": spec.target,
            "base_url": spec.base_url,
            "spec": {**spec.to_message(), "headers_from_env": sorted(spec.headers_from_env)},
            "seed": spec.seed,
            "schedule_digest": self.schedule.digest,
            "questions_digest": spec.questions_digest,
            "planned": len(self.schedule),
            "total_s": spec.load.total_s,
            "started_utc": datetime.fromtimestamp(self._t0_unix, UTC).isoformat(timespec="milliseconds"),
            "elapsed_s": None if state == "running" else round(perf_counter() - self._t0, 3),
            "workers": len(self._stripes),
            "versions": {
                "harness": harness.__version__,
                "locust": locust.__version__,
                "gevent": gevent.__version__,
                "python": platform.python_version(),
            },
            "generator": {
                "machine": platform.machine(),
                "system": f"{platform.system()} {platform.release()}",
                "cores": psutil.cpu_count(),
                "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
            },
            "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        }


def leave_rows(rows: list[list[Any]]) -> Path:
    """Rows that no master took, in a file of their own."""
    fd, name = tempfile.mkstemp(prefix="pilot-unacknowledged-", suffix=".jsonl")
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(json.dumps({"columns": COLUMNS}) + "\n")
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return Path(name)
