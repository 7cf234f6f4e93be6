"""Keep-alive, at the demo's pace: gaps of one to eight seconds around a window of three."""

from harness.load import ChatUser, arrivals


class KeepAliveUser(ChatUser):
    """One concurrency slot; each independent copy of the target is asked once a gap."""

    schedule = arrivals.keep_alive(first_s=1, shortest_s=0.5, longest_s=8, duration_s=45, reversals=6)
