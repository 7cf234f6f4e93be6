"""Answers that are passages alone, read by the places that a RetrievalMap names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.dialects.answer import Answer
from harness.dialects.numbers import milliseconds
from harness.dialects.shapes import Unexpected, cited
from harness.domain.bounds import MOST_CITATIONS
from harness.domain.field_map import value_at
from harness.domain.header_names import USUAL_LOWERED, Lowered
from harness.domain.retrieval_map import TIMINGS, USUAL_RETRIEVAL, RetrievalMap

if TYPE_CHECKING:
    from harness.dialects.room import Room
    from harness.domain.sample import Sample


class RetrievalAnswer(Answer):
    """One whole answer. Its passages are the sample's citations, best first; an empty list is a valid answer."""

    kind = "passages"

    def __init__(
        self,
        sample: Sample,
        t0: float,
        fields: RetrievalMap = USUAL_RETRIEVAL,
        names: Lowered = USUAL_LOWERED,
        room: Room | None = None,
    ) -> None:
        super().__init__(sample, t0, names, room)
        self._fields = fields

    def framing(self, content_type: bytes) -> None:
        """Nobody streams passages."""

    def whole(self, body: dict[str, Any]) -> None:
        found = value_at(body, self._fields.passages)
        if not isinstance(found, list):
            raise Unexpected(f"no list of passages at {self._fields.passages}")
        if any(one is None or isinstance(one, dict | list) for one in found[:MOST_CITATIONS]):
            raise Unexpected(f"a passage without an id at {self._fields.passages}")
        self.sample.citations = cited(["_".join(str(one).split()) for one in found[: MOST_CITATIONS + 1]])
        self._digest(self.sample.citations)
        for name in TIMINGS:
            if (path := getattr(self._fields, name)) is not None:
                setattr(self.sample, name, milliseconds(value_at(body, path), path))
