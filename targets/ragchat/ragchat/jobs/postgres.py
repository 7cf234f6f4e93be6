"""Jobs kept in PostgreSQL, for deployments whose front and workers share no disk."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ragchat.jobs.database import SCHEMA, Rows

READY = 7_301_200_001  # advisory lock: two processes that start together must not both create the tables


class _Cursor:
    def __init__(self, cursor: Any) -> None:  # noqa: ANN401 - the client library is imported only where it is configured
        self._cursor = cursor

    def run(self, statement: str, *values: object) -> int:
        self._cursor.execute(statement.replace("?", "%s"), values)
        changed: int = self._cursor.rowcount
        return changed

    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._cursor.executemany(statement.replace("?", "%s"), list(rows))

    def all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        self._cursor.execute(statement.replace("?", "%s"), values)
        return list(self._cursor.fetchall())

    def mine(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self.all(f"{statement} FOR UPDATE", *values)


class Postgres:
    """One connection, opened again when the server has closed it."""

    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415

        self._psycopg, self._url = psycopg, url
        self._lock = threading.Lock()
        self._connection = self._open()
        with self.transaction() as rows:
            rows.all("SELECT pg_advisory_xact_lock(?)", READY)
            for statement in SCHEMA:
                rows.run(statement.format(real="DOUBLE PRECISION", bytes="BYTEA"))

    def _open(self) -> Any:  # noqa: ANN401
        return self._psycopg.connect(self._url, autocommit=True)

    def now(self) -> float:
        return float(self.read("SELECT extract(epoch FROM clock_timestamp())")[0][0])

    def read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self.transaction() as rows:
            return rows.all(statement, *values)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Rows]:
        with self._lock:
            if self._connection.closed:
                self._connection = self._open()
            with self._connection.transaction(), self._connection.cursor() as cursor:
                yield _Cursor(cursor)

    def close(self) -> None:
        self._connection.close()
