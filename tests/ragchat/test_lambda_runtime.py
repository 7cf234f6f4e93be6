"""The streaming runtime's ways in and out that the embedded platform does not use: API Gateway's events, whole answers."""

import asyncio
import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ragchat.lambda_runtime import Buffered, Invocation, answer, scope_of

# after API Gateway's documentation of the proxy event, payload format 1.0, shortened
REST_EVENT = {
    "resource": "/{proxy+}",
    "path": "/v1/chat",
    "httpMethod": "POST",
    "headers": {"Content-Type": "application/json", "Host": "abc.execute-api.us-east-1.amazonaws.com"},
    "multiValueHeaders": {"Content-Type": ["application/json"]},
    "queryStringParameters": {"a": "2"},
    "multiValueQueryStringParameters": {"a": ["1", "2"]},
    "requestContext": {
        "stage": "pilot",
        "path": "/pilot/v1/chat",
        "identity": {"sourceIp": "203.0.113.7"},
        "domainName": "abc.execute-api.us-east-1.amazonaws.com",
    },
    "body": base64.b64encode(b"hi").decode(),
    "isBase64Encoded": True,
}
HTTP_EVENT = {
    "version": "2.0",
    "rawPath": "/pilot/v1/chat",
    "rawQueryString": "a=1",
    "headers": {"content-type": "application/json"},
    "requestContext": {"stage": "pilot", "http": {"method": "POST", "sourceIp": "203.0.113.7"}},
    "body": "hi",
    "isBase64Encoded": False,
}


def test_a_rest_apis_event_is_the_request_that_its_client_sent():
    scope, body = scope_of(REST_EVENT, "r1")

    assert (scope["method"], scope["path"], scope["query_string"], body) == ("POST", "/v1/chat", b"a=1&a=2", b"hi")
    assert scope["client"] == ("203.0.113.7", 0)


@pytest.mark.parametrize(
    ("stage", "raw", "path"),
    [("pilot", "/pilot/v1/chat", "/v1/chat"), ("$default", "/v1/chat", "/v1/chat"), ("v1", "/v1", "/v1")],
)
def test_an_http_apis_stage_is_not_part_of_the_apps_path(stage, raw, path):
    event = {**HTTP_EVENT, "rawPath": raw, "requestContext": {**HTTP_EVENT["requestContext"], "stage": stage}}

    assert scope_of(event, "r1")[0]["path"] == path


@pytest.fixture
def runtime_api():
    posts = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            posts.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", posts
    server.shutdown()
    server.server_close()


def test_a_buffered_answer_is_one_proxy_response(runtime_api):
    api, posts = runtime_api

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for part in (b"event: token\n\n", b"event: done\n\n"):
            await send({"type": "http.response.body", "body": part, "more_body": True})

    asyncio.run(answer(app, HTTP_EVENT, "r1", Buffered(api, "r1")))
    [(path, body)] = posts

    assert path == "/2018-06-01/runtime/invocation/r1/response"
    assert json.loads(body) == {
        "statusCode": 200,
        "headers": {"content-type": "text/event-stream"},
        "body": "event: token\n\nevent: done\n\n",
        "isBase64Encoded": False,
    }


def test_an_app_that_fails_midway_is_an_error_not_half_an_answer(runtime_api):
    api, posts = runtime_api

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("broken")

    asyncio.run(answer(app, HTTP_EVENT, "r1", Buffered(api, "r1")))
    [(path, body)] = posts

    assert path.endswith("/r1/error")
    assert json.loads(body)["errorMessage"] == "broken"


CONSOLE = {
    "key1": "value1",
    "key2": "value2",
    "key3": "value3",
}  # what the console's Test button sends if nobody changes it


@pytest.mark.parametrize("event", [CONSOLE, [], "hello", None, {"requestContext": {}}, {**HTTP_EVENT, "body": 3}])
def test_an_event_that_is_no_request_is_an_error_of_that_invocation_and_the_runtime_goes_on(runtime_api, event):
    api, posts = runtime_api

    async def app(scope, receive, send):
        raise AssertionError("nothing was asked")

    asyncio.run(answer(app, event, "r1", Invocation(api, "r1")))
    [(path, body)] = posts

    assert path == "/2018-06-01/runtime/invocation/r1/error"
    assert json.loads(body)["errorType"] == "NotARequest"
    assert "requests of its URL or an API" in json.loads(body)["errorMessage"]
