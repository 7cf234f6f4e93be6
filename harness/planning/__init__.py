"""Before anything is sent: blocks, order, slots, seal and forecast."""

from harness.planning.blocks import draw_plan
from harness.planning.changes import note_changes
from harness.planning.seal import Seal, seal_of
from harness.planning.sealing import Planned

__all__ = ["Planned", "Seal", "draw_plan", "note_changes", "seal_of"]
