"""Steady: independent arrivals at one rate, the everyday traffic that most answers belong to."""

from harness.load import ChatUser, arrivals


class SteadyUser(ChatUser):
    """One concurrency slot; the schedule below says when a request is due."""

    schedule = arrivals.poisson(rate=2).during(600).after_warmup(60)
