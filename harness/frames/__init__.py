"""A pilot as pandas frames, read-only: what ``harness.open`` gives. Only this room imports pandas."""

from harness.frames.pilot import Pilot

__all__ = ["Pilot"]
