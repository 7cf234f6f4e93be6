"""Cold start: probes of a target made cold, then of one left idle, each followed by a warm control."""

from harness.load import ChatUser, arrivals


class ColdStartUser(ChatUser):
    """One concurrency slot; each probe waits for the answer before it."""

    schedule = arrivals.cold_starts(forced=3, idle=3, idle_s=900, control_after_s=5)
