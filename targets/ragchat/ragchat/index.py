"""Build the index, its questions and an evaluation set: ``python -m ragchat.index --out DIR [--corpus FOLDER]``."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from ragchat import corpus, questions
from ragchat.corpus import CorpusError, Document
from ragchat.retrieval import Store

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE passage (
    rowid INTEGER PRIMARY KEY, passage_id TEXT NOT NULL, document_id TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL
);
CREATE VIRTUAL TABLE passages USING fts5 (title, body, content='passage', content_rowid='rowid', tokenize='unicode61');
"""


def build(documents: list[Document], path: Path) -> str:
    """Write the index atomically; returns its digest, which depends on the passages alone."""
    rows = [
        (f"{doc.id}#{n}", doc.id, doc.title, text)
        for doc in documents
        for n, text in enumerate(corpus.passages(doc.text))
    ]
    if not rows:
        raise CorpusError("the corpus holds no text")
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, ensure_ascii=False).encode())
    name = f"sha256:{digest.hexdigest()}"
    partial = path.with_suffix(f".partial-{os.getpid()}")
    partial.unlink(missing_ok=True)
    db = sqlite3.connect(partial)
    try:
        db.executescript(SCHEMA)
        db.executemany("INSERT INTO passage (passage_id, document_id, title, body) VALUES (?, ?, ?, ?)", rows)
        db.execute("INSERT INTO passages (passages) VALUES ('rebuild')")
        db.execute("INSERT INTO passages (passages) VALUES ('optimize')")
        db.executemany("INSERT INTO meta VALUES (?, ?)", [("digest", name), ("passages", str(len(rows)))])
        db.commit()
    finally:
        db.close()
    partial.replace(path)
    return name


def main(argv: list[str] | None = None) -> int:
    """Build both files; 2 and one line on standard error when the corpus is unusable."""
    parser = argparse.ArgumentParser(prog="ragchat.index", description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for index.sqlite, questions.jsonl and evaluation.jsonl"
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        help="folder of .md, .txt, .rst or .jsonl files; default: the docs of this Python's standard library",
    )
    parser.add_argument("--questions", type=int, default=250, help="how many questions to write (default 250)")
    options = parser.parse_args(argv)
    try:
        documents = list(corpus.from_folder(options.corpus) if options.corpus else corpus.from_standard_library())
        options.out.mkdir(parents=True, exist_ok=True)
        digest = build(documents, options.out / "index.sqlite")
    except (CorpusError, OSError) as error:
        print(f"ragchat.index: {error}", file=sys.stderr)
        return 2
    asked = questions.write(documents, options.questions)
    with closing(Store(options.out / "index.sqlite")) as store:
        graded = questions.evaluation(documents, store)
    _lines(options.out / "evaluation.jsonl", graded)
    _lines(options.out / "questions.jsonl", asked)
    name = options.corpus.as_posix() if options.corpus else corpus.standard_library_name()
    print(json.dumps({"corpus": name, "documents": len(documents), "digest": digest, "questions": len(asked)}))
    return 0


def _lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """JSON Lines, whole before they get their name."""
    partial = path.with_suffix(f".partial-{os.getpid()}")
    partial.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    partial.replace(path)


if __name__ == "__main__":
    sys.exit(main())
