"""Settings of the job side, all from the environment (prefix ``RAG_JOBS_``)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1,localhost,::1"


@dataclass(frozen=True)
class JobSettings:
    """What a deployment decides; ``queue`` is sqlite, sqs, pubsub or storage-queue."""

    queue: str
    folder: Path = Path("jobs")  # of the SQLite files; front and workers see the same one
    store_url: str = ""  # of PostgreSQL, where the queue is not sqlite
    queue_url: str = ""  # SQS: its URL; Pub/Sub: projects/P/topics/T; Storage Queue: its URL
    region: str | None = None
    visibility_s: float = 60.0
    most_receives: int = 3
    backoff_s: float = 1.0
    most_queued: int = 10_000
    time_limit_s: float | None = None
    memory_limit_mib: float | None = None
    secret: bytes = b""
    callback_hosts: tuple[str, ...] = tuple(LOOPBACK.split(","))

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> JobSettings | None:
        """None where the deployment declares no jobs; raises ValueError naming the variable that is wrong."""
        if not (queue := env.get("RAG_JOBS", "")):
            return None
        memory = _positive(env, "RAG_JOBS_MEMORY_MB", 0) or _positive(env, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0)
        hosts = env.get("RAG_JOBS_CALLBACK_HOSTS", LOOPBACK)
        return cls(
            queue=queue,
            folder=Path(env.get("RAG_JOBS_DIR", "jobs")),
            store_url=env.get("RAG_JOBS_STORE_URL", ""),
            queue_url=env.get("RAG_JOBS_QUEUE_URL", ""),
            region=env.get("RAG_REGION") or env.get("AWS_REGION"),
            visibility_s=_positive(env, "RAG_JOBS_VISIBILITY_S", 60.0),
            most_receives=int(_positive(env, "RAG_JOBS_MOST_RECEIVES", 3)),
            backoff_s=_positive(env, "RAG_JOBS_BACKOFF_S", 1.0),
            most_queued=int(_positive(env, "RAG_JOBS_MOST_QUEUED", 10_000)),
            time_limit_s=_positive(env, "RAG_JOBS_TIME_LIMIT_S", 0) or None,
            memory_limit_mib=memory or None,
            secret=env.get("RAG_JOBS_SECRET", "").encode(),
            callback_hosts=tuple(host.strip() for host in hosts.split(",") if host.strip()),
        )

    def backoff_after(self, attempts: int) -> float:
        """Seconds until the next attempt: doubled with each, at most an hour."""
        return float(min(3600.0, self.backoff_s * 2 ** max(0, attempts - 1)))


def _positive(env: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(env.get(name) or default)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9 or (value == 0 and default > 0):
        raise ValueError(f"{name}={env[name]}: want a number above 0")
    return value
