"""``pilot`` and ``locust`` as processes of their own, forked from one that has imported them: a start is paid once a worker.

A fork has a session, an environment, a folder and streams of its own, answers to signals and ends as a shell's child
does. What a fresh interpreter is the subject of (what is loaded, trusted, compiled, typed at a terminal) starts one.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from setproctitle import setproctitle

from tests.suite import processes

ROOT = Path(__file__).parent.parent.parent
SAFE = sys.platform == "linux"  # as in harness/load/forks.py
MODULES = {"pilot": "harness", "locust": "locust"}  # by command: what `python -m` would run
MOST_BYTES = 1 << 17  # of a job: mostly its environment
# before Locust has them patched: its loop, in which a closed file is closed, does not run here
_select, _fork, _waitpid, _signal, _close = select.select, os.fork, os.waitpid, signal.signal, os.close


class Forked:
    """As subprocess.Popen, in a session of its own; both streams are pipes of text, or go to one file."""

    stdin = None

    def __init__(
        self, command: str, words: tuple[str, ...], cwd: Path, env: dict[str, str], file: int | None, *, light: bool
    ) -> None:
        self.args = [command, *words]
        self.returncode: int | None = None
        told, telling = os.pipe()
        pipes = [os.pipe(), os.pipe()] if file is None else []
        ends = [theirs for _, theirs in pipes] or [file, file]
        job = {"words": words, "cwd": str(cwd), "env": env, "light": light}
        socket.send_fds(_server(command), [json.dumps(job).encode()], [*ends, telling])
        for end in (telling, *(theirs for _, theirs in pipes)):
            os.close(end)
        self.stdout, self.stderr = (os.fdopen(ours, encoding="utf-8") for ours, _ in pipes) if pipes else (None, None)
        self._told = os.fdopen(told)  # its pid, and its code once it has ended
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Both streams whole; they are read while it runs, so that neither fills."""
        read: dict[int, list[bytes]] = {stream.fileno(): [] for stream in (self.stdout, self.stderr) if stream}
        left = list(read)
        while left:
            ready, _, _ = select.select(left, [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            for number in ready:
                data = os.read(number, 1 << 16)
                read[number].append(data)
                if not data:
                    left.remove(number)
        self.wait(timeout)
        out, err = (b"".join(parts).decode() for parts in read.values())
        return out, err

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            self.returncode = int(self._told.readline() or -signal.SIGKILL)  # nothing: the server itself was killed
            self._told.close()
        return self.returncode


def start(
    command: str,
    *words: str,
    cwd: Path,
    env: dict[str, str] | None = None,
    file: int | None = None,
    light: bool = False,
) -> Forked | subprocess.Popen[str]:
    """``pilot WORDS`` or ``locust WORDS``, which ends with its test; ``file`` takes both streams.

    ``light``: what it decides is played with the least effort, for its figures are not the point.
    """
    env = dict(os.environ) if env is None else env
    if not SAFE:
        out, err = (subprocess.PIPE, subprocess.PIPE) if file is None else (file, file)
        whole = [sys.executable, "-m", MODULES[command], *words]
        return processes.start(whole, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, text=True)
    process = Forked(command, words, cwd, env, file, light=light)
    processes.STARTED.append(process)
    return process


def run(
    command: str, *words: str, cwd: Path, timeout: float = 60, light: bool = False
) -> subprocess.CompletedProcess[str]:
    """To its end; raises TimeoutExpired. ``light`` as above."""
    process = start(command, *words, cwd=cwd, light=light)
    out, err = process.communicate(timeout=timeout)
    process.stdout.close()
    process.stderr.close()
    processes.STARTED.remove(process)
    return subprocess.CompletedProcess(process.args, process.wait(), out, err)


@functools.cache
def _server(command: str) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        words = [sys.executable, "-m", "tests.suite.warm", command, str(theirs.fileno())]
        kept = {"cwd": ROOT, "pass_fds": [theirs.fileno()], "stdin": subprocess.DEVNULL, "start_new_session": True}
        server = subprocess.Popen(words, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, **kept)
    processes.AT_THE_END.callback(server.wait, 20)
    processes.AT_THE_END.enter_context(ours)  # closed first, which ends it
    return ours


class Server:
    """Forks a process for each job and says how it ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._telling: dict[int, int] = {}  # pid, and where its end is told
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waker)
        _signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> dict | None:
        """Until nobody can ask any more; in a fork, the job that this process now is."""
        while True:
            readable, _, _ = _select([self._control, self._woken], [], [])
            if self._woken in readable:
                os.read(self._woken, 4096)
                self._tell()
            if self._control in readable:
                data, ends, _, _ = socket.recv_fds(self._control, MOST_BYTES, 3)
                if not data:
                    return None
                out, err, told = ends
                pid = _fork()
                if pid == 0:
                    self._forget(told)
                    return {**json.loads(data), "out": out, "err": err}
                self._telling[pid] = told
                _say(told, pid)
                _close(out)
                _close(err)

    def _tell(self) -> None:
        while self._telling:
            pid, status = _waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            told = self._telling.pop(pid)
            _say(told, os.waitstatus_to_exitcode(status))
            _close(told)

    def _forget(self, told: int) -> None:
        signal.set_wakeup_fd(-1)
        _signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        for end in (told, self._woken, self._waker, *self._telling.values()):
            _close(end)


def _say(end: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever asked is gone
        os.write(end, f"{number}\n".encode())


def become(command: str, job: dict) -> None:
    """This process is what the job asks for."""
    os.setsid()
    for source, target in ((job["out"], 1), (job["err"], 2)):
        os.dup2(source, target)
    for end in {job["out"], job["err"]}:
        _close(end)
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    random.seed()
    sys.path[0] = job["cwd"]
    sys.argv = [command, *job["words"]]
    setproctitle(" ".join([sys.executable, "-m", MODULES[command], *job["words"]]))
    if command == "locust":
        import gevent

        gevent.reinit()
    if job["light"]:
        from tests.cli.inside import lighter

        lighter(setattr)


def ready(command: str) -> Callable[[], object]:
    """The command's entry, with all imported that it will need."""
    if command == "locust":
        import locust.main
        import pyarrow.parquet  # noqa: F401

        from harness.load import ChatUser  # noqa: F401

        return locust.main.main
    from harness.cli.app import COMMANDS, main

    for name in COMMANDS:
        import_module(f"harness.cli.{name}")
    return main


def end(entry: Callable[[], object]) -> None:
    """As the interpreter would after ``entry()``, but that nothing is taken apart: in a fork, that copies all that was imported."""
    code: object = None
    try:
        entry()
    except SystemExit as asked:
        code = asked.code
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit((code or 0) & 0xFF)


def main() -> None:
    command, control = sys.argv[1], socket.socket(fileno=int(sys.argv[2]))
    sys.argv = [command]  # Locust reads the command line when it is imported
    entry = ready(command)
    gc.collect()
    gc.freeze()
    job = Server(control).serve()
    if job is not None:
        become(command, job)
        end(entry)


if __name__ == "__main__":
    main()
