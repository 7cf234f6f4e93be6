"""Requests that must go out: callbacks when a job has ended, and webhooks handed on.

Each is a row that was written together with what it tells of, and is tried until it is answered with 2xx: at least
once, always with the same delivery id, so that its receiver can tell a repetition.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import ssl
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from ragchat.jobs.settings import JobSettings
from ragchat.jobs.store import Store

log = logging.getLogger("ragchat.jobs")
SIGNATURE = "X-RagJobs-Signature"
DELIVERY = "X-RagJobs-Delivery"
TIMEOUT_S, MOST_TRIES, FIRST_BACKOFF_S = 5.0, 8, 0.5
HOLD_S = 30.0  # a courier that died with a request in hand: another one tries it then
Post = Callable[[str, bytes, dict[str, str]], int]


def sign(secret: bytes, body: bytes) -> str:
    """``sha256=`` and the HMAC in hexadecimal, as callbacks carry it."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The answer's status; redirects are not followed, for only the URL itself was allowed."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, parts.port, timeout=TIMEOUT_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


class Courier:
    """Any number may run at once: a row is in one courier's hands at a time."""

    def __init__(self, store: Store, settings: JobSettings, send: Post = post) -> None:
        self._store, self._settings, self._send = store, settings, send
        self._wake = threading.Event()

    def due(self) -> bool:
        now = self._store.database.now()
        return bool(self._store.database.read("SELECT 1 FROM delivery WHERE state = 'due' AND due_s <= ? LIMIT 1", now))

    def send_due(self, most: int = 20) -> int:
        """Try what is due; how many were tried."""
        tried = 0
        while tried < most and (taken := self._take()):
            self._try(*taken)
            tried += 1
        return tried

    def nudge(self) -> None:
        """Something has just become due."""
        self._wake.set()

    def run(self, look_s: float) -> None:
        """For ever, in a thread of its own: a long job must not hold back the news of a short one."""
        while True:
            self._wake.wait(look_s)
            self._wake.clear()
            try:
                if self.due():
                    self.send_due()
            except Exception:
                log.exception("callbacks could not be sent")

    def _take(self) -> tuple[str, str, str, str | None, int] | None:
        now = self._store.database.now()
        with self._store.database.transaction() as rows:
            found = rows.mine(
                "SELECT delivery, job_id, url, body, tries FROM delivery WHERE state = 'due' AND due_s <= ?"
                " ORDER BY due_s LIMIT 1",
                now,
            )
            if not found:
                return None
            delivery, job_id, url, body, tries = found[0]
            rows.run("UPDATE delivery SET tries = tries + 1, due_s = ? WHERE delivery = ?", now + HOLD_S, delivery)
        return delivery, job_id, url, body, tries + 1

    def _try(self, delivery: str, job_id: str, url: str, own: str | None, tries: int) -> None:
        told = self._store.status(job_id)
        body = (json.dumps({**(told or {}), "delivery": delivery}) if own is None else own).encode()
        headers = {"Content-Type": "application/json", DELIVERY: delivery}
        if self._settings.secret:
            headers[SIGNATURE] = sign(self._settings.secret, body)
        try:
            taken = 200 <= self._send(url, body, headers) < 300
        except (OSError, http.client.HTTPException):
            taken = False
        state = "sent" if taken else "due" if tries < MOST_TRIES else "given_up"
        if state == "given_up":
            log.error("%s: its callback was not taken in %d tries", job_id, tries)
        again_s = self._store.database.now() + FIRST_BACKOFF_S * 2 ** (tries - 1)
        with self._store.database.transaction() as rows:
            rows.run("UPDATE delivery SET state = ?, due_s = ? WHERE delivery = ?", state, again_s, delivery)
