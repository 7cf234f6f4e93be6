"""Burst, at the demo's pace: quiet traffic with a short square burst."""

from harness.load import ChatUser, arrivals


class BurstUser(ChatUser):
    """One concurrency slot; the schedule below says when a request is due."""

    schedule = arrivals.square_burst(rate=8, factor=5, on_s=1, off_s=1).during(3)
