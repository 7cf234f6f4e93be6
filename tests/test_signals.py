"""What a command does when it is asked to end: in a process of its own, for it changes handlers."""

import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from tests.suite import processes

HEEDING = """
import signal, sys, time
from harness.signals import ENDING, Asked
ENDING.heed()
ready = lambda: print("ready", flush=True)
"""
OPEN = """
try:
    ready()
    time.sleep(30)
except Asked as asked:
    time.sleep(0.5)
    print("ended by", asked.number.name)
"""
HELD = """
try:
    with ENDING.held():
        ready()
        for _ in range(10):
            time.sleep(0.1)
        print("finished")
    print("never")
except Asked as asked:
    print("then", asked.number.name)
"""


def heeding_hangups():
    """Whoever runs the suite may ignore SIGHUP (nohup, a job in the background), and a child would inherit that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def begun(code, **given):
    given = {"preexec_fn": heeding_hangups, **given}
    process = processes.start(
        [sys.executable, "-c", HEEDING + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **given
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_ends_and_the_next_are_answered_with_a_word(number):
    process = begun(OPEN)
    for each in (number, signal.SIGTERM, signal.SIGINT):
        process.send_signal(each)
        time.sleep(0.1)
    out, err = process.communicate(timeout=10)

    assert (process.returncode, out) == (0, f"ended by {number.name}\n")
    assert f"{number.name}: ending in order" in err
    assert err.count("ending already") == 2


def test_what_must_be_finished_is_finished_first():
    process = begun(HELD)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=10)

    assert out == "finished\nthen SIGTERM\n"


def test_nohup_is_kept():
    process = begun(
        "ready(); time.sleep(0.6); print('stayed')", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=10)

    assert (process.returncode, out) == (0, "stayed\n")


def test_a_terminal_that_is_gone_is_no_error():
    mine, theirs = pty.openpty()
    reader, writer = os.pipe()
    code = (
        HEEDING
        + f"""
try:
    ready()
    time.sleep(30)
except Asked:
    print("nobody reads this", flush=True)
    import os
    os.write({writer}, b"done")
"""
    )
    process = processes.start(
        [sys.executable, "-c", code], stdout=theirs, stderr=theirs, pass_fds=[writer], preexec_fn=heeding_hangups
    )
    os.close(theirs)
    os.close(writer)
    said = b""
    while not said.endswith(b"\n"):
        said += os.read(mine, 100)
    time.sleep(0.2)
    os.close(mine)
    process.send_signal(signal.SIGHUP)

    assert os.read(reader, 10) == b"done"
    assert process.wait(10) == 0
    os.close(reader)
