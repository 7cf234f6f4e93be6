"""The streaming runtime under AWS's own Runtime Interface Emulator, where somebody has it on the path: events in, answers out.

The emulator hands a streamed answer on when it is whole, as Invoke without a stream does: so what is seen here is what the runtime
sent, in what form, and not when.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import httpx
import pytest

from tests.peers.start import free_port, running

EMULATOR = shutil.which("aws-lambda-rie")
# Slow: it is in no suite's machine; tests/ragchat/test_lambda_runtime.py asks the same of a server of our own.
pytestmark = [pytest.mark.slow, pytest.mark.skipif(EMULATOR is None, reason="aws-lambda-rie is not on the path")]
PRELUDE_END = b"\0" * 8
INVOKE = "/2015-03-31/functions/function/invocations"
CONSOLE = {"key1": "value1", "key2": "value2", "key3": "value3"}
APP = """
import os
from ragchat.asgi import app as real


async def app(scope, receive, send):
    if scope["path"] == "/raises":
        raise ValueError("before its head")
    if scope["path"] == "/breaks":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"half an ans", "more_body": True})
        raise ValueError("after its head")
    await real(scope, receive, send)
"""


def chat(stream, path="/v1/chat"):
    """As a function URL makes it of a request."""
    body = {"session_id": "s", "messages": [{"role": "user", "content": "What is a list?"}], "stream": stream}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "abc.lambda-url.us-east-1.on.aws"},
        "requestContext": {
            "domainName": "abc.lambda-url.us-east-1.on.aws",
            "stage": "$default",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "t",
            },
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    port = free_port()
    command = [sys.executable, "-m", "ragchat.provider", "--port", str(port), "--time-scale", "0.1"]
    with running(command, port, tmp_path_factory.mktemp("provider")) as url:
        yield url


@pytest.fixture(scope="module")
def emulated(tmp_path_factory, corpus, provider):
    """What asks the function, and all that it has written."""
    folder, port, api = tmp_path_factory.mktemp("emulator"), free_port(), free_port()
    (folder / "served.py").write_text(APP)
    addresses = [
        "--runtime-api-address",
        f"127.0.0.1:{api}",
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{port}",
    ]
    command = [EMULATOR, *addresses, sys.executable, "-m", "ragchat.lambda_runtime", "served:app"]
    index = next(Path(corpus).glob("*.sqlite"))
    env = {**os.environ, "RAG_INDEX": str(index), "RAG_PROVIDER_URL": provider, "AWS_LAMBDA_FUNCTION_TIMEOUT": "30"}
    with (
        running(command, port, folder, env=env) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):
        yield client, folder / f"peer-{port}.log"


def asked(emulated, event):
    return emulated[0].post(INVOKE, json=event)


def parts(answer):
    prelude, ended, body = answer.content.partition(PRELUDE_END)
    assert ended
    return json.loads(prelude), body


def test_a_request_of_its_url_is_answered_as_the_url_hands_it_on(emulated):
    prelude, body = parts(asked(emulated, chat(stream=False)))

    assert prelude["statusCode"] == 200
    assert prelude["headers"]["content-type"].startswith("application/json")
    assert json.loads(body)["answer"]


def test_a_streamed_answer_is_events_after_the_prelude(emulated):
    prelude, body = parts(asked(emulated, chat(stream=True)))
    events = [line.removeprefix("event: ") for line in body.decode().split("\n") if line.startswith("event: ")]

    assert prelude["headers"]["content-type"].startswith("text/event-stream")
    assert events.count("token") > 2
    assert events[-1] == "done"


def test_the_consoles_test_event_is_an_error_that_says_what_is_wanted_and_the_next_request_is_answered(emulated):
    said = asked(emulated, CONSOLE).json()

    assert said["errorType"] == "NotARequest"
    assert "requests of its URL or an API" in said["errorMessage"]
    assert parts(asked(emulated, chat(stream=False)))[0]["statusCode"] == 200


def test_what_fails_before_its_head_is_an_error_and_after_it_no_whole_answer(emulated):
    before = asked(emulated, chat(stream=False, path="/raises")).json()
    after = asked(emulated, chat(stream=True, path="/breaks"))

    assert (before["errorType"], before["errorMessage"]) == ("ValueError", "before its head")
    assert b"half an ans" in after.content
    assert parts(asked(emulated, chat(stream=False)))[0]["statusCode"] == 200, emulated[1].read_text()


def test_it_reports_every_invocation_as_billed(emulated):
    asked(emulated, chat(stream=False))
    log = emulated[1].read_text()

    assert log.count("REPORT RequestId") >= 1
    assert "Init Duration" in log
