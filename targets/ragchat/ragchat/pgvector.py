"""Retrieval from PostgreSQL with pgvector: ``python -m ragchat.pgvector load --index index.sqlite`` fills it.

Exact search, so that both runtimes cite the same; ``--hnsw`` adds the approximate index for
large corpora, and says so in the digest. The address comes from RAG_STORE_URL.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from ragchat.embedding import Embedder, HashedWords
from ragchat.retrieval import Passage

SCHEMA = """
CREATE EXTENSION IF NOT EXISTS vector;
DROP TABLE IF EXISTS passage, meta;
CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE passage (
    passage_id text PRIMARY KEY, document_id text NOT NULL, title text NOT NULL, body text NOT NULL,
    embedding vector(%d) NOT NULL
);
"""
SEARCH = """
SELECT passage_id, document_id, title, body, 1 - (embedding <=> %(at)s::vector) AS score
FROM passage ORDER BY embedding <=> %(at)s::vector, passage_id LIMIT %(k)s
"""


class PgVector:
    """A connection a thread, opened again where the server has closed it."""

    remote = True

    def __init__(self, url: str, embedder: Embedder) -> None:
        self._url, self._embedder = url, embedder
        self._own = threading.local()
        self._opened: list[psycopg.Connection[Any]] = []
        rows = self._rows("SELECT key, value FROM meta", {})
        meta = dict(rows)
        if meta.get("embedding") != embedder.name:
            self.close()
            raise ValueError(f"the store holds vectors of {meta.get('embedding')}, not of {embedder.name}")
        self.digest: str = meta["digest"]

    def search(self, question: str, k: int) -> list[Passage]:
        if k == 0:
            return []
        vector = self._embedder.embed(question)
        if not any(vector):
            return []
        return [Passage(*row) for row in self._rows(SEARCH, {"at": _text(vector), "k": k})]

    def close(self) -> None:
        for connection in self._opened:
            connection.close()

    def _rows(self, query: str, values: dict[str, Any]) -> list[Any]:
        for last in (False, True):
            connection = getattr(self._own, "connection", None)
            if connection is None or connection.closed:
                connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
                self._own.connection = connection
                self._opened.append(connection)
            try:
                return list(connection.execute(query, values).fetchall())
            except psycopg.OperationalError:
                connection.close()
                if last:
                    raise
        raise AssertionError


def load(url: str, index: Path, embedder: Embedder, *, hnsw: bool = False) -> tuple[str, int]:
    """Fill the store from an index file; returns the digest and how many passages. What was there is replaced."""
    with closing(sqlite3.connect(f"file:{index}?mode=ro&immutable=1", uri=True)) as source:
        [digest] = source.execute("SELECT value FROM meta WHERE key = 'digest'").fetchone()
        with psycopg.connect(url) as connection:
            connection.execute(SCHEMA % embedder.dimensions)
            with connection.cursor().copy("COPY passage FROM STDIN") as copy:
                count = 0
                for row in _passages(source):
                    copy.write_row((*row, _text(embedder.embed(f"{row[2]} {row[3]}"))))
                    count += 1
            name = f"{digest}+{embedder.name}{'+hnsw' if hnsw else ''}"
            connection.cursor().executemany(
                "INSERT INTO meta VALUES (%s, %s)", [("digest", name), ("embedding", embedder.name)]
            )
            if hnsw:
                connection.execute("CREATE INDEX ON passage USING hnsw (embedding vector_cosine_ops)")
    return name, count


def _passages(source: sqlite3.Connection) -> Iterator[tuple[str, str, str, str]]:
    yield from source.execute("SELECT passage_id, document_id, title, body FROM passage ORDER BY rowid")


def _text(vector: list[float]) -> str:
    return "[" + ",".join(f"{x:.8g}" for x in vector) + "]"


def main(argv: list[str] | None = None) -> int:
    """2 and one line on standard error where it cannot be filled."""
    parser = argparse.ArgumentParser(prog="ragchat.pgvector", description=__doc__)
    parser.add_argument("action", choices=["load"])
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--hnsw", action="store_true", help="an approximate index too, for large corpora")
    options = parser.parse_args(argv)
    url = os.environ.get("RAG_STORE_URL")
    if not url:
        print("ragchat.pgvector: RAG_STORE_URL is not set", file=sys.stderr)
        return 2
    try:
        digest, count = load(url, options.index, HashedWords(), hnsw=options.hnsw)
    except (psycopg.Error, sqlite3.Error, OSError) as error:
        print(f"ragchat.pgvector: {str(error).strip().partition(chr(10))[0]}", file=sys.stderr)
        return 2
    print(json.dumps({"digest": digest, "passages": count}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
