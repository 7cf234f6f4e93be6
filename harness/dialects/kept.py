"""The text of an answer that is graded, up to the size that anyone grades."""

from __future__ import annotations

from harness.domain.questions import MOST_GRADED_CHARACTERS


class Kept:
    """Pieces as they come; ``text`` is None once there was too much of it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MOST_GRADED_CHARACTERS:
            self._pieces.clear()
        else:
            self._pieces.append(piece)

    @property
    def text(self) -> str | None:
        """UTF-8, undecodable bytes replaced."""
        if self._size > MOST_GRADED_CHARACTERS:
            return None
        return b"".join(self._pieces).decode("utf-8", "replace")
