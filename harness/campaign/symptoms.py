"""What commonly goes wrong between a client and a deployment, said by its name instead of by its exception."""

from __future__ import annotations

from typing import Any

import httpx

GATEWAY = {502: "could not reach the service", 503: "had no place for it", 504: "gave up waiting for the service"}


class Broken(Exception):
    """The contract is not kept."""


def want(condition: bool, otherwise: str) -> None:  # noqa: FBT001
    """Raises Broken with what is wrong instead."""
    if not condition:
        raise Broken(otherwise)


def whole(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of a 200; raises Broken with what came instead."""
    _encoded(answer)
    want(answer.status_code == 200, status_words(answer))
    kind = answer.headers.get("content-type", "")
    try:
        data = answer.json()
    except ValueError:
        raise Broken(
            f"answers {kind.split(';')[0] or 'something'} that is no JSON: is this its port and path, or another service's?"
        ) from None
    want(isinstance(data, dict), "the body is no object")
    return dict(data)


def streams(answer: httpx.Response) -> None:
    """Raises Broken where the head of an answer says that no stream will follow, or one that cannot flow."""
    _encoded(answer, " stream: what compresses it holds tokens back until a block is full")
    want(answer.status_code == 200, status_words(answer))
    kind = answer.headers.get("content-type", "")
    want(
        kind.startswith("text/event-stream"),
        f"content-type is {kind!r}, not text/event-stream: something on the way answers whole, or streaming is not switched on",
    )
    want(
        "content-length" not in answer.headers,
        "the stream has a content-length: something on the way collects it whole before it passes it on",
    )


def status_words(answer: httpx.Response) -> str:
    """A status and who may have given it."""
    said = f"answered {answer.status_code}"
    if answer.status_code in GATEWAY and "x-instance-id" not in answer.headers:
        took = answer.elapsed.total_seconds() if answer.is_closed else None
        after = f" after {took:.1f} s" if took is not None else ""
        return f"{said}{after}: a gateway on the way ({answer.headers.get('server', 'unnamed')}) {GATEWAY[answer.status_code]}"
    if answer.status_code in (401, 403):
        return f"{said}: it wants credentials, see [auth] of target.toml"
    if answer.status_code in (301, 302, 307, 308):
        return f"{said}: it redirects to {answer.headers.get('location', 'somewhere')}; base_url must be where it answers itself"
    if answer.status_code == 404:
        return f"{said}: nothing at {answer.request.url.path}; is this its port and path, or another service's?"
    return said


def transport_words(error: httpx.HTTPError, took_s: float | None = None) -> tuple[bool, str]:
    """Whether the deployment is at fault (else the check could not be made), and in words."""
    after = "" if took_s is None else f" after {took_s:.1f} s"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return True, f"cut off{after}, before the answer was whole: a timeout on the way, or a crash"
    if isinstance(error, httpx.ConnectError) and "refused" in str(error).lower():
        return False, "connection refused: nothing listens there; the wrong port, or it is not started"
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return False, f"no connection{after}: {error or 'the host does not answer'}; a firewall, or the wrong address"
    return False, f"{type(error).__name__}{after}: {error}"


def _encoded(answer: httpx.Response, what: str = "") -> None:
    encoding = answer.headers.get("content-encoding", "identity")
    want(encoding == "identity", f"content-encoding is {encoding}{what or ': it was asked for as it is'}")
