"""Retrieval, at the demo's pace; pilot.toml says how long."""

from harness.load import ChatUser, arrivals


class RetrievalUser(ChatUser):
    """One concurrency slot; the schedule below says when a request is due."""

    schedule = arrivals.poisson(rate=12).during(8).after_warmup(1).asking("retrieval")
