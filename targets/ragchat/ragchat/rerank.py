"""A reranker that holds a model in memory: words through a seeded projection, cosine of question and passage.

A rehearsal, and said so in ``/v1/meta``: the matrix is the weights file, int8, read at start and multiplied for every
question as a small cross-encoder's would be, but nobody trained it. A random projection keeps the likeness of texts by
their words (Johnson and Lindenstrauss, 1984), so its order is sensible, no better than that of the words. Default off.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.retrieval import Passage
    from ragchat.weights import Weights

DIMENSIONS = 256
USUAL_MB = 32
WIDER = 4  # times the passages asked for, of which the best are kept
MOST = 50
_WORD = re.compile(r"\w+")


class Reranker:
    """Raises ValueError where NumPy, its one dependency, is missing."""

    def __init__(self, weights: Weights) -> None:
        try:
            import numpy  # noqa: ICN001, PLC0415 - an instance without a reranker never pays for it
        except ImportError:
            raise ValueError("RAG_RERANKER=projection wants NumPy: pip install 'ragchat[rerank]'") from None
        self._np = numpy
        matrix = numpy.frombuffer(weights.data, dtype=numpy.int8)
        self._matrix = matrix.reshape(-1, DIMENSIONS)

    @staticmethod
    def first(k: int) -> int:
        """How many passages to look at, for ``k`` of them."""
        return min(MOST, k * WIDER)

    def order(self, question: str, passages: Sequence[Passage], k: int) -> list[Passage]:
        """The ``k`` that are nearest to the question; equals stay in the store's order."""
        if not passages:
            return []
        asked = self._vector(question)
        likeness = [float(self._vector(f"{p.title} {p.text}") @ asked) for p in passages]
        best = sorted(range(len(passages)), key=lambda n: -likeness[n])[:k]
        return [passages[n] for n in best]

    def _vector(self, text: str) -> Any:  # noqa: ANN401 - NumPy comes at run time
        """Of length 1; a word weighs once, however often it stands there."""
        rows = sorted({zlib.crc32(w.encode()) % len(self._matrix) for w in _WORD.findall(text.lower())})
        if not rows:
            return self._np.zeros(DIMENSIONS, dtype=self._np.float32)
        summed = self._matrix[rows].astype(self._np.float32).sum(axis=0)
        return summed / (float(self._np.linalg.norm(summed)) or 1.0)
