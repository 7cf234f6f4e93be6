"""Cold start: one request at a time on a target without a warm instance."""

from harness.load import ChatUser, arrivals


class ColdStartUser(ChatUser):
    """One concurrency slot; each probe waits for the answer before it."""

    schedule = arrivals.cold_starts(forced=4, idle=4, idle_s=1.5, control_after_s=0.4)
