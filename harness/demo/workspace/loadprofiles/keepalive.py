"""Keep-alive, at the demo's pace: gaps of up to four seconds around a window of one and a half."""

from harness.load import ChatUser, arrivals


class KeepAliveUser(ChatUser):
    """One concurrency slot; each independent copy of the target is asked once a gap."""

    schedule = arrivals.keep_alive(first_s=0.8, shortest_s=0.4, longest_s=4, duration_s=20, reversals=4)
