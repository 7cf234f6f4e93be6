"""Retrieval capacity: the highest rate of requests for passages that the store and what is before it sustain."""

from harness.load import ChatUser, arrivals


class RetrievalCapacityUser(ChatUser):
    """One concurrency slot; the search decides the next step when the last one has ended."""

    schedule = arrivals.capacity(rate=10).asking("retrieval")
