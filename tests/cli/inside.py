"""The command line without a process of its own: the same entry, the same words and exit code, a second sooner."""

import contextlib
import io
import signal
import subprocess
import sys

from harness import signals
from harness.cli.app import main


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
