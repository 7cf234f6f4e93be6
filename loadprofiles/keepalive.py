"""Keep-alive: how long an idle instance is kept, by doubling and then stepping up and down around the answer."""

from harness.load import ChatUser, arrivals


class KeepAliveUser(ChatUser):
    """One concurrency slot; each independent copy of the target is asked once a gap."""

    schedule = arrivals.keep_alive(first_s=60, shortest_s=10, longest_s=3600, duration_s=8 * 3600)
