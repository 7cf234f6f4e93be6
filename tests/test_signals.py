"""What a command does when it is asked to end: in a process of its own, for it changes handlers."""

import os
import pty
import signal
import subprocess
import sys

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
    sys.stdin.readline()
    print("ended by", asked.number.name)
"""
HELD = """
try:
    with ENDING.held():
        ready()
        sys.stdin.readline()
        print("finished")
    print("never")
except Asked as asked:
    print("then", asked.number.name)
"""


def heeding_hangups():
    """Whoever runs the suite may ignore SIGHUP (nohup, a job in the background), and a child would inherit that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def begun(code, **given):
    given = {"preexec_fn": heeding_hangups, **dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE), **given}
    process = processes.start([sys.executable, "-c", HEEDING + code], text=True, **given)
    assert process.stdout.readline() == "ready\n"
    return process


def let_end(process):
    """Sent the line that it waits for; what it says until its end."""
    return process.communicate("\n", timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_ends_and_the_next_are_answered_with_a_word(number):
    process, words = begun(OPEN), []
    for each in (number, signal.SIGTERM, signal.SIGINT):
        process.send_signal(each)
        words.append(process.stderr.readline())  # two of the same that come before the first is heard are one
    out, _ = let_end(process)

    assert (process.returncode, out) == (0, f"ended by {number.name}\n")
    assert words[0] == f"{number.name}: ending in order\n"
    assert ["ending already" in word for word in words[1:]] == [True, True]


def test_what_must_be_finished_is_finished_first():
    process = begun(HELD)
    process.send_signal(signal.SIGTERM)
    assert "ending in order" in process.stderr.readline()
    out, _ = let_end(process)

    assert out == "finished\nthen SIGTERM\n"


def test_nohup_is_kept():
    process = begun(
        "ready(); sys.stdin.readline(); print('stayed')",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    process.send_signal(signal.SIGHUP)
    out, _ = let_end(process)

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
    os.close(mine)
    process.send_signal(signal.SIGHUP)

    assert os.read(reader, 10) == b"done"
    assert process.wait(30) == 0
    os.close(reader)
