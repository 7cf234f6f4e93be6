"""Burst, at the demo's pace: quiet traffic with two short square bursts."""

from harness.load import ChatUser, arrivals


class BurstUser(ChatUser):
    """One concurrency slot; the schedule below says when a request is due."""

    schedule = arrivals.square_burst(rate=4, factor=6, on_s=2, off_s=2).during(8)
