"""The master's part of a run, also when there is only one process: plan, collect, account, close."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
import gevent.event
from locust.runners import STATE_MISSING

from harness.domain.job import JobShape
from harness.domain.ledger import GeneratorHealth, Ledger, close
from harness.domain.reason import Reason
from harness.domain.reasons.fault import NotClosed, StoppedEarly
from harness.domain.sample import Outcome
from harness.domain.schedule import Schedule
from harness.errors import Exit
from harness.evidence.last_word import last_word
from harness.evidence.run_folder import RunFolder
from harness.load import meta, options, summary
from harness.load.clocks import Clocks, Offset, apart
from harness.load.closing import Tally, planned_dispersion, whole
from harness.load.conductor import Conductor, plain
from harness.load.ending import speak
from harness.load.guard import guarded, told
from harness.load.jobs.closing import followed, whole_jobs
from harness.load.machine import machine_id
from harness.load.outbox import unpack
from harness.load.run_record import contention, run_record
from harness.load.stop import Stop, failed

if TYPE_CHECKING:
    from locust.env import Environment

    from harness.domain.schedule import Arrival
    from harness.load.curve import Fleet
    from harness.load.spec import RunSpec

LEAD_S = 0.2
LEAD_PER_SLOT_S = 0.0006
LEAD_PER_ARRIVAL_S = 2e-5  # a worker with other options draws the schedule anew
DISTRIBUTED_LEAD_S = 1.5
DONE_WAIT_S = 3.0
WATCH_S = 0.1
STALLED_S = 30.0  # silence beyond a deadline, past the schedule's end
STEP_S = 0.05  # how often an experiment is asked
GAUGES = ("loop_lag_p99_s", "cpu_p95_pct", "gc_pause_max_s", "sockets_max", "sockets_limit", "clock_step_s")


class Coordinator:
    """One run at a time: stripes out, batches in, a ledger at the end."""

    def __init__(self, environment: Environment, fleet: Fleet | None = None, *, master: bool) -> None:
        self._environment = environment
        self._fleet = fleet
        self._master = master
        self.exit_code: int = Exit.FAILED  # until a run is judged
        self.judged = False
        self.schedule = Schedule(())
        self.running = False
        self._stop: Stop | None = None
        self._idle = gevent.event.Event()  # no run is going, its closing included
        self._idle.set()
        self._finished = gevent.event.Event()
        self._done_came = gevent.event.Event()
        self._clocks = Clocks(environment)
        assert environment.runner is not None
        heard = {"pilot_batch": self._on_batch, "pilot_jobs": self._on_jobs, "pilot_done": self._on_done}
        for kind, listener in heard.items():
            environment.runner.register_message(kind, guarded(listener, self.fail))

    @property
    def users(self) -> int:
        """Locust users in all: slots times workers."""
        spec = options.PREPARED.spec
        return (spec.slots if spec else 1) * max(1, len(self._clients()))

    def reset(self) -> None:
        self._finished.clear()

    # -- start

    def start(self, spec: RunSpec) -> None:
        """Open the folder and send every worker its stripe; raises Refused before anything is sent."""
        self._idle.clear()
        self._stop = None
        self._opened = False
        try:
            self._start(spec)
        except BaseException as error:
            if self._opened:  # the folder is there: it gets its last word
                self._close_anyway(f"it could not be started: {told(error)}")
            self.running = False
            self._idle.set()
            if not self._opened or not isinstance(error, Exception):
                raise
            return
        gevent.spawn(guarded(self._watch, self._close_anyway))

    def _start(self, spec: RunSpec) -> None:
        self.schedule = options.PREPARED.schedule or Schedule(())
        self._spec = spec
        self._target_meta = meta.ask(self._spec) if self._spec.ask_meta_first else {}
        self._folder = RunFolder(Path(options.evidence_folder(spec, self._environment)))
        self._folder.open(jobs=spec.jobs is not None)
        self._opened = True
        self._gauges: list[list[Any]] = []
        self._dones: dict[int, dict[str, Any]] = {}
        clients = self._clients()
        self._stripes: dict[int, str | None] = dict(enumerate(clients or [None]))
        self._lost: set[int] = set()
        self._owner: dict[int, int] = {}  # of an experiment's arrivals
        self._heard_at = 0.0  # when samples last came, on this process's clock
        self._closed = False  # an experiment is over, nothing more will be handed out
        self._touched: list[dict[str, Any]] = []
        self._offsets = self._clocks.measure(clients) if self._master else {}
        self._planned = planned_dispersion(self.schedule)
        self._conductor: Conductor | None = None
        lead = LEAD_S + LEAD_PER_SLOT_S * spec.slots
        if self._master:
            lead += DISTRIBUTED_LEAD_S - LEAD_S + LEAD_PER_ARRIVAL_S * len(self.schedule)
        digest = self.schedule.digest  # before the clock is set: both take their time over a long schedule
        self._t0, self._t0_unix = perf_counter() + lead, time.time() + lead
        if spec.load.experiment is not None:
            asked = [q for q in options.PREPARED.questions.values() if not isinstance(q, JobShape)]
            self._conductor = Conductor(
                self._spec, spec.load.experiment, asked, self._t0, self._hand_out, len(self._stripes)
            )
        self._strangers = self._refused()
        self._folder.write_run(self._record("running"))
        self.running = True
        for number, client in self._stripes.items():
            self._send("pilot_plan", self._plan(number, client, digest), client)

    def _plan(self, number: int, client: str | None, digest: str) -> dict[str, Any]:
        offset = self._offsets.get(client or "")
        return {
            "spec": self._spec.to_message(),
            "digest": digest,
            "worker": number,
            "workers": len(self._stripes),
            "t0_perf": self._t0,
            "machine": machine_id(),
            "offset_s": offset.offset_s if offset else 0.0,
        }

    def _hand_out(self, arrivals: list[Arrival]) -> None:
        """An experiment's next arrivals, striped over the workers that are left."""
        alive = [number for number in self._stripes if number not in self._lost]
        for k, number in enumerate(alive):
            part = [a for a in arrivals if a.seq % len(alive) == k]
            if part:
                self._owner |= {a.seq: number for a in part}
                self._send("pilot_more", {"arrivals": plain(part)}, self._stripes[number])

    def _send(self, kind: str, data: dict[str, Any], client: str | None) -> None:
        assert self._environment.runner is not None
        self._environment.runner.send_message(kind, data, client)

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
        self._gauges += data["gauges"]
        lines = unpack(data) if data["lines"] else b""
        self._heard_at = perf_counter() if lines else self._heard_at
        if self._conductor is not None and lines:
            self._conductor.see(lines)
        if not lines or self._folder.append(lines):
            self._send("pilot_ack", {"batch": data["batch"]}, self._stripes.get(data["worker"]))

    def _on_jobs(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        """Lines of jobs: kept as samples are, and a sign that the run goes on."""
        del environment
        if not self.running:
            return
        self._heard_at = perf_counter()
        if self._folder.append_jobs(unpack(msg.data)):
            said = {"batch": msg.data["batch"], "jobs": True}
            self._send("pilot_ack", said, self._stripes.get(msg.data["worker"]))

    def _on_done(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        del environment
        if self.running:
            self._dones.setdefault(msg.data["worker"], {}).update(msg.data)
            self._done_came.set()

    def note_touch(self, what: str) -> None:
        """Somebody did something to Locust's own state while a run goes: no harm to the evidence, but it is said."""
        if self.running:
            self._touched.append({"at_s": round(perf_counter() - self._t0, 3), "what": what})

    def _watch(self) -> None:
        """Until every stripe is done or lost, or the run is to stop; whatever ends it, the ledger is written here."""
        while True:
            self._note_lost()
            if self._all_in():
                break
            errors = [str(done["error"]) for done in self._dones.values() if "error" in done]
            if self._stop is None and errors:
                self._stop = failed(errors[0])
            if self._stop is None and self._stalled():
                self._stop = failed(f"no sample came for {self._patience_s:g} s although some were due")
            if self._stop is not None:
                self._halt()
                break
            self._conduct()
            self._done_came.wait(WATCH_S if self._conductor is None else STEP_S)
            self._done_came.clear()
        self._finish()

    @property
    def _patience_s(self) -> float:
        return self._spec.deadline_s + STALLED_S

    def _stalled(self) -> bool:
        """Past the schedule's end every slot's request ends by its deadline: silence for longer is this generator's fault."""
        if self._conductor is not None and not self._closed:
            return False
        due_s = self._t0 + (self._spec.load.whole_s if self._conductor is None else 0.0)
        return perf_counter() > max(due_s, self._heard_at) + self._patience_s

    def _conduct(self) -> None:
        """Ask the experiment; once it is over, the workers' stripes are closed."""
        if self._conductor is None or self._closed:
            return
        if self._lost:
            self._stop = failed("a worker was lost during an experiment")
            self._done_came.set()
            return
        self._conductor.step()
        if self._conductor.ended is not None:
            self._closed, self._heard_at = True, perf_counter()
            for client in self._stripes.values():
                self._send("pilot_close", {}, client)

    def _all_in(self) -> bool:
        return all(k in self._dones or k in self._lost for k in self._stripes)

    def _note_lost(self) -> None:
        if not self._master:
            return
        clients = self._environment.runner.clients  # type: ignore[union-attr]
        for number, client in self._stripes.items():
            if number in self._dones or number in self._lost:
                continue
            if client not in clients or clients[client].state == STATE_MISSING:
                self._lost.add(number)

    def end(self, stop: Stop) -> None:
        """Stop now and return when the ledger is closed, whoever asked first; nothing to do between runs.

        In-flight requests become aborted, the rest not sent, the ledger says why.
        """
        self.stop(stop)
        self._idle.wait()

    def stop(self, stop: Stop) -> None:
        """The same without waiting; the first reason counts, and none where every stripe is in or lost: that ends it."""
        if self._idle.is_set():
            return
        if self.running:
            self._note_lost()
        if stop.code != Exit.INTERRUPTED or not self.running or not self._all_in():
            self._stop = self._stop or stop
        self._done_came.set()

    def fail(self, words: str) -> None:
        """Something of ours broke: the run ends INVALID with these words."""
        self.stop(failed(words))

    def _halt(self) -> None:
        for client in self._stripes.values():
            guarded(self._send, self.fail)("pilot_stop", {}, client)
        deadline = perf_counter() + DONE_WAIT_S
        while perf_counter() < deadline:
            self._note_lost()
            if self._all_in():
                return
            self._done_came.wait(0.02)
            self._done_came.clear()

    # -- end

    def _finish(self) -> None:
        """The run's last word, whatever happens on the way to it."""
        self.running = False
        elapsed_s = perf_counter() - self._t0
        words = None
        try:
            if self._conductor is not None:
                self._conductor.stop()
                words = self._conductor.words()
            tally, ledger = self._judged(elapsed_s)
            text = summary.text(tally, ledger, self._spec, self._folder.path, words)
            self._folder.close(ledger)
        except Exception as error:  # noqa: BLE001 - a run without a ledger would be a run that nobody can account for
            self._close_anyway(told(error))
            return
        self._leave(ledger, text)

    def _close_anyway(self, words: str) -> None:
        """The ledger where closing itself broke: what is on disk counts, the rest is lost."""
        self.running = False
        stopped_by = self._stop.words if self._stop else None
        reasons: list[Reason] = [NotClosed(words)]
        if stopped_by:
            reasons.append(StoppedEarly(stopped_by))
        planned = len(self.schedule) if self._spec.load.experiment is None else None
        ledger = last_word(self._folder.path, reasons, stopped_by, planned)
        self._folder.close(ledger)
        self._leave(ledger, summary.short(ledger, self._spec, self._folder.path))

    def _leave(self, ledger: Ledger, text: str) -> None:
        self._judge(ledger)
        try:
            speak(text)
        finally:
            self._finished.set()
            self._idle.set()

    def _judged(self, elapsed_s: float) -> tuple[Tally, Ledger]:
        if self._conductor is not None:
            self.schedule = Schedule(tuple(self._conductor.arrivals))
            self._planned = planned_dispersion(self.schedule)
        limits = [done["limit"] for done in self._dones.values() if done.get("limit")]
        said = self._target_json()
        tally = self._write_samples((said["meta"] or {}).get("model"))
        jobs = self._write_jobs(tally)
        if self._stop is not None and self._stop.code == Exit.INTERRUPTED and self._whole(tally):
            self._stop = None  # it came when everything was in
        stopped_by = self._stop.words if self._stop else limits[0] if limits else None
        self._folder.write_target(said)
        after = self._clocks_after()
        self._folder.write_run(self._record("done") | self._record_after(tally, elapsed_s, after))
        health = self._health(tally.held_up, after)
        stop_signal = self._stop.signal if self._stop else None
        tightest_s = self._spec.tightest_s
        ledger = close(tally.planned, tally.outcomes, tally.lags_s, health, tightest_s, stopped_by, stop_signal, jobs)
        return tally, ledger

    def _whole(self, tally: Tally) -> bool:
        cut = sum(tally.outcomes[outcome] for outcome in (Outcome.ABORTED, Outcome.NOT_SENT, Outcome.LOST))
        return not cut and (self._conductor is None or self._conductor.ended is not None)

    def _write_samples(self, model: object) -> Tally:
        tally = Tally(keep=self._spec.jobs is not None)
        reader = self._folder.samples(len(self.schedule))
        chunks = whole(reader, self.schedule, self._lost_with, tally, model)
        self._folder.write_samples(chunks, self._gauges)
        for _ in chunks:  # what a full disk left uncounted
            pass
        reader.close()
        return tally

    def _write_jobs(self, tally: Tally) -> Counter[str] | None:
        """How many submissions ended in which state; None where nothing was submitted."""
        if self._spec.jobs is None:
            return None
        reader = self._folder.jobs(len(self.schedule))
        states: Counter[str] = Counter()
        shapes = {name: one.kind for name, one in options.PREPARED.questions.items() if isinstance(one, JobShape)}
        chunks = whole_jobs(reader, self.schedule, tally.ended, shapes, states)
        self._folder.write_jobs(chunks)
        for _ in chunks:  # what a full disk left uncounted
            pass
        reader.close()
        return states

    def _lost_with(self, arrival: Arrival) -> int | None:
        """The worker that had this arrival and was lost, or broke; None when its worker is well: it was not sent."""
        stripe = self._owner.get(arrival.seq, arrival.seq % len(self._stripes))
        return stripe if stripe in self._lost or self._dones.get(stripe, {}).get("broke") else None

    def _health(self, held_up: int, after: dict[str, Offset]) -> GeneratorHealth:
        dones = self._dones.values()
        lost = {self._stripes[number] or "" for number in self._lost}
        clocks = apart(self._offsets, after, [c for c in self._stripes.values() if c], lost)

        def worst(name: str) -> float | None:
            values = [d[name] for d in dones if d.get(name) is not None]
            return max(values, key=abs, default=None)

        def words(name: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(str(text) for d in dones for text in d.get(name) or ()))

        errors = [str(d["error"]) for d in dones if "error" in d]
        return GeneratorHealth(
            no_free_slot=sum(d.get("no_free_slot", 0) for d in dones),
            held_up=held_up,
            jobs_unasked=sum((d.get("jobs") or {}).get("unasked", 0) for d in dones),
            lost_workers=len(self._lost),
            late_joiners=max(0, len(self._clients()) + len(self._lost) - len(self._stripes)),
            write_errors=tuple(self._folder.errors),
            worker_errors=tuple(dict.fromkeys(errors)),
            local_errors=words("local_errors"),
            interrupted=self._stop is not None,
            clocks_apart_s=clocks.certain_s,
            clocks_unsure_s=clocks.most_s,
            clocks_unknown=clocks.unknown,
            **{name: worst(name) for name in GAUGES},
        )

    def _judge(self, ledger: Ledger) -> None:
        self.judged = True
        if self._stop is not None:
            self.exit_code = self._stop.code
        elif ledger.stopped_by and ledger.outcomes.get(Outcome.UNAUTHORIZED):
            self.exit_code = Exit.LIMIT
        elif not ledger.valid:
            self.exit_code = Exit.INVALID
        else:
            asked, ok = options.PREPARED.exit_on_failed, ledger.outcomes.get(Outcome.OK, 0)
            self.exit_code = Exit.DONE if asked is None or ok == ledger.planned else asked

    def wait_finished(self, seconds: float) -> bool:
        return bool(self._finished.wait(seconds)) or (not self.running and self._finished.is_set())

    def _target_json(self) -> dict[str, Any]:
        if not self._target_meta:
            self._target_meta = meta.ask(self._spec, strict=False)
        return {"name": self._spec.target, "dialect": self._spec.dialect, "meta": self._target_meta or None}

    def _record(self, state: str) -> dict[str, Any]:
        record = run_record(self._spec, self.schedule, state, self._t0_unix, len(self._stripes))
        record["started_monotonic_s"] = self._t0  # one clock for every process of this machine
        return record | {"elapsed_s": None, "arrivals": {"planned": asdict(self._planned)}}

    def _record_after(self, tally: Tally, elapsed_s: float, after: dict[str, Offset]) -> dict[str, Any]:
        """What only the run itself could tell."""
        arrivals = {"planned": self._planned, "achieved": tally.sent_dispersion()}
        return {
            "elapsed_s": round(max(0.0, elapsed_s), 3),  # one stopped before its first arrival was due took no time
            "arrivals": {name: asdict(said) for name, said in arrivals.items()},
            "trace": self._trace_record(),
            "touched": self._touched,
            "contention": contention(self._dones.values(), embedded=self._spec.embedded),
            "experiment": self._conductor.record() if self._conductor else None,
            "jobs": followed([d["jobs"] for d in self._dones.values() if d.get("jobs")]),
            "worker_clocks": self._clock_records(after) if self._master else [],
            "strangers": {name: now - self._strangers[name] for name, now in self._refused().items()} or None,
        }

    def _refused(self) -> dict[str, int]:
        """Of what came to the workers' port; empty without one."""
        fleet = self._fleet
        return {} if fleet is None else {"connections": fleet.strangers, "unreadable": fleet.unreadable}

    def _trace_record(self) -> dict[str, Any] | None:
        """What was done to a trace to reach its rate, and how bursty it was before and after."""
        if self._spec.load.trace is None:
            return None
        played = self._spec.load.played(self._spec.seed)
        return {
            "times_read_as": self._spec.load.trace.clock.value,
            "change": played.change.value,
            "share": played.share,
            "speed": played.speed,
            "before": asdict(played.before),
            "after": asdict(played.after),
        }

    def _clocks_after(self) -> dict[str, Offset]:
        return self._clocks.measure([c for number, c in self._stripes.items() if c and number not in self._lost])

    def _clock_records(self, after: dict[str, Offset]) -> list[dict[str, Any]]:
        """Each worker's clock against the master's, before and after the run."""
        out = []
        for number, client in self._stripes.items():
            then, now = self._offsets.get(client or ""), after.get(client or "")
            out.append({"worker": number, "before": _said(then), "after": _said(now)})
        return out


def _said(offset: Offset | None) -> dict[str, Any] | None:
    return (
        None if offset is None else {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(offset).items()}
    )
