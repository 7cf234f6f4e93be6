"""Forks of a process that has Locust imported: milliseconds where a process of its own takes a second of processor."""

from __future__ import annotations

import os
import random
import sys

import gevent
from gevent import monkey

SAFE = sys.platform == "linux"  # elsewhere system libraries may have threads that a fork without exec breaks

_fork = monkey.get_original("os", "fork")


def fork() -> int:
    """As os.fork, without gevent's child watchers; the child has a hub and a seed of its own."""
    pid: int = _fork()
    if pid == 0:
        gevent.reinit()
        random.seed()  # every fork would draw the same where a library draws without a seed
    return pid


def speak_to(words: int, answers: int | None = None) -> None:
    """Standard error goes to ``words``, standard output to ``answers`` or there too; standard input is empty."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (words if answers is None else answers, 1), (words, 2)):
        os.dup2(source, target)
    os.close(nothing)
