"""From zero: many requests at one instant on a target without a warm instance, as after a night."""

from harness.load import ChatUser, arrivals


class FromZeroUser(ChatUser):
    """One concurrency slot; the next burst waits until every answer of the last one has come."""

    schedule = arrivals.from_zero(requests=10, repeats=3)
