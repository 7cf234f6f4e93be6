"""A streaming custom runtime for AWS Lambda: an ASGI app behind the Runtime API, pure Python.

Python's managed runtime cannot stream; this one answers each invocation with the
streaming response mode of function URLs: a JSON prelude, eight NUL bytes, then
the body as it is produced. The same file runs on Lambda and on any other server
of the Runtime API (2018-06-01).

    python -m ragchat.lambda_runtime ragchat.asgi:app

RAG_RESPONSE_MODE=buffered answers each invocation whole instead, for front doors that
cannot stream (an HTTP API); a stream's events then come all at once, at its end.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import importlib
import json
import os
import socket
import sys
import traceback
from typing import Any
from urllib.parse import unquote, urlencode

from ragchat import instance  # noqa: F401 - first: the instance is born here

API = "/2018-06-01/runtime"
PRELUDE_END = b"\0" * 8
INTEGRATION = "application/vnd.awslambda.http-integration-response"


class Invocation:
    """One streaming response: prelude at the head, chunks after it, trailers if it fails midway."""

    def __init__(self, api: str, request_id: str) -> None:
        self._connection = http.client.HTTPConnection(api)
        self._connection.connect()
        # Two small writes would meet Nagle and delayed acknowledgement: 40 ms on every answer.
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._path = f"{API}/invocation/{request_id}"
        self.begun = False  # whether the head is on its way

    def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        c = self._connection
        c.putrequest("POST", self._path + "/response", skip_accept_encoding=True)
        c.putheader("Content-Type", INTEGRATION)
        c.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
        c.putheader("Transfer-Encoding", "chunked")
        c.putheader("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
        c.endheaders()
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        self.begun = True
        self.write(json.dumps({"statusCode": status, "headers": named, "cookies": []}).encode() + PRELUDE_END)

    def write(self, data: bytes) -> None:
        if data:
            self._connection.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self, error: BaseException | None = None) -> None:
        """Close the answer; an error after the head becomes trailers, before it an error report."""
        c = self._connection
        if error is None:
            c.send(b"0\r\n\r\n")
        elif self.begun:
            detail = base64.b64encode(json.dumps(_error(error)).encode()).decode()
            kind = f"Function.{type(error).__name__}"
            c.send(
                f"0\r\nLambda-Runtime-Function-Error-Type: {kind}\r\n"
                f"Lambda-Runtime-Function-Error-Body: {detail}\r\n\r\n".encode()
            )
        else:
            body = json.dumps(_error(error))
            c.request("POST", self._path + "/error", body, {"Content-Type": "application/json"})
        c.getresponse().read()
        c.close()


class Buffered(Invocation):
    """One whole response in the format of a proxy integration."""

    def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self._head = {
            "statusCode": status,
            "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in headers},
        }
        self._body: list[bytes] = []

    def write(self, data: bytes) -> None:
        self._body.append(data)

    def end(self, error: BaseException | None = None) -> None:
        """Nothing was sent yet, so an error is reported as one."""
        if error is not None:
            super().end(error)
            return
        raw = b"".join(self._body)
        try:
            body = {"body": raw.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            body = {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", self._path + "/response", json.dumps(self._head | body), headers)
        self._connection.getresponse().read()
        self._connection.close()


def _error(error: BaseException) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


class NotARequest(ValueError):
    """An event that no front door makes, such as the console's test event."""


def scope_of(event: Any, request_id: str) -> tuple[dict[str, Any], bytes]:  # noqa: ANN401 - whatever was invoked with
    """ASGI scope and body of an event: payload format 2.0 (function URL, HTTP API) or 1.0 (REST API).

    Raises NotARequest for any other.
    """
    try:
        return _scope_of(event, request_id)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        words = "this function answers requests of its URL or an API, in the payload formats 1.0 and 2.0; this event is neither"
        raise NotARequest(f"{words} ({type(error).__name__}: {error})") from error


def _scope_of(event: dict[str, Any], request_id: str) -> tuple[dict[str, Any], bytes]:
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    context = event["requestContext"]
    asked = _version_1(event) if "httpMethod" in event else _version_2(event)
    scope = {
        "type": "http",
        # 2.4: with 2.3 Starlette opens a task group around every stream, 40 ms on the first.
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "https",
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in (event.get("headers") or {}).items()],
        "server": (context.get("domainName", "localhost"), 443),
        "aws.request_id": request_id,
        **asked,
    }
    return scope, raw


def _version_2(event: dict[str, Any]) -> dict[str, Any]:
    http_part = event["requestContext"]["http"]
    path = _without_stage(event["rawPath"], event["requestContext"].get("stage"))
    return {
        "method": http_part["method"],
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": event.get("rawQueryString", "").encode(),
        "client": (http_part.get("sourceIp", "127.0.0.1"), 0),
    }


def _version_1(event: dict[str, Any]) -> dict[str, Any]:
    many = event.get("multiValueQueryStringParameters") or {}
    identity = event["requestContext"].get("identity") or {}
    return {
        "method": event["httpMethod"],
        "path": unquote(event["path"]),
        "raw_path": event["path"].encode(),
        "query_string": urlencode([(name, value) for name, values in many.items() for value in values]).encode(),
        "client": (identity.get("sourceIp", "127.0.0.1"), 0),
    }


def _without_stage(path: str, stage: str | None) -> str:
    """A named stage of an HTTP API is part of its raw path and not of the app's."""
    prefix = f"/{stage}"
    return path.removeprefix(prefix) if stage and stage != "$default" and path.startswith(f"{prefix}/") else path


async def answer(app: Any, event: Any, request_id: str, invocation: Invocation) -> None:  # noqa: ANN401
    """Run the app once; its failure, or that of the event, is told to the platform, not raised."""
    try:
        scope, body = scope_of(event, request_id)
    except NotARequest as error:
        invocation.end(error)
        return
    pending: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if pending:
            return pending.pop()
        await asyncio.Event().wait()  # the client never disconnects: Lambda does not tell
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            invocation.start(message["status"], message["headers"])
        else:
            invocation.write(message.get("body", b""))

    try:
        await app(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - whatever the app raises belongs in the platform's error report
        invocation.end(error)
    else:
        invocation.end()


def load(target: str, api: str) -> Any:  # noqa: ANN401
    """Import ``module:name``; tell the platform and exit 1 when that fails."""
    module, _, name = target.partition(":")
    try:
        return getattr(importlib.import_module(module), name or "app")
    except BaseException as error:  # noqa: BLE001 - even SystemExit while importing is a failed init
        traceback.print_exc()
        connection = http.client.HTTPConnection(api)
        kind = "Runtime.ImportModuleError" if isinstance(error, ImportError) else "Runtime.InitError"
        headers = {"Lambda-Runtime-Function-Error-Type": kind, "Content-Type": "application/json"}
        connection.request("POST", API + "/init/error", json.dumps(_error(error)), headers)
        connection.getresponse().read()
        sys.exit(1)


def main() -> None:
    """Serve invocations for ever, one at a time."""
    api = os.environ["AWS_LAMBDA_RUNTIME_API"]
    app = load(sys.argv[1] if len(sys.argv) > 1 else os.environ["_HANDLER"], api)
    kind = Buffered if os.environ.get("RAG_RESPONSE_MODE") == "buffered" else Invocation
    loop = asyncio.new_event_loop()
    polling = http.client.HTTPConnection(api)
    while True:
        polling.request("GET", API + "/invocation/next")
        response = polling.getresponse()
        event = json.loads(response.read())
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        loop.run_until_complete(answer(app, event, request_id, kind(api, request_id)))


if __name__ == "__main__":
    main()
