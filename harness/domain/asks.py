"""What a profile asks of a target: an answer, or passages alone."""

from __future__ import annotations

from enum import StrEnum


class Asks(StrEnum):
    """A workload that requests can be sent for."""

    CHAT = "chat"
    RETRIEVAL = "retrieval"
