"""Capacity: a search for the highest rate that keeps the SLOs, by growing steps and then bisection."""

from harness.load import ChatUser, arrivals


class CapacityUser(ChatUser):
    """One concurrency slot; the search decides the next step when the last one has ended."""

    schedule = arrivals.capacity(rate=2)
