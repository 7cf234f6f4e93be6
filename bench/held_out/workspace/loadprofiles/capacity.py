"""Capacity: short steps, and what is known after a little more than half a minute."""

from harness.load import ChatUser, arrivals


class CapacityUser(ChatUser):
    """One concurrency slot; the search decides the next step when the last one has ended."""

    schedule = arrivals.capacity(rate=15, growth=1.6, step_s=2, least=30, precision=1.5, most_s=35)
