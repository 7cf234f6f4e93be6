"""Capacity: a staircase of rates, each half as much again as the last, to find where a target stops keeping up."""

from harness.load import ChatUser, arrivals


class CapacityUser(ChatUser):
    """One concurrency slot; the schedule below says when a request is due."""

    schedule = arrivals.staircase(rate=2, growth=1.5, steps=7, step_s=40)
