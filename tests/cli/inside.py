"""The command line without a process of its own: the same entry, the same words and exit code, a second sooner."""

import contextlib
import io
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

from harness import pipeline, signals
from harness.cli.app import main
from tests.builders import LIGHT


def pilot(cwd, *words) -> subprocess.CompletedProcess[str]:
    """As ``pilot WORDS`` typed in ``cwd``, for commands that start no process and end by themselves."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    handlers = {number: signal.getsignal(number) for number in signals.ASKS}
    sys.argv = ["pilot", *words]
    try:
        with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
        raise AssertionError("main() ends by SystemExit")
    except SystemExit as end:
        return subprocess.CompletedProcess(sys.argv, end.code, out.getvalue(), err.getvalue())
    finally:
        sys.argv = before
        for number, handler in handlers.items():
            signal.signal(number, handler)


def lighter(put: Callable[[object, str, object], None]) -> None:
    """Commands of this process play with the least effort: for tests of what they print and how they end.

    ``put``: a monkeypatch's setattr, or the builtin in a process that ends with its command.
    """
    decide, predict = pipeline.decide, pipeline.predict

    def decide_lightly(workspace, progress=None, effort=LIGHT):
        return decide(workspace, progress, effort.at_most(LIGHT))

    def predict_lightly(workspace, wanted, progress, *, seed=None):
        return predict(workspace, replace(wanted, effort=LIGHT), progress, seed=seed)

    put(pipeline, "decide", decide_lightly)
    put(pipeline, "predict", predict_lightly)
