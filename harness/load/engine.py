"""Joins the generator to Locust's events: one code path for local, --processes, and master with workers.

init          options are known: register messages, the shape, the target's child
test_start    master or local: open the folder, send each worker its stripe
              worker or local: build the stripe, wait for t0
(running)     workers send batches, the coordinator appends and acknowledges them
test_stopping the run ends in order, so that a person's stop loses nothing
quitting      stop the child, set the exit code

Signals, and how a process leaves, are in ending.py.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import AsyncResult
from locust import events
from locust.exception import StopTest
from locust.runners import MasterRunner, WorkerRunner
from locust.stats import CSV_STATS_INTERVAL_SEC

from harness.domain.job import JOB_COLUMNS
from harness.errors import Exit, PilotError, Refused
from harness.load import browser, hosts, live, locusts_own, options, page, ports
from harness.load.clocks import answer_ping, t0_here
from harness.load.conductor import from_plain
from harness.load.coordinator import Coordinator
from harness.load.curve import Fleet
from harness.load.ending import Ending
from harness.load.generator import FLUSH_GROWING_S, FLUSH_S, Generator, build
from harness.load.guard import guarded, told
from harness.load.outbox import Outbox
from harness.load.row_names import method_of
from harness.load.shape import SlotShape
from harness.load.spec import RunSpec
from harness.load.stop import IN_LOCUST, Stop
from harness.load.target_child import TargetChild
from harness.load.touches import watch_touches

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from locust.env import Environment

    from harness.domain.schedule import Asked, Schedule

PART_S = 3.0  # how long a worker that was asked to end waits for its master to end the run
BEGIN_S = 60.0  # a target that is asked for its meta first, workers whose clocks are measured
CSV_ROOM_S = 0.3
PARENT_VARIABLE = "PILOT_PARENT_PID"


class Engine:
    """One process's part: generator on workers, coordinator on the master, both when local."""

    def __init__(self) -> None:
        self.generator: Generator | None = None
        self._plan: dict[str, Any] | None = None
        self._environment: Environment | None = None
        self._coordinator: Coordinator | None = None
        self._child: TargetChild | None = None
        self._live: live.LiveRows | None = None
        self._outbox: Outbox | None = None
        self._jobs_out: Outbox | None = None
        self._done_sent = False
        self._ready = False  # Locust waits for its end
        self._fleet: Fleet | None = None
        self.ending = Ending()
        self._begun: AsyncResult[PilotError | None] = AsyncResult()  # how the start ended that was asked for last

    # -- init

    def before_forks(self, secret: bytes | None, *, workers: bool, only_workers: bool) -> None:
        """Options are read: from here on masters and workers of this process are heard by their own alone."""
        if secret is not None:
            self._fleet = Fleet(secret)
            self._fleet.install()
        self.ending.heed(workers=workers, only_workers=only_workers)

    def on_init(self, environment: Environment, **_: Any) -> None:  # noqa: ANN401
        self._environment = environment
        runner = environment.runner
        assert runner is not None
        ports.MEETING_PORT.release()
        master = isinstance(runner, MasterRunner)
        worker = isinstance(runner, WorkerRunner)
        if not master:
            for kind, listener in self._heard().items():
                runner.register_message(kind, guarded(listener, self._broke))
        if worker:
            assert environment.parsed_options is not None
            locusts_own.quiet_on_worker(environment.parsed_options)
            environment.process_exit_code = 0  # the master judges the run
            self.ending.begin(self._end_part, lambda: 0, lambda: None, throws=not self.ending.own_workers)
            self.ending.follow(os.getppid(), self._orphaned)
            return
        self.ending.begin(self._end_run, self._code, self._clean, throws=environment.web_ui is not None)
        runner.register_message("pilot_asked", self._on_asked)
        if pid := os.environ.get(PARENT_VARIABLE):
            self.ending.follow(int(pid))
        self._coordinator = Coordinator(environment, self._fleet if master else None, master=master)
        shape = SlotShape(self._coordinator)
        shape.runner = runner
        environment.shape_class = shape
        watch_touches(environment, self._coordinator)
        options.PREPARED.serving = True
        assert options.PREPARED.parser is not None
        opened = page.serve(environment, options.PREPARED.parser, self._start_from_page, self._prepared)
        if opened is not None:
            browser.offer(opened)
        self._embed(options.PREPARED.spec)
        self._ready = True

    def _embed(self, spec: RunSpec | None) -> None:
        assert spec is not None
        if spec.embedded and not spec.base_url:
            self._child = TargetChild(spec.target, Path(spec.workspace or "."))
            try:
                self._child.start()
            except PilotError as error:
                _refuse(error)

    def _heard(self) -> dict[str, Callable[..., None]]:
        """Whatever sends, hears these of the coordinator."""
        return {
            "pilot_plan": self._on_plan,
            "pilot_more": self._on_more,
            "pilot_close": self._on_close,
            "pilot_ack": self._on_ack,
            "pilot_stop": self._on_stop,
            "pilot_ping": answer_ping,
        }

    # -- start

    def _prepared(self) -> RunSpec | None:
        """The run as a start alone would begin it."""
        spec = options.PREPARED.spec
        return None if spec is None else self._at_child(spec)

    def _at_child(self, spec: RunSpec) -> RunSpec:
        """With the address of the embedded target that was started for it."""
        if not self._child or spec.base_url:
            return spec
        return replace(spec, base_url=self._child.base_url, lanes=self._child.lanes)

    def _start_from_page(self, given: argparse.Namespace) -> None:
        """Begin a run with what the page says; raises PilotError where it does not begin, and then nothing was sent."""
        environment, coordinator = self._environment, self._coordinator
        assert environment is not None
        assert environment.runner is not None
        assert coordinator is not None
        if coordinator.running or environment.runner.shape_greenlet:
            raise Refused("a run goes on, and its schedule was drawn before it began", "stop it, then start another")
        if isinstance(environment.runner, MasterRunner) and not environment.runner.clients.ready:
            raise Refused("no worker is connected", "start one, or wait for it")
        options.resolve(given, again=True)
        vars(environment.parsed_options).update(vars(given))
        environment.host = given.host
        self._begun = AsyncResult()
        environment.runner.start_shape()
        try:
            why = self._begun.get(timeout=BEGIN_S)
        except gevent.Timeout:
            raise PilotError(f"the run did not begin within {BEGIN_S:g} s", "the terminal says more") from None
        if why is not None:
            raise why

    def on_test_start(self, environment: Environment, **_: Any) -> None:  # noqa: ANN401
        if self._coordinator is not None:
            try:
                assert environment.parsed_options is not None
                self._coordinator.start(self._at_child(options.resolve(environment.parsed_options, again=True)))
                self._begun.set(None)
            except Exception as error:  # noqa: BLE001 - Locust would log it and wait for ever
                refusal = error if isinstance(error, PilotError) else PilotError(f"unexpected: {told(error)}")
                if environment.web_ui is None:
                    self._clean()
                    _refuse(refusal)
                print(f"refused: {refusal}", file=sys.stderr)
                self._begun.set(refusal)
                raise StopTest(str(refusal)) from None
        if not isinstance(environment.runner, MasterRunner):
            self._begin(environment)

    def _on_plan(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        del environment
        self._plan = msg.data

    def _begin(self, environment: Environment) -> None:
        plan, self._plan = self._plan, None
        self.generator = None
        if plan is None:
            return  # joined after the start: idle until the next run
        try:
            spec = RunSpec.from_message(plan["spec"])
            for url in (spec.base_url or "", *spec.lanes):
                hosts.check_on_worker(url, environment.parsed_options)
            schedule, questions = self._schedule(spec, plan["digest"])
            self._launch(environment, spec, schedule, questions, plan)
        except (PilotError, ValueError) as error:
            self._say("pilot_done", {"error": str(error)}, plan["worker"])
        except Exception as error:  # noqa: BLE001 - Locust would log it and wait for ever
            self._say("pilot_done", {"error": f"unexpected: {told(error)}", "broke": True}, plan["worker"])

    def _schedule(self, spec: RunSpec, digest: str) -> tuple[Schedule, dict[str, Asked]]:
        """As it was drawn when the options were read, before the fork; drawn anew where those were others."""
        prepared = options.PREPARED
        if prepared.schedule is not None and prepared.schedule.digest == digest:
            return prepared.schedule, prepared.questions
        schedule, questions = build(spec, Path(spec.questions_file))
        if schedule.digest != digest:
            raise ValueError("the schedule differs from the master's")
        return schedule, questions

    def _launch(
        self,
        environment: Environment,
        spec: RunSpec,
        schedule: Schedule,
        questions: dict[str, Asked],
        plan: dict[str, Any],
    ) -> None:
        worker = plan["worker"]
        stripe = schedule.stripe(worker, plan["workers"])
        self._live = live.LiveRows(environment, method_of(spec))
        growing = spec.load.experiment is not None
        if spec.jobs is not None:
            spec = replace(spec, jobs=spec.jobs.of_one(plan["workers"]))
        self.generator = Generator(spec, stripe, questions, t0_here(plan), worker, self._live, growing=growing)
        self._done_sent = False
        remote = isinstance(environment.runner, WorkerRunner)
        self._outbox = Outbox(lambda batch: self._say("pilot_batch", batch, worker), pack=remote)
        self._jobs_out = Outbox(lambda batch: self._say("pilot_jobs", batch, worker), JOB_COLUMNS, pack=remote)
        self.generator.start()
        gevent.spawn(guarded(self._flush_often, self._broke), self.generator, worker, growing=growing)

    # -- running

    def _flush_often(self, generator: Generator, worker: int, *, growing: bool) -> None:
        while not self._done_sent:
            generator.over.wait(FLUSH_GROWING_S if growing else FLUSH_S)
            self._flush(generator)
            if generator.finished and not self._done_sent:
                self._finish(generator, worker)

    def _flush(self, generator: Generator) -> None:
        assert self._outbox is not None
        assert self._live is not None
        self._outbox.post(*generator.take())
        assert self._jobs_out is not None
        self._jobs_out.post(generator.take_jobs(), [])
        self._live.fold()

    def _finish(self, generator: Generator, worker: int) -> None:
        self._done_sent = True
        self._flush(generator)
        done = {
            "jobs": generator.followed(),
            "no_free_slot": generator.no_free_slot,
            "limit": generator.limit_hit,
            "local_errors": list(generator.local_errors),
            **generator.gauges.summary(),
            **({"error": generator.failed, "broke": True} if generator.failed else {}),
        }
        generator.close()
        self._report_now()
        self._say("pilot_done", done, worker)

    def _broke(self, words: str) -> None:
        """Something of ours failed: say so, whatever else still works; the run ends INVALID."""
        generator = self.generator
        worker = generator.worker if generator is not None else (self._plan or {}).get("worker", 0)
        self._say("pilot_done", {"error": words, "broke": True}, worker)
        if generator is not None:
            generator.fail(words)

    def _report_now(self) -> None:
        """Locust's workers report every 3 s; the master has the last of it before it hears that we are done."""
        assert self._environment is not None
        runner = self._environment.runner
        if isinstance(runner, WorkerRunner):
            runner._send_stats()  # noqa: SLF001 - Locust does the same when it quits

    def _say(self, kind: str, data: dict[str, Any], worker: int) -> None:
        assert self._environment is not None
        assert self._environment.runner is not None
        self._environment.runner.send_message(kind, {"worker": worker, **data})

    def _on_more(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        del environment
        if self.generator is not None:
            self.generator.add(from_plain(msg.data["arrivals"]))

    def _on_close(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        del environment, msg
        if self.generator is not None:
            self.generator.close_stripe()

    def _on_ack(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        del environment
        outbox = self._jobs_out if msg.data.get("jobs") else self._outbox
        if outbox is not None:
            outbox.acknowledged(msg.data["batch"])

    def _on_stop(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        del environment, msg
        self._stop_generator()

    def _stop_generator(self) -> None:
        generator = self.generator
        if generator is not None and not self._done_sent:
            generator.stop()
            self._finish(generator, generator.worker)

    # -- end

    def on_test_stopping(self, environment: Environment, **_: Any) -> None:  # noqa: ANN401
        if self._coordinator is not None:
            self._coordinator.end(IN_LOCUST)
        elif isinstance(environment.runner, WorkerRunner):
            self._stop_generator()

    def on_quitting(self, environment: Environment, **_: Any) -> None:  # noqa: ANN401
        self.ending.quits()
        if isinstance(environment.runner, WorkerRunner):
            self._stop_generator()
            gevent.sleep(0.2)  # let the last acknowledgements in
            if self.ending.asked is not None and not self.ending.own_workers:
                environment.process_exit_code = int(self.ending.asked.code)
        if self._coordinator is not None:
            self._coordinator.end(IN_LOCUST)
            environment.process_exit_code = self._code()
            if getattr(environment.parsed_options, "csv_prefix", None):
                gevent.sleep(CSV_STATS_INTERVAL_SEC + CSV_ROOM_S)  # Locust's writer has the last interval too
        self._leave_unacknowledged()
        self._clean()

    def on_quit(self, exit_code: int, **_: Any) -> None:  # noqa: ANN401
        self.ending.quit_with(exit_code)

    def _end_run(self, stop: Stop) -> None:
        assert self._coordinator is not None
        self._coordinator.end(stop)
        if not self._coordinator.judged and not (self.ending.throws and self._ready):
            self.ending.leave_now(self._code())

    def _code(self) -> int:
        """The last run's; where none was judged, of what kept it from that."""
        assert self._coordinator is not None
        asked = self.ending.asked
        return int(asked.code if asked and not self._coordinator.judged else self._coordinator.exit_code)

    def _clean(self) -> None:
        if self._child is not None:
            self._child.stop()

    def _end_part(self, stop: Stop) -> None:
        """A worker was asked: its master ends the run; one that stands alone then leaves, also where no master answers."""
        own = self.ending.own_workers
        worker = self.generator.worker if self.generator is not None else 0
        said = {"words": stop.words, "code": int(stop.code), "signal": stop.signal, "own": own}
        self._say("pilot_asked", said, worker)
        until = perf_counter() + PART_S
        while (own or self.going) and perf_counter() < until:
            gevent.sleep(0.05)
        self._stop_generator()

    @property
    def going(self) -> bool:
        """Whether this process still has a stripe to send."""
        return self.generator is not None and not self._done_sent

    def _on_asked(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        del environment
        assert self._coordinator is not None
        said = msg.data
        if said["own"]:
            self.ending.ask(Stop(str(said["words"]), Exit(said["code"]), said["signal"]))
        else:
            self._coordinator.stop(Stop(f"worker {said['worker']} was {said['words']}", Exit.INTERRUPTED))

    def _orphaned(self) -> None:
        """The parent is gone: keep what it did not acknowledge, then go."""
        if self.generator is not None and not self._done_sent:
            self.generator.stop()
            self._flush(self.generator)
        self._leave_unacknowledged()
        os._exit(int(Exit.FAILED))

    def _leave_unacknowledged(self) -> None:
        for outbox, what in ((self._outbox, "samples"), (self._jobs_out, "lines of jobs")):
            if outbox is None:
                continue
            outbox.leave()
            if outbox.left_rows:
                rows, path = outbox.left_rows, outbox.left
                print(f"{rows} {what} were not acknowledged by the master: {path}", file=sys.stderr, flush=True)
        self._outbox = self._jobs_out = None


def _refuse(error: PilotError) -> None:
    hint = f"\n  {error.hint}" if error.hint else ""
    print(f"refused: {error}{hint}", file=sys.stderr)
    sys.stderr.flush()
    os._exit(int(error.exit_code if isinstance(error, Refused) else Exit.FAILED))


ENGINE = Engine()


def install(user: type) -> None:
    """Hang the engine on Locust's events; called once, when the user class is defined."""
    live.install()
    browser.install()
    options.PREPARED.user_base = user
    options.PREPARED.before_forks = ENGINE.before_forks
    events.init_command_line_parser.add_listener(options.add_options)
    events.init.add_listener(ENGINE.on_init)
    events.test_start.add_listener(ENGINE.on_test_start)
    events.test_stopping.add_listener(ENGINE.on_test_stopping)
    events.quitting.add_listener(ENGINE.on_quitting)
    events.quit.add_listener(ENGINE.on_quit)
