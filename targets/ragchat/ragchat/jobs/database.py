"""Where jobs are kept: one SQLite file that processes of a machine share, or PostgreSQL, with the same statements.

Instants are of one clock that every process of the deployment reads: the machine's monotonic clock for SQLite (the
same in each process until the next boot), the server's own for PostgreSQL.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ragchat.jobs.settings import JobSettings

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS job (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, input TEXT NOT NULL, callback_url TEXT, idempotency_key TEXT UNIQUE,
        digest TEXT NOT NULL, status TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
        cancel INTEGER NOT NULL DEFAULT 0, accepted_s {real} NOT NULL, started_s {real}, ended_s {real},
        lease TEXT, lease_until_s {real}, instance_id TEXT, error_code TEXT, error_message TEXT,
        result TEXT, input_tokens INTEGER, output_tokens INTEGER)""",
    "CREATE INDEX IF NOT EXISTS job_by_status ON job (status, sent)",
    "CREATE TABLE IF NOT EXISTS effect (publication TEXT PRIMARY KEY, job_id TEXT NOT NULL, kind TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS effect_by_job ON effect (job_id)",
    """CREATE TABLE IF NOT EXISTS passage (
        collection TEXT NOT NULL, passage_id TEXT NOT NULL, document_id TEXT NOT NULL, title TEXT NOT NULL,
        body TEXT NOT NULL, vector {bytes} NOT NULL, publication TEXT NOT NULL, PRIMARY KEY (collection, passage_id))""",
    """CREATE TABLE IF NOT EXISTS delivery (
        delivery TEXT PRIMARY KEY, job_id TEXT NOT NULL, url TEXT NOT NULL, body TEXT, tries INTEGER NOT NULL DEFAULT 0,
        due_s {real} NOT NULL, state TEXT NOT NULL DEFAULT 'due')""",
    "CREATE INDEX IF NOT EXISTS delivery_by_state ON delivery (state, due_s)",
)


VERSION = 1  # of the SQLite file: a later process need not write to find its tables


class Rows(Protocol):
    """Statements inside one transaction; ``?`` stands for a value in every dialect."""

    def run(self, statement: str, *values: object) -> int:
        """How many rows it changed."""
        ...

    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None: ...

    def all(self, statement: str, *values: object) -> list[tuple[Any, ...]]: ...

    def mine(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """As ``all``, for rows that this transaction may change: nobody else does before it ends."""
        ...


class Database(Protocol):
    """One clock, single reads, and transactions."""

    def now(self) -> float: ...

    def read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """One statement that changes nothing and waits for nobody."""
        ...

    def transaction(self) -> contextlib.AbstractContextManager[Rows]:
        """All or nothing; other processes wait for the rows that it changes."""
        ...

    def close(self) -> None: ...


def open_database(settings: JobSettings) -> Database:
    """The configured one, its tables made; a client library is imported only here."""
    if settings.queue == "sqlite":
        return Sqlite(settings.folder)
    if not settings.store_url:
        raise ValueError(f"RAG_JOBS={settings.queue} keeps its jobs in PostgreSQL: set RAG_JOBS_STORE_URL")
    from ragchat.jobs.postgres import Postgres  # noqa: PLC0415

    return Postgres(settings.store_url)


class _Cursor:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, *values: object) -> int:
        return self._connection.execute(statement, values).rowcount

    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._connection.executemany(statement, rows)

    def all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()

    def mine(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self.all(statement, *values)  # a transaction of SQLite's is alone from its begin


class Sqlite:
    """``jobs.sqlite`` in WAL mode: readers never wait, one writer at a time, a killed writer leaves nothing behind."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            folder / "jobs.sqlite", timeout=30, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        if self.read("PRAGMA user_version") != [(VERSION,)]:
            with self.transaction() as rows:
                for statement in (*SCHEMA, *MESSAGES):
                    rows.run(statement.format(real="REAL", bytes="BLOB"))
                rows.run(f"PRAGMA user_version = {VERSION}")

    def now(self) -> float:
        return self._clock()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Rows]:
        with self._lock:
            # at once a writer: a reader that became one later could meet another's change and would have to start again
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield _Cursor(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def close(self) -> None:
        with self._lock:
            self._connection.close()


MESSAGES = (
    """CREATE TABLE IF NOT EXISTS message (
        id INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL, receives INTEGER NOT NULL DEFAULT 0,
        visible_s REAL NOT NULL, receipt TEXT)""",
    "CREATE INDEX IF NOT EXISTS message_by_time ON message (visible_s)",
    "CREATE UNIQUE INDEX IF NOT EXISTS message_by_receipt ON message (receipt)",
)
