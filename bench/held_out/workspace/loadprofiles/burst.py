"""Burst: quiet traffic with two square bursts."""

from harness.load import ChatUser, arrivals


class BurstUser(ChatUser):
    """One concurrency slot; the schedule below says when a request is due."""

    schedule = arrivals.square_burst(rate=6, factor=6, on_s=1.5, off_s=2.5).during(8)
