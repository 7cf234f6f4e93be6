"""The generator against a server whose law is known: it freezes and releases, and the truth has a closed form.

Open loop, response time from the intended send (Gil Tene's argument):

    Q(p) = s0 + max(0, S - (1 - p) T)

A client that waits for its answers before it asks again must fail the same test.
"""

import http.client
import json
import time
from urllib.parse import urlsplit

import pytest

from harness.domain.quantile import quantile
from tests.fakes import SERVICE_S, STALL_EVERY_S, STALL_S, ScriptedServer
from tests.load.run import questions_file, run

RATE, CYCLES = 100, 3
TOLERANCE_S = 1 / RATE + 0.010  # the grid of arrivals, and what a loop on a shared machine may add


def truth(p):
    return SERVICE_S + max(0.0, STALL_S - (1 - p) * STALL_EVERY_S)


@pytest.fixture
def server():
    running = ScriptedServer()
    yield running
    running.close()


@pytest.mark.alone
def test_open_loop_percentiles_are_the_truth(server, tmp_path):
    questions = questions_file(tmp_path, ["stall"])
    done = run(
        tmp_path,
        *(
            "--host",
            server.url,
            "--questions",
            str(questions),
            "--rate",
            str(RATE),
            "--duration",
            str(CYCLES * STALL_EVERY_S),
        ),
        *("--warmup", "0", "--arrivals", "constant", "--mode", "json", "--deadline", "5"),
    )
    responses = [s["finished_s"] - s["scheduled_s"] for s in done.samples]

    assert done.code == 0, done.output
    for p in (0.90, 0.95, 0.99):
        assert quantile(responses, p) == pytest.approx(truth(p), abs=TOLERANCE_S)


def test_a_closed_loop_fails_the_same_test(server):
    """One patient client reports a fast server: it never asks while the server is stuck."""
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    body = json.dumps({"messages": [{"role": "user", "content": "stall"}], "stream": False})
    responses, end = [], time.monotonic() + STALL_EVERY_S
    while time.monotonic() < end:
        sent = time.monotonic()
        connection.request("POST", "/v1/chat", body)
        connection.getresponse().read()
        responses.append(time.monotonic() - sent)
    connection.close()

    assert quantile(responses, 0.95) < truth(0.95) - TOLERANCE_S
