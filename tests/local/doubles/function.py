"""The smallest function: polls the Runtime API and does what it is asked, so that a platform can be tested alone."""

import http.client
import json
import os
import sys
import time
import uuid
from pathlib import Path

MARK = sys.argv[1] if len(sys.argv) > 1 else ""
API = "/2018-06-01/runtime"
BORN, ID = time.monotonic(), str(uuid.uuid4())


def begin() -> None:
    """What init does, by the environment's word."""
    how = os.environ.get("INIT", "")
    mark = Path(os.environ.get("MARK", os.devnull))
    seen = mark.exists()
    mark.touch()
    if how == "slow":
        time.sleep(60)
    if how == "crash" or (how == "crash once" and not seen):
        sys.exit(7)
    if how == "slow once" and not seen:
        time.sleep(60)


def answer(ask: dict) -> dict:
    if "sleep_s" in ask:
        time.sleep(ask["sleep_s"])
    if "until" in ask:
        end = Path(ask["until"])
        end.with_suffix(".begun").touch()
        while not end.exists():
            time.sleep(0.01)
    if "mib" in ask:
        held = bytearray(ask["mib"] * 1024 * 1024)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(ask.get("hold_s", 5))
    if ask.get("die"):
        os._exit(9)
    return {"pid": os.getpid(), "id": ID, "age_s": time.monotonic() - BORN, "cpu_s": time.process_time()}


begin()
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    connection.request("GET", f"{API}/invocation/next")
    got = connection.getresponse()
    event = json.loads(got.read())
    request_id = got.headers["lambda-runtime-aws-request-id"]
    body = json.dumps(answer(json.loads(event["body"] or "{}")))
    connection.request("POST", f"{API}/invocation/{request_id}/response", json.dumps({"statusCode": 200, "body": body}))
    connection.getresponse().read()
