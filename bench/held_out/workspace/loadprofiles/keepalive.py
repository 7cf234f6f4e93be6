"""Keep-alive: gaps of up to four seconds around a window of one."""

from harness.load import ChatUser, arrivals


class KeepAliveUser(ChatUser):
    """One concurrency slot; each independent copy of the target is asked once a gap."""

    schedule = arrivals.keep_alive(first_s=0.6, shortest_s=0.3, longest_s=4, duration_s=30, reversals=6)
