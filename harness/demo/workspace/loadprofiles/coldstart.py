"""Cold start, at the demo's pace: the embedded function keeps an idle instance for seconds, not minutes."""

from harness.load import ChatUser, arrivals


class ColdStartUser(ChatUser):
    """One concurrency slot; each probe waits for the answer before it."""

    schedule = arrivals.cold_starts(forced=2, idle=1, idle_s=2.0, control_after_s=0.4)
