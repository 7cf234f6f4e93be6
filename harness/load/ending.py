"""How one Locust process ends: asked once or many times, by a signal, by its master or by its parent's death.

first       the run that is going ends in order, with its ledger; then the process leaves with its code
every later is answered with a word: nobody's impatience costs a ledger
never       is Locust's own shutdown on SIGTERM let through: it would race the ledger

A worker that one machine's master forked passes what it gets on to that master, for a
terminal sends Ctrl-C to all of them at once and the run is the master's to end. A
worker of another machine ends its own part, tells its master, and leaves.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import gevent
import gevent.event
import psutil
from gevent import monkey

from harness import signals
from harness.errors import Exit
from harness.load.guard import guarded
from harness.load.stop import PARENT_GONE, Stop, by_signal

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_S = 0.5
LEAVE_S = 20.0  # how long Locust may take to leave by itself once the last ledger is closed
THROW_S = 2.0
GOODBYE_S = 60.0  # Locust's own files at the end, and what it prints

_thread = monkey.get_original("_thread", "start_new_thread")
_sleep = monkey.get_original("time", "sleep")


class Ending:
    """One process's; ``end`` ends what is going and returns when that is done."""

    def __init__(self) -> None:
        self.asked: Stop | None = None
        self.quitting = False
        self.own_workers = False  # this machine's, forked by the master; known in them too
        self._main = gevent.getcurrent()
        self._handlers: list[Any] = []
        self._begun_in = os.getpid()
        self._parent_of_workers = False
        self._end: Callable[[Stop], None] | None = None
        self._code: Callable[[], int] = lambda: int(Exit.INTERRUPTED)
        self._cleanup: Callable[[], None] = lambda: None
        self.throws = False
        self._forking = False
        self._last: int | None = None
        os.register_at_fork(after_in_child=self._forked)
        atexit.register(self._leave_at_last)  # before Locust's, so that it runs after them

    # -- before Locust has begun

    def heed(self, *, workers: bool = False, only_workers: bool = False) -> None:
        """From when options are read: an end that is asked for now leaves at once, for there is nothing to keep.

        ``workers``: this process is about to fork some; ``only_workers``: and to do nothing but wait for them.
        Nothing once Locust has begun, whose page reads its options again.
        """
        if self._end is not None:
            return
        self.own_workers = workers and not only_workers
        self._main, self._begun_in = gevent.getcurrent(), os.getpid()
        self._forking, self._parent_of_workers = workers, only_workers
        self._listen()
        if only_workers:
            gevent.spawn(self._listen_again)  # Locust's own handler of SIGINT kills them at the second one

    def _listen(self) -> None:
        for handler in self._handlers:
            handler.cancel()
        self._handlers = [gevent.signal_handler(number, self._on_signal, number) for number in signals.heeded()]

    def _listen_again(self) -> None:
        if os.getpid() == self._begun_in:
            self._listen()

    def _forked(self) -> None:
        """In a worker, until Locust lets us in: leave when the parent does, also while still looking for the master."""
        if not self._forking:
            return
        parent = self._begun_in

        def watch() -> None:
            while self._forking and os.getppid() == parent:
                _sleep(POLL_S)
            if self._forking:
                os._exit(int(Exit.FAILED))

        _thread(watch, ())

    # -- once Locust has begun

    def begin(
        self, end: Callable[[Stop], None], code: Callable[[], int], cleanup: Callable[[], None], *, throws: bool
    ) -> None:
        """``end`` what is going, then leave with ``code()``; ``throws``: Locust waits for a KeyboardInterrupt to go."""
        self._main = gevent.getcurrent()
        self._forking = self._parent_of_workers = False
        self._end, self._code, self._cleanup, self.throws = end, code, cleanup, throws
        self._listen()

    def follow(self, pid: int, then: Callable[[], None] | None = None) -> None:
        """End when this parent is gone."""

        def watch() -> None:
            while os.getppid() == pid:
                gevent.sleep(POLL_S)
            (then or (lambda: self.ask(PARENT_GONE)))()

        gevent.spawn(watch)

    def _on_signal(self, number: signal.Signals) -> None:
        if number is signal.SIGHUP:
            signals.leave_terminal()
        if self._parent_of_workers and os.getpid() == self._begun_in:
            _tell_children(number)
            return
        if self.asked is not None:
            signals.say(f"{number.name}: ending already; the ledger is being written")
            return
        self.ask(by_signal(number))

    def ask(self, stop: Stop) -> None:
        """The first is done, whoever asks."""
        if self.asked is None:
            self.asked = stop
            gevent.spawn(self._leave, stop)

    def _leave(self, stop: Stop) -> None:
        if self._end is None:
            self.leave_now(int(stop.code))
        else:
            guarded(self._end, signals.say)(stop)
        waited = 0.0
        while not self.quitting and waited < LEAVE_S:
            if self.throws:
                gevent.get_hub().loop.run_callback(self._main.throw, KeyboardInterrupt)
            gevent.sleep(THROW_S)
            waited += THROW_S
        gevent.sleep(LEAVE_S)
        self.leave_now(self._code())

    def quits(self) -> None:
        """Locust shuts down: only its main greenlet may, not the handler of SIGTERM that it installed after ours."""
        if gevent.getcurrent() is not self._main or self.quitting:
            gevent.event.Event().wait()  # for good: the process ends without it
        self.quitting = True
        for handler in self._handlers:
            handler.cancel()
        signals.done()
        gevent.spawn_later(GOODBYE_S, lambda: self.leave_now(self._code()))

    def quit_with(self, exit_code: int) -> None:
        """Locust has said goodbye, and its code."""
        self._last = exit_code

    def _leave_at_last(self) -> None:
        """Without Python's own end: libev lets go of signals there, and one that came then would be the exit code."""
        if self._last is not None:
            logging.shutdown()
            _leave(self._last)

    def leave_now(self, code: int) -> None:
        """Without Locust's goodbyes; what we started goes with us."""
        self._cleanup()
        _end_children()
        _leave(code)


def speak(text: str) -> None:
    """A run's last lines; nothing where nobody reads any more, which must not change how the run ends."""
    try:
        print(text, flush=True)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)  # what is still buffered would fail once more when Python leaves
        os.close(nowhere)


def _leave(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)


def _tell_children(number: int) -> None:
    for child in psutil.Process().children():
        try:
            child.send_signal(number)
        except psutil.Error:
            continue


def _end_children() -> None:
    children = psutil.Process().children(recursive=True)
    for child in children:
        try:
            child.kill()
        except psutil.Error:
            continue
