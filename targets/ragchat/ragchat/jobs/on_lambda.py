"""A worker of functions: batches of a queue's messages from the Lambda Runtime API. ``python -m ragchat.jobs.on_lambda``

An event-source mapping hands over SQS events and reads ``batchItemFailures``; a scheduled event, once a minute, sends
what is left to send. It polls the Runtime API by itself, so that a chat function imports nothing of jobs.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import time
import traceback
from typing import Any

from ragchat import instance  # noqa: F401 - first: the instance is born here
from ragchat.jobs.queues import Message, QueueDown
from ragchat.jobs.workshop import Workshop, workshop
from ragchat.lambda_runtime import API

log = logging.getLogger("ragchat.jobs")


def handle(made: Workshop, event: dict[str, Any], deadline: float) -> dict[str, Any]:
    """One invocation; ``deadline`` on ``time.monotonic``. What is not taken care of is a batch item failure."""
    failures = []
    for record in event.get("Records", ()):
        receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
        message = Message(record["body"], record["receiptHandle"], receives)
        try:
            settled = made.carrier.carry(message, deadline)
        except QueueDown:
            log.exception("the queue does not answer")
            settled = False
        if not settled:
            failures.append({"itemIdentifier": record["messageId"]})
    if "Records" not in event:
        made.tidy()
    made.courier.send_due()
    return {"batchItemFailures": failures}


def main() -> None:
    """Serve invocations for ever, one at a time."""
    logging.basicConfig(level=logging.WARNING)
    api = os.environ["AWS_LAMBDA_RUNTIME_API"]
    polling = http.client.HTTPConnection(api)
    try:
        made = workshop()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a failed init
        traceback.print_exc()
        _post(polling, f"{API}/init/error", {"errorMessage": str(error), "errorType": type(error).__name__})
        raise SystemExit(1) from None
    while True:
        polling.request("GET", f"{API}/invocation/next")
        response = polling.getresponse()
        event = json.loads(response.read())
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        # the platform tells its deadline as wall-clock time; the limit is kept on the clock that nobody sets
        left_s = int(response.headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - time.time()
        try:
            answer = handle(made, event, time.monotonic() + left_s)
        except Exception as error:
            log.exception("the invocation failed")
            said = {"errorMessage": str(error), "errorType": type(error).__name__}
            _post(polling, f"{API}/invocation/{request_id}/error", said)
        else:
            _post(polling, f"{API}/invocation/{request_id}/response", answer)


def _post(connection: http.client.HTTPConnection, path: str, body: dict[str, Any]) -> None:
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    connection.getresponse().read()


if __name__ == "__main__":
    main()
