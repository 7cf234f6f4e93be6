"""Jobs and their states. Every step is one transaction, guarded by what must still be true when it is taken.

A worker holds a job by a lease with a token of its own. Whatever a job makes visible is written in the same transaction
that ends it, and only while its token is still the job's: a worker that lost its lease changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from ragchat.contract import ContractError
from ragchat.jobs.contract import ENDED, JobError, Status, Submission
from ragchat.jobs.database import Database, Rows

_STATUS = (
    "SELECT id, kind, status, attempts, accepted_s, started_s, ended_s, instance_id, error_code, error_message"
    " FROM job WHERE id = ?"
)
_PASSAGE = (
    "INSERT INTO passage (collection, passage_id, document_id, title, body, vector, publication)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (collection, passage_id) DO UPDATE SET document_id = excluded.document_id,"
    " title = excluded.title, body = excluded.body, vector = excluded.vector, publication = excluded.publication"
)


class LeaseLost(Exception):
    """The job is somebody else's by now, or has ended: nothing was written."""


@dataclass(frozen=True)
class Claim:
    """A job in a worker's hands; ``lease`` is the token that fences it."""

    id: str
    kind: str
    input: dict[str, Any]
    attempts: int
    lease: str


@dataclass(frozen=True)
class Stale:
    """Nothing to do: the job has ended, or there is none."""


@dataclass(frozen=True)
class Busy:
    """Another worker holds it for so long yet."""

    seconds: float


@dataclass(frozen=True)
class Indexed:
    """One passage that becomes visible with the job."""

    collection: str
    passage_id: str
    document_id: str
    title: str
    text: str
    vector: bytes


@dataclass(frozen=True)
class Effect:
    """What a job leaves behind once it is done: all of it, or nothing."""

    result: dict[str, Any]
    input_tokens: int | None = None
    output_tokens: int | None = None
    passages: tuple[Indexed, ...] = ()
    hand_on: tuple[str, str] | None = None  # URL and body


@dataclass(frozen=True)
class Made:
    """A submission's job; ``new`` is False for one that its key already had."""

    id: str
    kind: str
    status: str
    new: bool = field(default=True, compare=False)


class Store:
    """The states of the contract over a database."""

    def __init__(self, database: Database, most_attempts: int, most_queued: int) -> None:
        self.database = database
        self._most_attempts, self._most_queued = most_attempts, most_queued

    # -- the front's side

    def submit(self, submission: Submission, key: str | None) -> Made:
        """Keep a new job, or find its key's; raises ContractError 422 (the key has another body) or 429."""
        body = json.dumps([submission.kind, submission.input, submission.callback_url], sort_keys=True)
        digest = hashlib.sha256(body.encode()).hexdigest()
        now, made = self.database.now(), f"job-{uuid.uuid4().hex}"
        with self.database.transaction() as rows:
            if key and (known := _by_key(rows, key, digest)):
                return known
            waiting = rows.all("SELECT count(*) FROM job WHERE status = ?", Status.QUEUED.value)[0][0]
            if waiting >= self._most_queued:
                raise ContractError(429, "queue_full", f"{waiting} jobs are waiting, as many as are kept", 1)
            kept = rows.run(
                "INSERT INTO job (id, kind, input, callback_url, idempotency_key, digest, status, accepted_s)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (idempotency_key) DO NOTHING",
                *(made, submission.kind, json.dumps(submission.input), submission.callback_url, key, digest),
                *(Status.QUEUED.value, now),
            )
            if not kept and key and (known := _by_key(rows, key, digest)):
                return known  # another front has just kept it
        return Made(made, submission.kind, Status.QUEUED.value)

    def sent(self, job_id: str) -> None:
        """Its message is in the queue."""
        with self.database.transaction() as rows:
            rows.run("UPDATE job SET sent = 1 WHERE id = ?", job_id)

    def withdraw(self, job_id: str) -> None:
        """Forget a job whose message the queue did not take: it was not accepted."""
        with self.database.transaction() as rows:
            rows.run("DELETE FROM job WHERE id = ? AND sent = 0 AND status = ?", job_id, Status.QUEUED.value)

    def unsent(self, older_s: float) -> list[str]:
        """Jobs whose front died before it had sent their message."""
        before = self.database.now() - older_s
        found = self.database.read(
            "SELECT id FROM job WHERE status = ? AND sent = 0 AND accepted_s < ? LIMIT 100", Status.QUEUED.value, before
        )
        return [row[0] for row in found]

    def status(self, job_id: str) -> dict[str, Any] | None:
        """The contract's answer; None for an unknown job."""
        found = self.database.read(_STATUS, job_id)
        return _told(found[0], self.database.now()) if found else None

    def result(self, job_id: str) -> dict[str, Any] | None:
        """The contract's answer; None for an unknown job; raises ContractError 409 while it is not done."""
        found = self.database.read(
            "SELECT status, result, input_tokens, output_tokens,"
            " (SELECT count(*) FROM effect WHERE effect.job_id = job.id) FROM job WHERE id = ?",
            job_id,
        )
        if not found:
            return None
        status, result, input_tokens, output_tokens, effects = found[0]
        if status != Status.DONE:
            raise ContractError(409, "not_done", f"the job is {status}")
        tokens = {"input": input_tokens, "output": output_tokens}
        return {"id": job_id, "result": json.loads(result), "tokens": tokens, "effects": effects}

    def cancel(self, job_id: str) -> bool:
        """False for an unknown job; from now on no effect becomes visible. Raises ContractError 409 once it has ended."""
        now = self.database.now()
        with self.database.transaction() as rows:
            found = rows.mine("SELECT status FROM job WHERE id = ?", job_id)
            if not found:
                return False
            if found[0][0] in ENDED:
                raise ContractError(409, "ended", f"the job is {found[0][0]}")
            if found[0][0] == Status.QUEUED:
                _end(rows, job_id, Status.CANCELLED, now)
            else:
                rows.run("UPDATE job SET cancel = 1 WHERE id = ?", job_id)
        return True

    # -- the worker's side

    def claim(self, job_id: str, instance_id: str, lease_s: float) -> Claim | Busy | Stale:
        """Take the job for ``lease_s``; an attempt whose lease ran out is told as lost first, and too many end it."""
        now, lease = self.database.now(), uuid.uuid4().hex
        with self.database.transaction() as rows:
            found = rows.mine(
                "SELECT kind, input, status, attempts, cancel, lease_until_s FROM job WHERE id = ?",
                job_id,
            )
            if not found or found[0][2] in ENDED:
                return Stale()
            kind, given, status, attempts, cancel, until = found[0]
            if status == Status.RUNNING and until > now:
                return Busy(until - now)
            if status == Status.RUNNING:
                _failed(rows, job_id, "worker_lost", f"the worker of attempt {attempts} ended without a word")
            if cancel:
                _end(rows, job_id, Status.CANCELLED, now)
                return Stale()
            if attempts >= self._most_attempts:
                _end(rows, job_id, Status.DEAD, now)
                return Stale()
            rows.run(
                "UPDATE job SET status = ?, attempts = attempts + 1, lease = ?, lease_until_s = ?, started_s = ?,"
                " instance_id = ?, sent = 1 WHERE id = ?",
                *(Status.RUNNING.value, lease, now + lease_s, now, instance_id, job_id),
            )
        return Claim(job_id, kind, json.loads(given), attempts + 1, lease)

    def renew(self, claim: Claim, lease_s: float) -> bool:
        """Hold it longer; whether it has been cancelled. Raises LeaseLost."""
        until = self.database.now() + lease_s
        with self.database.transaction() as rows:
            held = rows.run(
                "UPDATE job SET lease_until_s = ? WHERE id = ? AND lease = ? AND status = ?",
                *(until, claim.id, claim.lease, Status.RUNNING.value),
            )
            if not held:
                raise LeaseLost
            return bool(rows.all("SELECT cancel FROM job WHERE id = ?", claim.id)[0][0])

    def publish(self, claim: Claim, effect: Effect) -> Status:
        """End the job as done and make its effect visible, at once; as cancelled if it was. Raises LeaseLost."""
        now, publication = self.database.now(), uuid.uuid4().hex
        with self.database.transaction() as rows:
            if _cancelled(rows, claim, now):
                return Status.CANCELLED
            rows.run("INSERT INTO effect VALUES (?, ?, ?)", publication, claim.id, claim.kind)
            rows.many(
                _PASSAGE,
                (
                    (p.collection, p.passage_id, p.document_id, p.title, p.text, p.vector, publication)
                    for p in effect.passages
                ),
            )
            if effect.hand_on:
                url, body = effect.hand_on
                _deliver(rows, claim.id, url, now, body)
            rows.run(
                "UPDATE job SET result = ?, input_tokens = ?, output_tokens = ?, error_code = NULL, error_message = NULL"
                " WHERE id = ?",
                *(json.dumps(effect.result), effect.input_tokens, effect.output_tokens, claim.id),
            )
            _end(rows, claim.id, Status.DONE, now)
        return Status.DONE

    def fail(self, claim: Claim, error: JobError) -> Status:
        """Note why the attempt ended: queued again, failed, dead or cancelled. Raises LeaseLost."""
        now = self.database.now()
        with self.database.transaction() as rows:
            if _cancelled(rows, claim, now):
                return Status.CANCELLED
            _failed(rows, claim.id, error.code, error.message)
            if not error.again:
                status = Status.FAILED
            elif claim.attempts >= self._most_attempts:
                status = Status.DEAD
            else:
                rows.run(
                    "UPDATE job SET status = ?, lease = NULL, started_s = NULL WHERE id = ?",
                    *(Status.QUEUED.value, claim.id),
                )
                return Status.QUEUED
            _end(rows, claim.id, status, now)
        return status


def _by_key(rows: Rows, key: str, digest: str) -> Made | None:
    found = rows.all("SELECT id, kind, status, digest FROM job WHERE idempotency_key = ?", key)
    if not found:
        return None
    if found[0][3] != digest:
        raise ContractError(422, "idempotency_mismatch", "Idempotency-Key: belongs to a job with another body")
    job_id, kind, status, _ = found[0]
    return Made(job_id, kind, status, new=False)


def _cancelled(rows: Rows, claim: Claim, now: float) -> bool:
    """Whether somebody cancelled the job, which then ends here; raises LeaseLost."""
    held = rows.mine(
        "SELECT cancel FROM job WHERE id = ? AND lease = ? AND status = ?",
        *(claim.id, claim.lease, Status.RUNNING.value),
    )
    if not held:
        raise LeaseLost
    if held[0][0]:
        _end(rows, claim.id, Status.CANCELLED, now)
    return bool(held[0][0])


def _failed(rows: Rows, job_id: str, code: str, message: str) -> None:
    rows.run("UPDATE job SET error_code = ?, error_message = ? WHERE id = ?", code, message[:500], job_id)


def _end(rows: Rows, job_id: str, status: Status, now: float) -> None:
    """The last state, and the callback that tells of it, together."""
    rows.run("UPDATE job SET status = ?, ended_s = ?, lease = NULL WHERE id = ?", status.value, now, job_id)
    url = rows.all("SELECT callback_url FROM job WHERE id = ?", job_id)[0][0]
    if url:
        _deliver(rows, job_id, url, now, None)


def _deliver(rows: Rows, job_id: str, url: str, now: float, body: str | None) -> None:
    """One request that must go out; without a body of its own it carries the job's status as of each try."""
    rows.run(
        "INSERT INTO delivery (delivery, job_id, url, body, due_s) VALUES (?, ?, ?, ?, ?)",
        *(str(uuid.uuid4()), job_id, url, body, now),
    )


def _told(row: tuple[Any, ...], now: float) -> dict[str, Any]:
    job_id, kind, status, attempts, accepted, started, ended, instance, code, message = row
    until = now if ended is None else ended
    return {
        "id": job_id,
        "kind": kind,
        "status": status,
        "attempts": attempts,
        "queued_ms": _ms((until if started is None else started) - accepted),
        "running_ms": None if started is None else _ms(until - started),
        "since_done_ms": None if ended is None else _ms(now - ended),
        "instance_id": instance,
        "error": None if code is None else {"code": code, "message": message},
    }


def _ms(seconds: float) -> float:
    return round(max(0.0, seconds) * 1000, 3)
