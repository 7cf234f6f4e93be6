"""Burst: quiet traffic with square bursts, the shape that a launch or a webhook storm makes."""

from harness.load import ChatUser, arrivals


class BurstUser(ChatUser):
    """One concurrency slot; the schedule below says when a request is due."""

    schedule = arrivals.square_burst(rate=2, factor=5, on_s=30, off_s=90).during(600)
