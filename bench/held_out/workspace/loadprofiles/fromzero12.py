"""From zero: 12 requests at one instant on a target without a warm instance."""

from harness.load import ChatUser, arrivals


class FromZeroUser(ChatUser):
    """One concurrency slot; the next burst waits until every answer of the last one has come."""

    schedule = arrivals.from_zero(requests=12, repeats=3, idle_s=2, rest_s=0.5)
