"""Capacity, at the demo's pace: short steps, so that a search ends within a minute."""

from harness.load import ChatUser, arrivals


class CapacityUser(ChatUser):
    """One concurrency slot; the search decides the next step when the last one has ended."""

    schedule = arrivals.capacity(rate=8, step_s=5, least=40, precision=1.2)
