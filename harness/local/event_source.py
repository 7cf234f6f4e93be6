"""The embedded event-source mapping: a queue's messages to function instances, in batches, as Lambda's of an SQS queue.

A message whose invocation failed stays out of sight until its visibility timeout is over; one that the function names as
a batch item failure likewise; every other one of the batch is deleted. Unlike Lambda's it asks with its whole
concurrency from the start (Lambda's begins with five invocations and adds up to 300 a minute).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
import uuid
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from harness.local.environment import InvocationFailed
from harness.local.function import FunctionPlatform, Throttled
from harness.local.journal import PlatformLog
from harness.local.process import InstanceProcess, spawn
from harness.local.reaper import Reaper
from harness.platforms.local_function.config import FunctionJobs, LocalFunction

RESTART_S = 0.5
THROTTLED_S = 0.5
TICK_S = 1.0  # a schedule's event comes no oftener
SQS_ARN = "arn:aws:sqs:local:000000000000:"


class EventSource:
    """Owns the function for jobs and the process that speaks for the queue."""

    def __init__(
        self,
        name: str,
        config: LocalFunction,
        jobs: FunctionJobs,
        environment: dict[str, str],
        log: PlatformLog,
        reaper: Reaper,
    ) -> None:
        self._name, self._jobs, self._environment = name, jobs, environment
        self._log, self._reaper = log, reaper
        alone = replace(
            config,
            command=jobs.command,
            concurrency=jobs.concurrency,
            memory_mb=jobs.memory_mb,
            timeout_s=jobs.timeout_s,
            provisioned=0,
            lanes=0,
            jobs=None,
        )
        self.function = FunctionPlatform(name, alone, environment, log, reaper)
        self._source: InstanceProcess | None = None
        self._places = asyncio.Semaphore(jobs.concurrency)
        self._tasks: set[asyncio.Task[object]] = set()
        self._next_tick = 0.0
        self._closing = False
        self._counts = {"batches": 0, "messages": 0, "deleted": 0, "failed_batches": 0, "source_restarts": 0}

    def start(self) -> None:
        """Begin to ask; the function's Runtime API is being served by now."""
        self._begin(self._poll())

    async def _poll(self) -> None:
        while not self._closing:
            await self._places.acquire()
            messages, due = await self._receive()
            if messages:
                self._begin(self._carry(messages))
                continue
            now = time.monotonic()
            if due and now >= self._next_tick:
                self._next_tick = now + TICK_S
                self._begin(self._tick())
            else:
                self._places.release()

    async def _receive(self) -> tuple[list[dict[str, Any]], bool]:
        """The next batch, empty after a while; the source is started again where it has ended."""
        if self._source is None or not self._source.alive:
            self._source = await self._start_source()
        self._source.say(json.dumps({"receive": self._jobs.batch}))
        said = await self._source.hear()
        if not said:
            if not self._closing:
                self._counts["source_restarts"] += 1
                self._log.line("SOURCE ended: it is started again")
                await asyncio.sleep(RESTART_S)
            return [], False
        answer = json.loads(said)
        return answer["messages"], bool(answer["due"])

    async def _start_source(self) -> InstanceProcess:
        process = await spawn(self._jobs.source, self._environment, self._log, self._reaper, talks=True)
        self._begin(process.wait())
        return process

    async def _carry(self, messages: list[dict[str, Any]]) -> None:
        """One batch: again while there is no place for it, deleted but for what the function says has failed."""
        try:
            records = [_record(message, self._name) for message in messages]
            self._counts["batches"] += 1
            self._counts["messages"] += len(records)
            answer = await self._invoke({"Records": records})
            failed = {one["itemIdentifier"] for one in answer.get("batchItemFailures") or ()}
            done = [r["receiptHandle"] for r in records if r["messageId"] not in failed]
            self._counts["deleted"] += len(done)
            if done and self._source:
                self._source.say(json.dumps({"delete": done}))
        except InvocationFailed as error:
            self._counts["failed_batches"] += 1
            self._log.line(f"BATCH failed: {error.kind}: its messages are seen again after the visibility timeout")
        finally:
            self._places.release()

    async def _invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        """Raises InvocationFailed, also where the message would be seen again before there is a place."""
        give_up = time.monotonic() + self._jobs.visibility_s
        while True:
            try:
                answer = json.loads(await self.function.invoke(event) or b"{}")
            except Throttled as refused:
                if time.monotonic() + THROTTLED_S > give_up:
                    raise InvocationFailed("Throttled", str(refused)) from None
                await asyncio.sleep(THROTTLED_S)
            except ValueError:
                raise InvocationFailed("InvalidResponse", "the function's answer is not valid JSON") from None
            else:
                return answer if isinstance(answer, dict) else {}

    async def _tick(self) -> None:
        """What a schedule would send: something waits, and no message says so."""
        event = {"version": "0", "id": str(uuid.uuid4()), "detail-type": "Scheduled Event", "source": "aws.events"}
        try:
            with contextlib.suppress(InvocationFailed):
                await self._invoke({**event, "detail": {}})
        finally:
            self._places.release()

    def reclaim(self) -> None:
        self.function.reclaim()

    def make_cold(self) -> None:
        self.function.retire_idle()

    def figures(self) -> dict[str, Any]:
        return {**self.function.figures(), **self._counts}

    async def close(self) -> None:
        """End the mapping, then the function."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        if self._source:
            self._source.kill()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.function.close()

    def _begin(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _record(message: dict[str, Any], name: str) -> dict[str, Any]:
    """One message as Lambda hands over those of SQS."""
    body = str(message["body"])
    return {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": message["receipt"],
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(message["receives"])},
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": SQS_ARN + name,
        "awsRegion": "local",
    }
