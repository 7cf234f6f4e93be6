"""Retrieval capacity, at the demo's pace: short steps, so that a search ends within a minute."""

from harness.load import ChatUser, arrivals


class RetrievalCapacityUser(ChatUser):
    """One concurrency slot; the search decides the next step when the last one has ended."""

    schedule = arrivals.capacity(rate=20, growth=2, step_s=2, least=30, precision=1.5, most_s=60).asking("retrieval")
