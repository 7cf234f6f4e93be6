"""Google Pub/Sub: published over its REST API, pushed to the worker by the service. Spec only."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import urllib.error
import urllib.request

from ragchat.jobs.queues import QueueDown

API = "https://pubsub.googleapis.com/v1"
METADATA = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
TIMEOUT_S = 10.0
RENEW_S = 60.0  # a token is asked for anew so long before it runs out


class Topic:
    """The SDK would add seconds to a cold start, for one request a job: the token comes from the metadata server."""

    def __init__(self, name: str, api: str = API, metadata: str = METADATA) -> None:
        if not re.fullmatch(r"projects/[^/]+/topics/[^/]+", name):
            raise ValueError("RAG_JOBS=pubsub: set RAG_JOBS_QUEUE_URL to projects/PROJECT/topics/TOPIC")
        self._url, self._metadata = f"{api}/{name}:publish", metadata
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def send(self, job_id: str) -> None:
        body = {"messages": [{"data": base64.b64encode(job_id.encode()).decode()}]}
        headers = {"Authorization": f"Bearer {self._bearer()}", "Content-Type": "application/json"}
        _ask(self._url, json.dumps(body).encode(), headers)

    def _bearer(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                said = _ask(self._metadata, None, {"Metadata-Flavor": "Google"})
                self._token = str(said["access_token"])
                self._until = time.monotonic() + float(str(said["expires_in"])) - RENEW_S
            return self._token


def _ask(url: str, body: bytes | None, headers: dict[str, str]) -> dict[str, object]:
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - one of the two above, none of a person's
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            said: dict[str, object] = json.loads(answer.read())
    except (OSError, ValueError) as error:
        raise QueueDown(f"{request.host}: {error}") from None
    return said
