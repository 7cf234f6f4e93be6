"""Retrieval: BM25 over a read-only SQLite FTS5 file that both runtimes share."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WORD = re.compile(r"\w+", re.UNICODE)
_COMMON = (
    "a an and are as at be by can do does for from how i if in is it me my of on or should that the "
    "this to use used using was what when where which why will with you"
)
_STOP = frozenset(_COMMON.split())


@dataclass(frozen=True)
class Passage:
    """One retrieved passage; a higher score is a better match."""

    passage_id: str
    document_id: str
    title: str
    text: str
    score: float

    def citation(self) -> dict[str, Any]:
        return {
            "document_id": self.document_id,
            "passage_id": self.passage_id,
            "title": self.title,
            "score": round(self.score, 4),
        }


def terms(text: str) -> list[str]:
    """Search words of a question, lower case, without the most common English ones."""
    words = [w.lower() for w in _WORD.findall(text)]
    return [w for w in words if w not in _STOP] or words


class Store:
    """The opened index; raises FileNotFoundError where there is none."""

    remote = False

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"no index at {path}: build it with python -m ragchat.index")
        # immutable: no lock files beside an index that may lie on a read-only disk
        self._db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        row = self._db.execute("SELECT value FROM meta WHERE key = 'digest'").fetchone()
        self.digest: str = row[0]

    def close(self) -> None:
        self._db.close()

    def search(self, question: str, k: int) -> list[Passage]:
        """The ``k`` best passages, ties in the order of their ids so that both runtimes cite the same."""
        if k == 0:
            return []
        wanted = list(dict.fromkeys(terms(question)))[:32]
        if not wanted:
            return []
        query = " OR ".join(f'"{word}"' for word in wanted)
        rows = self._db.execute(
            "SELECT p.passage_id, p.document_id, p.title, p.body, -bm25(passages, 2.0, 1.0) AS score"
            " FROM passages JOIN passage AS p ON p.rowid = passages.rowid"
            " WHERE passages MATCH ? ORDER BY bm25(passages, 2.0, 1.0), p.rowid LIMIT ?",
            (query, k),
        )
        return [Passage(*row) for row in rows]
