"""Capacity, at the demo's pace: short steps, so that a search ends within a minute."""

from harness.load import ChatUser, arrivals


class CapacityUser(ChatUser):
    """One concurrency slot; the search decides the next step when the last one has ended."""

    schedule = arrivals.capacity(rate=8, step_s=4, least=30, precision=1.25, most_s=120)
