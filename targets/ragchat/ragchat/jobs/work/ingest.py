"""Ingestion: documents are parsed and cut into passages, each gets a vector, all become visible together."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator
from typing import Any

from ragchat import corpus
from ragchat.embedding import Embedder, embedder_of
from ragchat.extract import count_tokens
from ragchat.jobs.contract import JobError
from ragchat.jobs.limits import Attempt
from ragchat.jobs.store import Effect, Indexed
from ragchat.settings import Settings


class Ingest:
    """Into a collection of its own in the job store: the search index that chat reads, and its digest, stay as they are."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._embedder: Embedder | None = None

    def __call__(self, given: dict[str, Any], attempt: Attempt) -> Effect:
        """Raises JobError invalid_input where there is no text; tokens are counted where an embedder is billed by them."""
        if self._embedder is None:
            self._embedder = embedder_of(self._settings, default="subword")
        model = self._embedder.model
        made: list[Indexed] = []
        documents = tokens = 0
        for document in self._documents(given):
            documents += 1
            for number, text in enumerate(corpus.passages(document["text"].replace("\0", " "))):
                attempt.check()
                vector = array("f", self._embedder.embed(text)).tobytes()
                tokens += count_tokens(text) if model else 0
                name = f"{document['id']}#{number}"
                made.append(Indexed(given["collection"], name, document["id"], document["title"], text, vector))
        if not made:
            raise JobError("invalid_input", "the documents hold no text", again=False)
        result = {
            "collection": given["collection"],
            "documents": documents,
            "passages": len(made),
            "embedder": self._embedder.name,
            **({"model": model} if model else {}),
        }
        return Effect(result, tokens, 0, tuple(made))

    def _documents(self, given: dict[str, Any]) -> Iterator[dict[str, str]]:
        if "documents" in given:
            yield from given["documents"]
            return
        if self._settings.store != "sqlite":
            raise JobError(
                "invalid_input", f"reindex reads the index file, and RAG_STORE={self._settings.store}", again=False
            )
        part = given["reindex"]
        with sqlite3.connect(f"file:{self._settings.index}?mode=ro&immutable=1", uri=True) as index:
            names = index.execute(
                "SELECT document_id FROM passage GROUP BY document_id ORDER BY min(rowid) LIMIT ? OFFSET ?",
                (part["count"], part["first"]),
            )
            for (name,) in names.fetchall():
                rows = index.execute(
                    "SELECT title, body FROM passage WHERE document_id = ? ORDER BY rowid", (name,)
                ).fetchall()
                yield {"id": name, "title": rows[0][0], "text": "\n\n".join(body for _, body in rows)}
        index.close()
