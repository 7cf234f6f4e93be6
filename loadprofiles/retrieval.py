"""Retrieval: independent requests for passages alone, which no model answers; how often the known passage is among them."""

from harness.load import ChatUser, arrivals


class RetrievalUser(ChatUser):
    """One concurrency slot; the schedule below says when a request is due."""

    schedule = arrivals.poisson(rate=10).during(300).after_warmup(15).asking("retrieval")
