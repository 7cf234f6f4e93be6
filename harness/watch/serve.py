"""The page's server: loopback only, behind the same gate as Locust's page, and read-only."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING

import orjson
from werkzeug import Request, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from harness.errors import PilotError, Refused
from harness.load.gate import Gate, Page
from harness.watch.picture import Picture
from harness.watch.shown import Wanted
from harness.workspace.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

HERE = "127.0.0.1"
FILES = Path(__file__).parent / "page"
KINDS = {"page.html": "text/html", "page.css": "text/css", "charts.js": "text/javascript", "page.js": "text/javascript"}
# nothing but the page's own files and its own questions; no style or script within the page, none from elsewhere
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NICE = 10  # of nice(1): what is measured goes first, and a page that got nothing at all would be no live one
LINGER_S = 1.5  # after its command has ended: the page asks once more, and has the last samples and the ledger
WAIT_S, LOOK_S = 0.8, 0.05  # how long an answer waits for news, and how often it looks for them
_NUMBER = re.compile(r"[0-9]{1,7}")
_ROOT = re.compile(r":root \{[^}]*\}")


class App:
    """A WSGI application: four files, and ``/data``."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response("this page only shows\n", status=405, content_type="text/plain; charset=utf-8")
        name = request.path.lstrip("/") or "page.html"
        if name == "data":
            return self._data(request)
        if name not in KINDS:
            return Response("not found\n", status=404, content_type="text/plain; charset=utf-8")
        text = (FILES / name).read_text(encoding="utf-8")
        if name == "page.css":
            text = palette() + text
        return _fresh(Response(text, content_type=f"{KINDS[name]}; charset=utf-8"))

    def _data(self, request: Request) -> Response:
        """At once where something is new since ``stamp``, else when it is, or after a while all the same."""
        until = time.monotonic() + WAIT_S
        while request.args.get("stamp") == self._picture.stamp() and time.monotonic() < until:
            time.sleep(LOOK_S)
        try:
            said = self._picture.now(wanted(request.args))
        except PilotError as error:
            said = {"problem": str(error), "hint": error.hint}
        except Exception as error:  # noqa: BLE001 - evidence that nobody foresaw: the page says so and asks again
            said = {"problem": f"unexpected: {type(error).__name__}: {error}", "hint": "pilot status may say more"}
        return _fresh(Response(orjson.dumps(said, default=str), content_type="application/json"))


def wanted(given: Callable[..., object] | object) -> Wanted:
    """From the query; what is not a number or a name counts as not asked for."""
    get: Callable[[str, str], str] = given.get  # type: ignore[union-attr]
    block = get("block", "")
    dots = [part for part in get("dots", "").split(",") if _NUMBER.fullmatch(part)]
    return Wanted(
        int(block) if _NUMBER.fullmatch(block) else None,
        get("profile", "") or None,
        get("key", ""),
        tuple(int(part) for part in dots),
    )


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@cache
def palette() -> str:
    """The report's own colours, light and dark, so that both look like one product."""
    text = (shipped("reports") / "style" / "report.css").read_text(encoding="utf-8")
    light, dark = _ROOT.findall(text)[:2]
    return f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n"


class _Quiet(WSGIRequestHandler):
    """Logs nothing: a request's line would hold the token."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        del type, message, args


class Served:
    """The page at its address, from a thread of its own until ``close``."""

    def __init__(self, picture: Picture, port: int = 0) -> None:
        """Raises Refused where the port is taken."""
        try:
            self._socket = socket.create_server((HERE, port))
        except OSError as error:
            raise Refused(f"--port {port}: {error.strerror}", "another port, or none: any free one is taken") from None
        port = self._socket.getsockname()[1]
        self.page = Page(root=f"http://{HERE}:{port}", base="", port=port, names=frozenset(), by_address=False)
        gate = Gate(App(picture), self.page, POLICY)
        self._server: BaseWSGIServer = make_server(
            HERE, port, gate, threaded=True, request_handler=_Quiet, fd=self._socket.fileno()
        )
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        self._thread.start()

    def wait(self, parent: IO[bytes] | None) -> None:
        """Until ``parent`` says no more, which ends with its process; for ever where there is none."""
        if parent is None:
            self._thread.join()
            return
        while parent.read(1):
            pass
        self._thread.join(LINGER_S)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._socket.close()


def step_back() -> None:
    """Put this process at a low priority, and load now what it would otherwise load while something is measured."""
    os.nice(NICE)
    import_module("pyarrow.parquet")
