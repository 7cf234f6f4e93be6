"""Steady: independent arrivals at one rate; pilot.toml says which."""

from harness.load import ChatUser, arrivals


class SteadyUser(ChatUser):
    """One concurrency slot; the schedule below says when a request is due."""

    schedule = arrivals.poisson(rate=3).during(28).after_warmup(2)
