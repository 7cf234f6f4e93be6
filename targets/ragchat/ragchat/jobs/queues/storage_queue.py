"""Azure Storage Queue. Spec only: the client library's own names, against a fake."""

from __future__ import annotations

import time
from typing import Any

from ragchat.jobs.queues import Message, QueueDown

MOST_AT_ONCE = 32
LOOK_S = 0.5  # a storage queue has no long poll, and every look is billed


class StorageQueue:
    """``client`` is azure.storage.queue.QueueClient, made here unless one is given; it signs in as the app's identity."""

    def __init__(self, url: str, visibility_s: float, client: Any = None) -> None:  # noqa: ANN401
        if not url:
            raise ValueError("RAG_JOBS=storage-queue: set RAG_JOBS_QUEUE_URL")
        import azure.core.exceptions  # noqa: PLC0415 - only where it is configured

        self._errors, self._gone = azure.core.exceptions.AzureError, azure.core.exceptions.ResourceNotFoundError
        self._visibility_s = round(visibility_s)
        self._client = client or _client(url)
        self._renewed: dict[str, str] = {}  # every change of a message's visibility gives it a new pop receipt

    def send(self, job_id: str) -> None:
        try:
            self._client.send_message(job_id)
        except self._errors as error:
            raise QueueDown(f"storage queue: {error}") from None

    def receive(self, most: int, wait_s: float) -> list[Message]:
        give_up = time.monotonic() + wait_s
        while True:
            try:
                found = self._client.receive_messages(
                    max_messages=min(most, MOST_AT_ONCE), visibility_timeout=self._visibility_s
                )
                taken = [Message(m.content, f"{m.id} {m.pop_receipt}", m.dequeue_count) for m in found]
            except self._errors as error:
                raise QueueDown(f"storage queue: {error}") from None
            if taken or time.monotonic() + LOOK_S > give_up:
                return taken
            time.sleep(LOOK_S)

    def delete(self, receipt: str) -> None:
        number, pop = receipt.split(" ", 1)
        self._call("delete_message", number, pop_receipt=self._renewed.pop(receipt, pop))

    def delay(self, receipt: str, seconds: float) -> None:
        number, pop = receipt.split(" ", 1)
        whole, latest = max(0, round(seconds)), self._renewed.get(receipt, pop)
        if said := self._call("update_message", number, pop_receipt=latest, visibility_timeout=whole):
            self._renewed[receipt] = said.pop_receipt

    def _call(self, name: str, number: str, **values: Any) -> Any:  # noqa: ANN401
        try:
            return getattr(self._client, name)(number, **values)
        except self._gone:
            return None  # somebody else has it by now
        except self._errors as error:
            raise QueueDown(f"storage queue: {error}") from None


def _client(url: str) -> Any:  # noqa: ANN401
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415
    from azure.storage.queue import QueueClient  # noqa: PLC0415

    return QueueClient.from_queue_url(url, credential=DefaultAzureCredential())
