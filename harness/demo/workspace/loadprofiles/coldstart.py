"""Cold start, at the demo's pace: the embedded function keeps an idle instance for seconds, not minutes."""

from harness.load import ChatUser, arrivals


class ColdStartUser(ChatUser):
    """One concurrency slot; the first probe is due at once, the next ones after an idle gap."""

    schedule = arrivals.probes(pairs=2, idle_s=3.8, control_after_s=1.2)
