"""What answers under way may hold in memory: each a little, all of a process together so much more."""

from __future__ import annotations

from harness.dialects.shapes import Unexpected
from harness.domain.bounds import HELD_BYTES, MIB, OWN_BYTES


class Room:
    """Shared by the answers of one run in one process."""

    def __init__(self, most: int = HELD_BYTES) -> None:
        self.most = self.left = most

    def place(self) -> Place:
        """One answer's part, empty."""
        return Place(self)


class Place:
    """What one answer holds beyond its own; to be left when it has ended, however it did."""

    __slots__ = ("_room", "_taken")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._taken = 0

    def hold(self, size: int) -> None:
        """So much in all, from now on; raises Unexpected where the others leave no room for it."""
        more = max(0, size - OWN_BYTES) - self._taken
        if more > self._room.left:
            raise Unexpected(f"answers under way hold more than {self._room.most // MIB} MiB together")
        self._room.left -= more
        self._taken += more

    def leave(self) -> None:
        self._room.left += self._taken
        self._taken = 0
