"""Capacity, at the demo's pace: short steps, and what is known after a quarter of a minute."""

from harness.load import ChatUser, arrivals


class CapacityUser(ChatUser):
    """One concurrency slot; the search decides the next step when the last one has ended."""

    schedule = arrivals.capacity(rate=15, growth=2, step_s=1.5, least=30, precision=3, most_s=16)
