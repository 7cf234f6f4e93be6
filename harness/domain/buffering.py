"""Whether a stream was held back: all its tokens at once, at the end."""

from __future__ import annotations

HELD_SHARE = 0.1  # of the answer's time in which all tokens came: less, and something held them back
LEAST_TOKENS = 5
LEAST_S = 0.1  # a faster answer has no time in which to be held back


def held_back(first_token_s: float, last_token_s: float, whole_s: float, token_events: int) -> bool | None:
    """From the send: instants of the first and last token, and of the end; None when too short to tell."""
    if token_events < LEAST_TOKENS or whole_s < LEAST_S:
        return None
    return last_token_s - first_token_s < HELD_SHARE * whole_s
