"""Cold start: single requests after idle gaps, each followed by a warm control that it is compared with."""

from harness.load import ChatUser, arrivals


class ColdStartUser(ChatUser):
    """One concurrency slot; the first probe is due at once, the next ones after an idle gap."""

    schedule = arrivals.probes(pairs=5, idle_s=900, control_after_s=5)
