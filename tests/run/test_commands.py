"""A team's own command, and what it started."""

import os
import signal
import sys
import threading
import time

import psutil
import pytest

from harness.campaign.commands import run_command


def test_its_exit_code_is_the_commands():
    assert run_command([sys.executable, "-c", "raise SystemExit(7)"]) == 7


def test_an_end_that_is_asked_for_ends_what_the_command_started_too():
    before = set(psutil.Process().children(recursive=True))

    def interrupt():
        while len(set(psutil.Process().children(recursive=True)) - before) < 2:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    sleeper = f"{sys.executable} -c 'import time; time.sleep(60)'; true"
    with pytest.raises(KeyboardInterrupt):
        run_command(["sh", "-c", sleeper])

    _, alive = psutil.wait_procs(set(psutil.Process().children(recursive=True)) - before, timeout=30)
    assert not alive
