"""Keep-alive, at the demo's pace: gaps of up to five seconds around a window of two."""

from harness.load import ChatUser, arrivals


class KeepAliveUser(ChatUser):
    """One concurrency slot; each independent copy of the target is asked once a gap."""

    schedule = arrivals.keep_alive(first_s=0.8, shortest_s=0.4, longest_s=5, duration_s=25, reversals=4)
