"""From what was seen to an Outcome and the Layer that failed: the table of the design, as pure functions."""

from __future__ import annotations

from harness.domain.sample import Layer, Outcome

_BY_STATUS = {
    429: Outcome.THROTTLED,
    503: Outcome.OVERLOADED,
    401: Outcome.UNAUTHORIZED,
    403: Outcome.UNAUTHORIZED,
    504: Outcome.TIMEOUT,
}


def of_answer(status: int, code: str | None) -> Outcome:
    """The outcome of a whole answer that is not a 200."""
    if code == "upstream_throttled":
        return Outcome.UPSTREAM_THROTTLED
    if status == 502 and code == "upstream_error":
        return Outcome.UPSTREAM_ERROR
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 500:
        return Outcome.REJECTED
    return Outcome.SERVER_ERROR if status >= 500 else Outcome.BAD_CONTRACT


def of_error_event(code: str | None) -> Outcome:
    """The outcome of a stream that ended with an ``error`` event."""
    if code == "upstream_throttled":
        return Outcome.UPSTREAM_THROTTLED
    return Outcome.UPSTREAM_ERROR if code == "upstream_error" else Outcome.SERVER_ERROR


def layer_of(outcome: Outcome, code: str | None, *, from_instance: bool, head_seen: bool) -> Layer | None:
    """Who failed the request; None for a success, and where nothing tells."""
    if outcome is Outcome.OK:
        return None
    if code in ("upstream_error", "upstream_throttled"):
        return Layer.PROVIDER
    if outcome in (Outcome.NOT_SENT, Outcome.LOST, Outcome.ABORTED):
        return Layer.GENERATOR
    if outcome in (Outcome.CONNECTION_ERROR, Outcome.CUT_STREAM):
        return Layer.NETWORK
    if outcome is Outcome.TIMEOUT and not head_seen:
        return None
    return Layer.SERVICE if from_instance else Layer.PLATFORM
