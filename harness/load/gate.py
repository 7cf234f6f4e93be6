"""The door of a page of ours: only who has the address that was printed gets in, and only from that very page.

It stands before everything of Locust's or the live page's, so what is turned away is not even read:

Host     a name of this page, or a web site that points its own name at this machine could read it
Origin   this page's own, so that no other page steers it
token    in the printed address; it becomes a cookie that no script reads and no other site's request carries
"""

from __future__ import annotations

import hmac
import ipaddress
import platform
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug import Request, Response

from harness.domain.address import is_loopback

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

METHODS = ("GET", "HEAD", "POST")
HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")
OWN_FETCHES = ("same-origin", "none")  # of Sec-Fetch-Site: this page, or a person who typed it
OURS: Mapping[str, str] = {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
AGAIN = b"<!doctype html><meta http-equiv=refresh content='0; url=%s'>"


@dataclass(frozen=True)
class Page:
    """Where the page is, by which names, and the secret of its address."""

    root: str  # as it is printed: scheme, host, port and the path below which it lies
    base: str  # that path, "" or "/load"
    port: int
    names: frozenset[str]  # that a request's Host may have
    by_address: bool  # listens beyond this machine, at whichever of its addresses
    beside: str = ""  # host and port that browsers know it by, where a proxy stands before it
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def address(self) -> str:
        """Opens the page."""
        return f"{self.root}/?token={self.token}"

    @property
    def cookie(self) -> str:
        """A host's cookies are the same at every port."""
        return f"pilot_page_{self.port}"

    def knows(self, host: str) -> bool:
        """Whether this is a name of it: any address is, for nobody can point one elsewhere."""
        if HOST.fullmatch(host) is None:
            return False
        name = (urlsplit(f"//{host}").hostname or "").lower()
        return name in self.names or is_loopback(name) or (self.by_address and _is_address(name))

    def is_origin(self, origin: str, host: str) -> bool:
        """Whether this is the page's own, asked for as ``host``."""
        try:
            asking = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        return asking != "" and asking in (host.lower(), self.beside)


def page_of(parsed: argparse.Namespace) -> Page:
    """As the options place it."""
    bound = "" if parsed.web_host == "*" else parsed.web_host
    wide = bound in ("", "0.0.0.0", "::")  # noqa: S104 - compared with, never bound
    shown = parsed.web_host_display_name or ""
    display = urlsplit(shown if "//" in shown else f"//{shown}")
    own = "127.0.0.1" if wide else bound
    scheme = "https" if parsed.tls_cert and parsed.tls_key else "http"
    at = f"[{own}]:{parsed.web_port}" if ":" in own else f"{own}:{parsed.web_port}"
    base = parsed.web_base_path.rstrip("/")
    beyond = wide or not is_loopback(own)
    names = (bound, display.hostname, platform.node() if beyond else None)
    return Page(
        root=f"{display.scheme or scheme}://{display.netloc or at}{base}",
        base=base,
        port=parsed.web_port,
        names=frozenset(name.lower() for name in names if name),
        by_address=beyond,
        beside=display.netloc.lower(),
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Gate:
    """A WSGI application in front of another; ``policy``: the content policy of its pages."""

    def __init__(self, inside: WSGIApplication, page: Page, policy: str = "frame-ancestors 'none'") -> None:
        self._inside = inside
        self._page = page
        self._ours = {**OURS, "Content-Security-Policy": policy}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ, populate_request=False, shallow=True)
        answer = self._answer(request)
        if answer is not None:
            return answer(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:  # noqa: ANN401 - WSGI's
            kept = [(n, v) for n, v in headers if not n.lower().startswith("access-control-") and n not in OURS]
            return start_response(status, [*kept, *self._ours.items()], *more)

        return self._inside(environ, start)

    def _answer(self, request: Request) -> Response | None:
        """What is said at the door; None lets it in."""
        host = request.headers.get("Host", "")
        if not self._page.knows(host):
            return _refused(
                "this page has another name",
                "open the address that was printed, or give its name as --web-host-display-name",
            )
        if request.method not in METHODS:
            return _refused(f"no {request.method} here", "GET, HEAD or POST")
        site = request.headers.get("Sec-Fetch-Site", "none")
        at_door = request.method == "GET" and request.path == f"{self._page.base}/"
        if at_door and self._is_token(request.args.get("token", "")):
            return self._let_in(from_elsewhere=site not in OWN_FETCHES)
        origin = request.headers.get("Origin", request.headers.get("Referer"))
        foreign = origin is not None and not self._page.is_origin(origin, host)
        if foreign or site not in OWN_FETCHES:
            return _refused("another page asks", "use the page itself")
        if not self._is_token(request.cookies.get(self._page.cookie, "")):
            return _refused(
                "this page is not open to you", "open the address with its token, which was printed at the start"
            )
        return None

    def _is_token(self, said: str) -> bool:
        return hmac.compare_digest(said.encode("utf-8", "replace"), self._page.token.encode())

    def _let_in(self, *, from_elsewhere: bool) -> Response:
        """To the page without its token; a redirect of a link that another site shows would not carry the cookie."""
        inside = f"{self._page.base}/"
        made = Response(status=200 if from_elsewhere else 303, content_type="text/html; charset=utf-8")
        if from_elsewhere:
            made.data = AGAIN % inside.encode()
        else:
            made.headers["Location"] = inside
        made.set_cookie(
            self._page.cookie,
            self._page.token,
            path=inside,
            httponly=True,
            samesite="Strict",
            secure=self._page.root.startswith("https"),
        )
        return _closed(made)


def _refused(why: str, instead: str) -> Response:
    return _closed(Response(f"refused: {why}\n  {instead}\n", status=403, content_type="text/plain; charset=utf-8"))


def _closed(response: Response) -> Response:
    response.headers.update({**OURS, "Cache-Control": "no-store"})
    response.autocorrect_location_header = False
    return response
