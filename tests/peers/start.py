"""Starts a peer on a free port and waits until it answers."""

import contextlib
import random
import socket
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.suite import processes

HERE = Path(__file__).parent
MOCKLLM = Path(sys.executable).parent / "mockllm"
RESPONSES = """
responses:
  "hello?": "Hello."
defaults:
  unknown_response: "That is not known here, whoever asks."
settings:
  lag_enabled: true
  lag_factor: 10
"""
MAPPING = """
[mapping]
path        = "/api/ask"
stream_path = "/api/ask/live"
request     = { question = "{prompt}", limit = "{max_tokens}", topic = { session = "{session}" } }
error_code  = "fault.kind"
[mapping.answer]
text          = "data.reply"
citations     = "data.sources.*.ref"
input_tokens  = "spent.in"
output_tokens = "spent.out"
[mapping.stream]
token_event   = "delta"
text          = "piece"
done_event    = "end"
citations     = "sources.*.ref"
input_tokens  = "spent.in"
output_tokens = "spent.out"
"""


def free_port() -> int:
    """Of those that a system gives nobody by itself: a connection of another test can't take it before it is bound."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("none of 100 ports is free")


@contextmanager
def running(command, port, folder, within_s=30, **given):
    """The base URL of a process that listens on ``port``; it is gone afterwards."""
    with (folder / f"peer-{port}.log").open("wb") as log:
        process = processes.start(command, cwd=folder, stdout=log, stderr=log, **given)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + within_s
        while True:
            try:
                httpx.get(url, trust_env=False)
                break
            except httpx.HTTPError:
                waits = process.poll() is None and time.monotonic() < deadline
                assert waits, (folder / f"peer-{port}.log").read_text()
                time.sleep(0.05)
        yield url
    finally:
        processes.end(process)


def oddchat(folder, *more):
    port = free_port()
    return running([sys.executable, str(HERE / "oddchat.py"), str(port), *more], port, folder)


def mockllm(folder):
    (folder / "responses.yml").write_text(RESPONSES)
    port = free_port()
    return running([str(MOCKLLM), "start", "-r", "responses.yml", "-h", "127.0.0.1", "-p", str(port)], port, folder)
